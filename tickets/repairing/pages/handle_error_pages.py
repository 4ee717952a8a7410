"""An error that a ticket admin has looked at, or taken care of: the buttons of its page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.pages.page import ObjectPage, register_page
from tickets.models import TicketError
from tickets.repairing.errors import NotesMissingError
from tickets.repairing.handle_error import resolve_error, review_error


class ResolveForm(forms.Form):
    """How an error was resolved, for whoever meets it next."""

    notes = forms.CharField(
        label=gettext_lazy("How it was resolved"),
        max_length=5_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        error_messages={"required": NotesMissingError.message},
    )


class _HandlePage(ObjectPage):
    permissions = ("tickets.change_ticketerror",)
    http_method_names = ["post"]

    object: TicketError


@register_page(TicketError, "<int:object_id>/review/", name="tickets_ticketerror_review")
class ReviewPage(_HandlePage):
    """POST marks an error as reviewed."""

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        review_error(error=self.object, by=self.person)
        self.screen.log_change(request, self.object, _("Marked as reviewed."))
        messages.success(request, _("The error is marked as reviewed."))
        return self.back()


@register_page(TicketError, "<int:object_id>/resolve/", name="tickets_ticketerror_resolve")
class ResolvePage(_HandlePage):
    """POST notes an error as resolved; without notes its page comes back and says so."""

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = ResolveForm(request.POST)
        if not form.is_valid():
            shown = self.screen.page_context(request, self.object)
            return self.show(self.screen.change_form_template, **{**shown, "resolve_form": form})
        resolve_error(error=self.object, by=self.person, notes=form.cleaned_data["notes"])
        self.screen.log_change(request, self.object, _("Resolved."))
        messages.success(request, _("The error is noted as resolved."))
        return self.back()

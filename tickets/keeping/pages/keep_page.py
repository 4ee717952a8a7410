"""How long the tickets of a type are kept, with how many would go now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from tenants.pages.buttons import Button
from tenants.pages.page import ObjectPage, register_page
from tickets.keeping.keep_tickets import (
    LONGEST_DAYS,
    keep_days_of,
    set_keep_days,
    tickets_to_delete,
)
from workflows.models import TicketDefinition


class KeepForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("Days"),
        help_text=gettext_lazy("Counted from when a ticket ended. 0: for ever."),
        min_value=0,
        max_value=LONGEST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
    )


@register_page(TicketDefinition, "<int:object_id>/keep/", name="workflows_ticketdefinition_keep")
class KeepPage(ObjectPage):
    """Shows the rule; a POST says how many tickets would go, or saves it with `save`."""

    permissions = ("workflows.change_ticketdefinition",)
    title = gettext_lazy("How long tickets are kept")
    template_name = "keeping/keep.html"
    button = Button(gettext_lazy("Keep for"), icon="auto_delete", order=30)

    object: TicketDefinition

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._show(KeepForm(initial={"days": keep_days_of(self.object.key)}))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = KeepForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        days = form.cleaned_data["days"]
        if "save" not in request.POST:
            due = tickets_to_delete(key=self.object.key, days=days, now=timezone.now())
            return self._show(form, would_go=due.count(), days=days)
        set_keep_days(definition=self.object, days=days)
        text = (
            ngettext(
                "Tickets of this type are deleted %(days)d day after they have ended.",
                "Tickets of this type are deleted %(days)d days after they have ended.",
                days,
            )
            if days
            else gettext("Tickets of this type are kept for ever.")
        )
        messages.success(request, text % {"days": days})
        return self.back()

    def _show(self, form: KeepForm, **more: Any) -> HttpResponse:
        return self.show(definition=self.object, form=form, **more)

"""Asks what of a person is to be erased, and has it done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tenants.models import User
from tenants.pages.page import ObjectPage, register_page
from tenants.pages.refusals import refusals_in
from tickets.erasing.erase_person import MOST_TICKETS, ask_for_erasure
from tickets.models import Ticket

# So many of their tickets are listed to choose from, the newest first.
MOST_SHOWN = 200


class EraseForm(forms.Form):
    tickets = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Erase what the person answered in these tickets, too"),
        help_text=gettext_lazy(
            "Texts are replaced and their files deleted. Only tickets that have ended are listed."
        ),
        queryset=Ticket.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    all_tickets = forms.BooleanField(
        label=gettext_lazy("All tickets of theirs that have ended"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    typed_email = forms.CharField(
        label=gettext_lazy("E-mail address of the person"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(self, person: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = Ticket.objects.ended().filter(created_by=person).order_by("-pk")
        shown = list(own.values_list("pk", flat=True)[:MOST_SHOWN])
        field: Any = self.fields["tickets"]
        field.queryset = own.filter(pk__in=shown)
        self.own = own


@register_page(User, "<int:object_id>/erase/", name="tenants_user_erase")
class ErasePage(ObjectPage):
    """A POST erases a person, after the password was asked again."""

    permissions = ("tenants.change_user", "tenants.manage_company_data")
    title = gettext_lazy("Erase a person")
    template_name = "erasing/erase.html"

    object: User

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(form=EraseForm(self.object))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = EraseForm(self.object, request.POST)
        if form.is_valid():
            chosen = form.cleaned_data["tickets"]
            if form.cleaned_data["all_tickets"]:
                chosen = form.own[:MOST_TICKETS]
            with refusals_in(form):
                ask_for_erasure(
                    person=self.object,
                    typed_email=form.cleaned_data["typed_email"],
                    tickets=chosen,
                    by=self.person,
                    now=timezone.now(),
                )
                text = gettext("The person is switched off, and is erased within some minutes.")
                messages.success(request, text)
                return self.back()
        return self.show(form=form)

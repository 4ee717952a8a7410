"""One's own e-mail address: asking for another one, and confirming it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget

from tenants.account.addresses import TakeItError, has_proven_address
from tenants.account.changing_address import (
    TOO_OFTEN,
    AddressLinkEndedError,
    ask_for_address,
    change_address,
    read_address_link,
)
from tenants.account.pages.account_page import AccountPage
from tenants.connection import PUBLIC, company_of
from tenants.errors import TenantsError
from tenants.mail.models import LONGEST_ADDRESS
from tenants.mail.set_up import is_mail_set_up
from tenants.models.fields import EmailAddressInput
from tenants.pages.page import Page
from tenants.refusals import refusals


class AddressForm(forms.Form):
    email = EmailAddressInput(
        label=gettext_lazy("New e-mail address"),
        max_length=LONGEST_ADDRESS,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email"}),
    )


class AddressPage(AccountPage):
    """Says the same whether somebody else has the address or not."""

    title = gettext_lazy("E-mail address")
    template_name = "account/address.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(form=AddressForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("do") == "prove" and is_mail_set_up():
            return self.prove()
        form = AddressForm(request.POST)
        if not is_mail_set_up() or not form.is_valid():
            return self.page(form=form)
        if not ask_for_address(person=self.person, email=form.cleaned_data["email"]):
            form.add_error("email", TOO_OFTEN)
            return self.page(form=form)
        return self.page(form=AddressForm(), asked=form.cleaned_data["email"])

    def prove(self) -> HttpResponse:
        """The address that they have."""
        is_sent = ask_for_address(person=self.person, email=self.person.email)
        return self.page(form=AddressForm(), proof="" if is_sent else TOO_OFTEN, asks_proof=is_sent)

    def page(self, **context: Any) -> HttpResponse:
        return self.show(
            by_mail=is_mail_set_up(), is_proven=has_proven_address(self.person), **context
        )


class ConfirmAddressPage(Page):
    """Where the link leads: GET changes nothing. Whoever has it need not be logged in."""

    permissions = ()
    needs_company = False
    title = gettext_lazy("New e-mail address")
    template_name = "account/new_address.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with company_of(PUBLIC), refusals(AddressLinkEndedError) as refused:
            return self.answer(change=read_address_link(str(arguments["token"])))
        return self.answer(refusal=refused.text)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        token = str(arguments["token"])
        with company_of(PUBLIC), refusals(TenantsError) as refused:
            change = read_address_link(token)
            person = change_address(token=token, takes_address="takes_address" in request.POST)
            return self.answer(done=person.email, change=change)
        if isinstance(refused.error, AddressLinkEndedError):
            return self.answer(refusal=refused.text)
        asks = isinstance(refused.error, TakeItError)
        return self.answer(change=change, problem=refused.text, asks_for_address=asks)

    def answer(self, **context: Any) -> HttpResponse:
        response = self.show(**context)
        response["Cache-Control"] = "no-store"
        if "refusal" in context:
            response.status_code = 404
        return response

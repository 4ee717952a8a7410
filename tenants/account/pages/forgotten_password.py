"""The page for whoever has forgotten their password."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from tenants.account.forgotten_password import ask_for_new_password
from tenants.limits.sender import sender_of
from tenants.mail.models import LONGEST_ADDRESS
from tenants.mail.set_up import is_mail_set_up
from tenants.models.fields import EmailAddressInput
from tenants.pages.page import Page


class ForgottenPasswordForm(forms.Form):
    email = EmailAddressInput(
        label=gettext_lazy("E-mail address"),
        max_length=LONGEST_ADDRESS,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class ForgottenPasswordPage(Page):
    """Says the same of addresses that are known here and of all others."""

    permissions = ()
    needs_company = False
    title = gettext_lazy("Forgotten password")
    template_name = "account/forgotten_password.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:password_change")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(form=ForgottenPasswordForm(), by_mail=is_mail_set_up())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ForgottenPasswordForm(request.POST)
        if not is_mail_set_up() or not form.is_valid():
            return self.show(form=form, by_mail=is_mail_set_up())
        email = form.cleaned_data["email"]
        ask_for_new_password(email=email, sender=sender_of(request))
        return self.show(email=email, by_mail=True)

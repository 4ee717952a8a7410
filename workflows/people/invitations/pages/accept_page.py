"""The page that an invitation leads to: somebody sets their password, and is in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordMixin
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.account.addresses import TakeItError
from tenants.account.log_ins import BACKEND
from tenants.account.pages.link_page import LinkPage
from tenants.account.pages.log_in import wait_for_second_factor
from tenants.backends import may_log_in_here
from tenants.errors import CompanyBehindError, TicketFlowerError
from tenants.logging_in import passwords
from tenants.logging_in.failed_log_ins import LogInBy
from tenants.logging_in.second_factor import has_second_factor
from tenants.models import User
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME
from tenants.refusals import refusals
from workflows.people.invitations.accept import (
    InvitationEndedError,
    Open,
    accept_invitation,
    read_invitation,
)


class AcceptForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]
    first_name = NameInput(
        label=gettext_lazy("First name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = NameInput(
        label=gettext_lazy("Last name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    password1, password2 = SetPasswordMixin.create_password_fields(
        label1=gettext_lazy("Password"), label2=gettext_lazy("Password again")
    )
    takes_address = forms.BooleanField(
        label=gettext_lazy("That account is not mine: take the address away from it"),
        required=False,
    )

    def __init__(self, *args: Any, opened: Open, **options: Any) -> None:
        super().__init__(*args, **options)
        self.opened = opened
        for name in ("password1", "password2"):
            self.fields[name].max_length = passwords.LONGEST  # type: ignore[attr-defined]
        self.fields["password1"].help_text = passwords.HELP
        if opened.invitation.person is not None:
            del self.fields["first_name"], self.fields["last_name"]
        self.initial.setdefault("first_name", opened.invitation.first_name)
        self.initial.setdefault("last_name", opened.invitation.last_name)

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self._person())
        return super().clean() or self.cleaned_data

    def _person(self) -> User:
        """Whose names the password must not be like."""
        invitation = self.opened.invitation
        if invitation.person is not None:
            return invitation.person
        return User(
            email=invitation.email,
            first_name=self.cleaned_data.get("first_name", ""),
            last_name=self.cleaned_data.get("last_name", ""),
            company=self.opened.company,
        )


class AcceptPage(LinkPage):
    """Whoever was invited sets their password."""

    permissions = ()
    title = gettext_lazy("Set up your access")
    template_name = "invitations/accept.html"

    def answer(self, sent: Any, token: str) -> HttpResponse:
        with refusals(InvitationEndedError, CompanyBehindError) as refused:
            opened = read_invitation(token, now=timezone.now())
            form = AcceptForm(sent, opened=opened)
            if sent is None or not form.is_valid():
                return self.no_store(self.show(form=form, opened=opened))
            return self.accept(form, token)
        return self.no_store(self.show(refusal=refused.text))

    def accept(self, form: AcceptForm, token: str) -> HttpResponse:
        data = form.cleaned_data
        with refusals(TicketFlowerError) as refused:
            person = accept_invitation(
                token=token,
                password=data["password1"],
                first_name=data.get("first_name", ""),
                last_name=data.get("last_name", ""),
                takes_address=data["takes_address"],
                now=timezone.now(),
            )
            return self.let_in(person)
        if isinstance(refused.error, InvitationEndedError | CompanyBehindError):
            raise refused.error
        form.add_error(None, refused.text)
        asks = isinstance(refused.error, TakeItError)
        return self.no_store(self.show(form=form, opened=form.opened, asks_for_address=asks))

    def let_in(self, person: User) -> HttpResponse:
        found = User.objects.select_related("company").get(pk=person.pk)
        if not may_log_in_here(found):
            messages.success(
                self.request,
                gettext("Your access is set up. Your company has you log in with its own log-in."),
            )
            return redirect("admin:company_log_in")
        if has_second_factor(found):  # since it was looked
            return wait_for_second_factor(
                self.request, found, by=LogInBy.PASSWORD, wanted=reverse("admin:index")
            )
        login(self.request, found, backend=BACKEND)
        return redirect("admin:index")

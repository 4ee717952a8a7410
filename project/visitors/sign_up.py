"""Signing a company up: at once, by a mail, or by a superuser's invitation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from project.visitors.landing import VisitorPage
from project.visitors.sign_up_forms import (
    AskToSignUpForm,
    FinishSignUpForm,
    InvitedSignUpForm,
    SignUpForm,
)
from tenants.account.addresses import TakeItError
from tenants.account.inviting_companies import (
    CompanyInvitationEndedError,
    read_company_invitation,
    sign_up_invited,
)
from tenants.account.pages.link_page import LinkPage
from tenants.account.signing_up import (
    SignUpEndedError,
    ask_to_sign_up,
    finish_sign_up,
    read_sign_up,
)
from tenants.errors import TenantsError
from tenants.mail.set_up import is_mail_set_up
from tenants.refusals import refusals


class SignUpPage(VisitorPage):
    """Signs a company up and logs its first person in."""

    template_name = "project/sign_up.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if not settings.SIGN_UP:
            return self.show_closed()
        return self.show(form=AskToSignUpForm() if is_mail_set_up() else SignUpForm())

    def show_closed(self) -> HttpResponse:
        """Companies are made by superusers only here: the page says whom to ask."""
        return self.show("project/sign_up_closed.html", contact=settings.SIGN_UP_CONTACT)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not settings.SIGN_UP:
            return self.show_closed()
        if is_mail_set_up():
            return self.ask(AskToSignUpForm(request.POST))
        form = SignUpForm(request.POST)
        founder = form.save() if form.is_valid() else None
        if founder is None:
            return self.show(form=form)
        login(request, founder, backend="tenants.backends.EmailBackend")
        return redirect("admin:index")

    def ask(self, form: AskToSignUpForm) -> HttpResponse:
        """Whoever it is: a mail says how it goes on."""
        if not form.is_valid():
            return self.show(form=form)
        wanted = form.wanted()
        ask_to_sign_up(wanted)
        return self.show("project/sign_up_asked.html", email=wanted.email)


class SignUpByMailPage(LinkPage):
    """Where the link in the mail leads: POST signs the company up."""

    template_name = "project/sign_up_by_mail.html"

    def answer(self, sent: Any, token: str) -> HttpResponse:
        if not settings.SIGN_UP:
            return self.show("project/sign_up_closed.html", contact=settings.SIGN_UP_CONTACT)
        with refusals(SignUpEndedError) as ended:
            form = FinishSignUpForm(sent, wanted=read_sign_up(token))
            if sent is None or not form.is_valid():
                return self.no_store(self.show(form=form, wanted=form.wanted))
            return self.finish(form, token)
        return self.no_store(self.show(refusal=ended.text))

    def finish(self, form: FinishSignUpForm, token: str) -> HttpResponse:
        with refusals(TenantsError) as refused:
            person = finish_sign_up(
                token=token,
                password=form.cleaned_data["password"],
                takes_address=form.cleaned_data["takes_address"],
            )
            login(self.request, person, backend="tenants.backends.EmailBackend")
            return redirect("admin:index")
        form.add_error(None, refused.text)
        asks = isinstance(refused.error, TakeItError)
        return self.no_store(self.show(form=form, wanted=form.wanted, asks_for_address=asks))


class InvitedSignUpPage(LinkPage):
    """Where the link of a superuser's invitation leads, whether others may sign up or not."""

    template_name = "project/invited_sign_up.html"

    def answer(self, sent: Any, token: str) -> HttpResponse:
        with refusals(CompanyInvitationEndedError) as ended:
            form = InvitedSignUpForm(sent, invitation=read_company_invitation(token))
            if sent is not None and form.is_valid():
                return self.finish(form, token)
            return self.no_store(self.show(form=form, email=form.invitation.email))
        return self.no_store(self.show(refusal=ended.text))

    def finish(self, form: InvitedSignUpForm, token: str) -> HttpResponse:
        with refusals(TenantsError) as refused:
            person = sign_up_invited(
                token=token,
                founder=form.founder(),
                takes_address=form.cleaned_data["takes_address"],
                now=timezone.now(),
            )
            login(self.request, person, backend="tenants.backends.EmailBackend")
            return redirect("admin:index")
        if isinstance(refused.error, CompanyInvitationEndedError):
            return self.no_store(self.show(refusal=refused.text))
        form.add_error(None, refused.text)
        asks = isinstance(refused.error, TakeItError)
        return self.no_store(
            self.show(form=form, email=form.invitation.email, asks_for_address=asks)
        )

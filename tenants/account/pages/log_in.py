"""The log-in: the password, and where somebody has one the second factor after it; or a passkey
alone, whose device has made sure who holds it.

Who has given the password alone is nobody yet: their name stands in a session without a person.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy

from tenants.account.log_ins import log_in
from tenants.backends import EmailBackend, may_log_in_here
from tenants.connection import PUBLIC, company_of
from tenants.errors import AttemptsPausedError, PasskeyRefusedError
from tenants.limits.sender import sender_of
from tenants.logging_in.failed_log_ins import LogInBy, record_failed_log_in
from tenants.logging_in.passkeys import options_to_use, use_passkey
from tenants.logging_in.second_factor import (
    SESSION_KEY,
    check_code,
    factors_of,
    has_second_factor,
    take_passkey,
)
from tenants.models import User
from tenants.pages.page import Page
from tenants.refusals import Refusals, refusals

PENDING: Final = "waits_for_second_factor"
# How long the password counts, in seconds.
LONGEST_WAIT: Final = 600


class LogInView(LoginView):
    """Django's, which lets nobody in who has a second factor: it leads them to the next page."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Whoever is logged in already works in a company, where no other's people are found.
        with company_of(PUBLIC):
            return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        person = form.get_user()
        if not has_second_factor(person):
            return super().form_valid(form)
        return wait_for_second_factor(
            self.request, person, by=LogInBy.PASSWORD, wanted=self.get_success_url()
        )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=30,
        help_text=gettext_lazy(
            "Six digits from your app. If you do not have it at hand, one of your recovery codes."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class SecondFactorPage(Page):
    """Asks whoever has given the right password for the second factor, and logs them in."""

    permissions = ()
    needs_company = False
    title = gettext_lazy("Second factor")
    template_name = "account/log_in_second_factor.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:index")

    def get(self, request: HttpRequest) -> HttpResponse:
        person = pending_person(request)
        return redirect("admin:login") if person is None else self.ask(person, CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        person = pending_person(request)
        if person is None:
            return redirect("admin:login")
        if "passkey" in request.POST:
            return self.take_passkey(person)
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self.ask(person, form)
        is_right = False
        with refusals(AttemptsPausedError) as paused:
            is_right = check_code(user=person, code=form.cleaned_data["code"], request=request)
        if is_right:
            return self.let_in(person)
        wrong = gettext("This code is not right, or was used before. Take the next one.")
        form.add_error("code", paused.text or wrong)
        return self.ask(person, form)

    def take_passkey(self, person: User) -> HttpResponse:
        answer = self.request.POST["passkey"]
        with refusals(AttemptsPausedError, PasskeyRefusedError) as refused:
            take_passkey(user=person, answer=answer, request=self.request)
            return self.let_in(person)
        return self.ask(person, CodeForm(), passkey_error=refused.text)

    def let_in(self, person: User) -> HttpResponse:
        pending = self.request.session.pop(PENDING)
        by = LogInBy(pending.get("by", LogInBy.PASSWORD))
        log_in(self.request, person, by=by)
        self.request.session[SESSION_KEY] = True
        return redirect(pending["next"])

    def ask(self, person: User, form: CodeForm, *, passkey_error: str = "") -> HttpResponse:
        factors = factors_of(person)
        if not factors.has_app:
            form.fields["code"].label = gettext("Recovery code")
            form.fields["code"].help_text = gettext("If your passkey is not at hand.")
        options = options_to_use(person=person, request=self.request) if factors.passkeys else None
        return self.show(
            form=form,
            factors=factors,
            options=options and json.dumps(options),
            passkey_error=passkey_error,
        )


class PasskeyLogInPage(Page):
    """Logs in whoever holds a passkey: the device has asked for a finger or a PIN."""

    permissions = ()
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:index")

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:login")

    def post(self, request: HttpRequest) -> HttpResponse:
        """The script of the log-in page first asks what is to be signed."""
        if "passkey" not in request.POST:
            return JsonResponse({"options": options_to_use(person=None, request=request)})
        passkey = use_passkey(person=None, answer=request.POST["passkey"], request=request)
        person = EmailBackend().get_user(passkey.user_id)
        if person is None or not may_log_in_here(person):
            owner = User.objects.select_related("company").get(pk=passkey.user_id)
            record_failed_log_in(owner, by=LogInBy.PASSKEY, sender=sender_of(request))
            raise PasskeyRefusedError(
                gettext(
                    "Your account or your company is switched off, or has you log in elsewhere. "
                    "Ask an admin of your company."
                )
            )
        log_in(request, person, by=LogInBy.PASSKEY)
        request.session[SESSION_KEY] = True
        return redirect(self.wanted())

    def wanted(self) -> str:
        """Where the person wanted to go, if that is here."""
        wanted = self.request.POST.get("next", "")
        is_here = url_has_allowed_host_and_scheme(
            wanted, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        return wanted if is_here else reverse("admin:index")

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        messages.error(self.request, refused.text)
        return redirect("admin:login")


def wait_for_second_factor(
    request: HttpRequest, person: User, *, by: LogInBy, wanted: str
) -> HttpResponse:
    """Lead somebody who has proved who they are in one way to the page that asks for another."""
    if request.user.is_authenticated:
        logout(request)
    request.session[PENDING] = {
        "person": person.pk,
        "by": by.value,
        # Ends with the password: whoever changes it takes this back.
        "hash": person.get_session_auth_hash(),
        "at": int(timezone.now().timestamp()),
        "next": wanted,
    }
    return redirect("admin:second_factor")


def pending_person(request: HttpRequest) -> User | None:
    """Who has given their password within the last minutes, and may still log in."""
    pending: Any = request.session.get(PENDING)
    if not isinstance(pending, dict):
        return None
    if timezone.now().timestamp() - pending["at"] > LONGEST_WAIT:
        return None
    person = EmailBackend().get_user(pending["person"])
    if person is None or person.get_session_auth_hash() != pending["hash"]:
        return None
    return person

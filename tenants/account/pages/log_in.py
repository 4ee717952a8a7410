"""The log-in: the password, and where somebody has one the second factor after it.

Who has given the password alone is nobody yet: their name stands in a session without a person.
"""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.backends import EmailBackend
from tenants.errors import AttemptsPausedError
from tenants.models import User
from tenants.pages.page import Page
from tenants.refusals import refusals
from tenants.second_factor import SESSION_KEY, check_code, has_second_factor

BACKEND: Final = "tenants.backends.EmailBackend"
PENDING: Final = "waits_for_second_factor"
# How long the password counts, in seconds.
LONGEST_WAIT: Final = 600


class LogInView(LoginView):
    """Django's, which lets nobody in who has a second factor: it leads them to the next page."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        person = form.get_user()
        if not has_second_factor(person):
            return super().form_valid(form)
        if self.request.user.is_authenticated:
            logout(self.request)
        self.request.session[PENDING] = {
            "person": person.pk,
            # Ends with the password: whoever changes it takes this back.
            "hash": person.get_session_auth_hash(),
            "at": int(timezone.now().timestamp()),
            "next": self.get_success_url(),
        }
        return redirect("admin:second_factor")


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
    template_name = "project/second_factor.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:index")

    def get(self, request: HttpRequest) -> HttpResponse:
        if pending_person(request) is None:
            return redirect("admin:login")
        return self.show(form=CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        person, form = pending_person(request), CodeForm(request.POST)
        if person is None:
            return redirect("admin:login")
        if not form.is_valid():
            return self.show(form=form)
        is_right = False
        with refusals(AttemptsPausedError) as paused:
            is_right = check_code(user=person, code=form.cleaned_data["code"], request=request)
        if not is_right:
            wrong = gettext("This code is not right, or was used before. Take the next one.")
            form.add_error("code", paused.text or wrong)
            return self.show(form=form)
        wanted = request.session.pop(PENDING)["next"]
        login(request, person, backend=BACKEND)
        request.session[SESSION_KEY] = True
        return redirect(wanted)


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

"""The pages on which people set up and remove second factors, and a company demands them."""

from __future__ import annotations

import json
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from tenants.account.log_ins import end_log_ins
from tenants.account.pages.account_page import AccountPage
from tenants.companies.active_company import active_company
from tenants.errors import AttemptsPausedError, PasskeyRefusedError, TooManyPasskeysError
from tenants.logging_in.passkeys import add_passkey, domain_of, options_to_add, rename_passkey
from tenants.logging_in.second_factor import (
    SESSION_KEY,
    activate,
    count_recovery_codes,
    factors_of,
    first_recovery_codes,
    has_second_factor,
    is_demanded,
    new_recovery_codes,
    new_secret,
    picture_of,
    remove_app,
    remove_passkey,
    remove_second_factor,
)
from tenants.models import Passkey, User
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.pages.refusals import refusals_as_messages
from tenants.refusals import refusals
from tenants.services import set_second_factor_demanded

# The secret that the app is being told, until the first code shows that it has it.
_SECRET: Final = "second_factor_secret"  # noqa: S105
_DIGITS: Final = 18  # of the largest number of a row


class OwnSecondFactorPage(AccountPage):
    """Sets up and removes an app and passkeys, and makes new recovery codes."""

    title = gettext_lazy("Second factor")
    template_name = "account/second_factor.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        is_begun_without = SESSION_KEY not in request.session
        if is_begun_without and is_demanded(self.person) and has_second_factor(self.person):
            logout(request)
            messages.info(request, gettext("Log in once more, with your second factor."))
            return redirect("admin:login")
        return self._show()

    def post(self, request: HttpRequest) -> HttpResponse:
        acts = {
            "activate": self._activate,
            "codes": self._new_codes,
            "remove": self._remove_app,
            "add_passkey": self._add_passkey,
            "rename_passkey": self._rename_passkey,
            "remove_passkey": self._remove_passkey,
        }
        act = acts.get(request.POST.get("verb", ""))
        return self._again() if act is None else act()

    def _activate(self) -> HttpResponse:
        had, secret, codes = factors_of(self.person), self.request.session.get(_SECRET), None
        if had.has_app or not isinstance(secret, str):
            return self._again()
        code = self.request.POST.get("code", "")
        with refusals(AttemptsPausedError) as paused:
            codes = activate(user=self.person, secret=secret, code=code, request=self.request)
        if codes is None:
            wrong = gettext("This is not the code that the app shows now. Take the next one.")
            return self._show(error=paused.text or wrong)
        del self.request.session[_SECRET]
        messages.success(self.request, gettext("The app's codes let you in from now on."))
        return self._added(codes, is_first=not had)

    def _add_passkey(self) -> HttpResponse:
        had, sent = factors_of(self.person), self.request.POST
        name, answer = sent.get("name", ""), sent.get("passkey", "")
        with refusals(PasskeyRefusedError, TooManyPasskeysError) as refused:
            added = add_passkey(person=self.person, name=name, answer=answer, request=self.request)
            text = gettext("The passkey %(name)s lets you in from now on.")
            messages.success(self.request, text % {"name": added.name})
            return self._added(first_recovery_codes(user=self.person), is_first=not had)
        return self._show(passkey_error=refused.text, passkey_name=name)

    def _added(self, codes: list[str], *, is_first: bool) -> HttpResponse:
        """The person has another factor; `codes` are their recovery codes, where these are new."""
        session = self.request.session
        session[SESSION_KEY] = True
        if is_first:  # the other sessions were begun without
            end_log_ins(person=self.person, names=None, keep=session.session_key)
        return self._show(codes=codes) if codes else self._again()

    def _new_codes(self) -> HttpResponse:
        if not has_second_factor(self.person):
            return self._again()
        return self._show(codes=new_recovery_codes(user=self.person))

    def _remove_app(self) -> HttpResponse:
        with refusals_as_messages(self.request):
            if remove_app(user=self.person):
                messages.success(self.request, gettext("You are not asked for codes any more."))
        return self._removed()

    def _remove_passkey(self) -> HttpResponse:
        with refusals_as_messages(self.request):
            if remove_passkey(user=self.person, pk=self._number()):
                messages.success(self.request, gettext("The passkey lets nobody in any more."))
        return self._removed()

    def _removed(self) -> HttpResponse:
        if not has_second_factor(self.person):
            self.request.session.pop(SESSION_KEY, None)
        return self._again()

    def _rename_passkey(self) -> HttpResponse:
        name = self.request.POST.get("name", "")
        if rename_passkey(person=self.person, pk=self._number(), name=name):
            messages.success(self.request, gettext("The passkey has its new name."))
        return self._again()

    def _number(self) -> int:
        """Of the passkey; 0, which none has, where no number was sent."""
        sent = self.request.POST.get("passkey", "")
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < _DIGITS else 0

    def _again(self) -> HttpResponse:
        return redirect("admin:account_second_factor")

    def _show(
        self,
        *,
        error: str = "",
        codes: list[str] | None = None,
        passkey_error: str = "",
        passkey_name: str = "",
    ) -> HttpResponse:
        factors = factors_of(self.person)
        options = None if codes else options_to_add(person=self.person, request=self.request)
        context: dict[str, Any] = {
            "factors": factors,
            "codes": codes,
            "error": error,
            "passkeys": list(Passkey.objects.of_person(self.person)),
            "options": options and json.dumps(options),
            "passkey_error": passkey_error,
            "passkey_name": passkey_name,
            "domain": domain_of(self.request),
            "local_address": self._local_address(),
            "left": count_recovery_codes(user=self.person) if factors else 0,
            "is_demanded": is_demanded(self.person),
        }
        if not factors.has_app and not codes:
            secret = self.request.session.setdefault(_SECRET, new_secret())
            context |= {
                "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
                "picture": picture_of(secret=secret, user=self.person),
            }
        response = self.show(**context)
        response["Cache-Control"] = "no-store"
        return response

    def _local_address(self) -> str:
        """This page at localhost, where it is looked at by the address of this machine."""
        host, port = split_domain_port(self.request.get_host())
        if host not in ("127.0.0.1", "[::1]") or "localhost" not in settings.ALLOWED_HOSTS:
            return ""
        return f"http://localhost{':' if port else ''}{port}{self.request.path}"


@register_page(User, "<int:object_id>/second-factor/", name="tenants_user_second_factor")
class RemoveSecondFactorPage(ObjectPage):
    """POST removes the second factor of somebody who has lost it."""

    permissions = ("tenants.change_user",)
    needs_company = False
    title = gettext_lazy("Remove second factor")
    template_name = "account/remove_second_factor.html"

    def find(self, **arguments: Any) -> None:
        """A superuser helps superusers; a company's admins help its people."""
        super().find(**arguments)
        if self.person.is_superuser and not self.object.is_superuser:
            raise PermissionDenied

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(has_one=has_second_factor(self.object))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if remove_second_factor(user=self.object):
            end_log_ins(person=self.object, names=None, keep=None)
            self.screen.log_change(request, self.object, gettext("Second factor removed."))
            text = gettext("%(person)s logs in with the password alone now.")
            messages.success(request, text % {"person": self.object})
        return self.back()


@register_page(User, "second-factor/", name="tenants_user_second_factors")
class DemandedSecondFactorPage(Page):
    """Whether everybody of the company must have a second factor."""

    permissions = ("tenants.change_user",)
    title = gettext_lazy("Second factors")
    template_name = "account/second_factors.html"
    menu = MenuEntry(MenuSection.COMPANY, icon="verified_user", order=50)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(opts=None)

    def post(self, request: HttpRequest) -> HttpResponse:
        company = active_company(request)
        is_on = request.POST.get("demanded") == "1"
        if company is not None:
            set_second_factor_demanded(company=company, demanded=is_on)
        messages.success(
            request,
            gettext("Everybody is asked to set one up with their next click.")
            if is_on
            else gettext("Second factors are everybody's own choice again."),
        )
        return redirect("admin:tenants_user_second_factors")

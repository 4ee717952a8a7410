"""The pages on which people set up and remove second factors, and a company demands them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from tenants.account.log_ins import end_log_ins
from tenants.account.pages.account_page import AccountPage
from tenants.active_company import active_company
from tenants.errors import AttemptsPausedError
from tenants.models import User
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import ObjectPage, Page, register_page
from tenants.refusals import refusals
from tenants.second_factor import (
    SESSION_KEY,
    activate,
    count_recovery_codes,
    has_second_factor,
    is_demanded,
    new_recovery_codes,
    new_secret,
    picture_of,
    remove_second_factor,
)
from tenants.services import set_second_factor_demanded

# The secret that the app is being told, until the first code shows that it has it.
_SECRET: Final = "second_factor_secret"  # noqa: S105


class OwnSecondFactorPage(AccountPage):
    """Sets up a second factor, makes new recovery codes, and removes it."""

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
        has_one, verb = has_second_factor(self.person), request.POST.get("verb", "")
        if verb == "activate" and not has_one:
            return self._activate(request)
        if verb == "codes" and has_one:
            return self._show(codes=new_recovery_codes(user=self.person))
        if verb == "remove" and has_one and not is_demanded(self.person):
            remove_second_factor(user=self.person)
            request.session.pop(SESSION_KEY, None)
            messages.success(request, gettext("Your password alone lets you in again."))
        return redirect("admin:account_second_factor")

    def _activate(self, request: HttpRequest) -> HttpResponse:
        secret, codes = request.session.get(_SECRET), None
        if not isinstance(secret, str):
            return redirect("admin:account_second_factor")
        with refusals(AttemptsPausedError) as paused:
            codes = activate(
                user=self.person, secret=secret, code=request.POST.get("code", ""), request=request
            )
        if codes is None:
            wrong = gettext("This is not the code that the app shows now. Take the next one.")
            return self._show(error=paused.text or wrong)
        del request.session[_SECRET]
        request.session[SESSION_KEY] = True
        # They were begun without it.
        end_log_ins(person=self.person, names=None, keep=request.session.session_key)
        return self._show(codes=codes)

    def _show(self, *, error: str = "", codes: list[str] | None = None) -> HttpResponse:
        has_one = has_second_factor(self.person)
        context: dict[str, Any] = {"has_one": has_one, "codes": codes, "error": error}
        if has_one:
            context["left"] = count_recovery_codes(user=self.person)
        else:
            secret = self.request.session.setdefault(_SECRET, new_secret())
            context |= {
                "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
                "picture": picture_of(secret=secret, user=self.person),
            }
        response = self.show(**context, is_demanded=is_demanded(self.person))
        response["Cache-Control"] = "no-store"
        return response


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

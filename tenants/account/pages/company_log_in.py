"""Logging in through a company's identity provider, and linking one's account to it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy

from tenants.account.log_ins import log_in
from tenants.account.pages.account_page import AccountPage
from tenants.account.pages.log_in import wait_for_second_factor
from tenants.backends import EmailBackend
from tenants.errors import IdentityProviderError
from tenants.identity.flow import Finished, Purpose, begin, finish
from tenants.identity.providers import link, note_test, person_of, unlink
from tenants.limits.sender import sender_of
from tenants.logging_in.failed_log_ins import (
    LogInBy,
    record_failed_log_in,
    record_refused_by_provider,
)
from tenants.logging_in.second_factor import SESSION_KEY, has_second_factor
from tenants.models import IdentityProvider, LinkedAccount, User
from tenants.pages.page import Page
from tenants.refusals import Refusals

# The browser remembers at which company somebody has logged in, for a year.
COOKIE: Final = "company_log_in"
_YEAR: Final = 365 * 24 * 3600
_LONGEST_CODE: Final = 43


class CompanyLogInPage(Page):
    """Asks for the address that the company's admin has given to its people.

    Not for an e-mail address: where it led would tell strangers who and which companies are here.
    """

    permissions = ()
    needs_company = False
    title = gettext_lazy("Log in with your company")
    template_name = "account/company_log_in.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:index")

    def get(self, request: HttpRequest) -> HttpResponse:
        if (code := request.COOKIES.get(COOKIE)) and provider_at(code):
            return redirect("admin:company_log_in_at", code=code)
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        typed = request.POST.get("address", "")[:500]
        code = typed.strip().rstrip("/").rpartition("/")[2]
        if provider_at(code):
            return redirect("admin:company_log_in_at", code=code)
        return self.show(typed=typed, is_unknown=True)


class CompanyLogInAtPage(CompanyLogInPage):
    """The address of one company: POST leads to its identity provider."""

    template_name = "account/company_log_in_at.html"
    provider: IdentityProvider

    def find(self, **arguments: Any) -> None:
        found = provider_at(str(arguments["code"]))
        if found is None:
            raise IdentityProviderError(
                gettext("Nobody logs in at this address. Ask an admin of your company for theirs.")
            )
        self.provider = found

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(provider=self.provider)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        wanted = request.POST.get("next", "")
        address = begin(
            request=request, provider=self.provider, purpose=Purpose.LOG_IN, wanted=wanted
        )
        return lead_to(self, address)

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        messages.error(self.request, refused.text)
        answer = redirect("admin:login")
        answer.delete_cookie(COOKIE)
        return answer


class CompanyLogInBackPage(Page):
    """Where identity providers lead browsers back to."""

    permissions = ()
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True  # the session says who began

    def get(self, request: HttpRequest) -> HttpResponse:
        finished = finish(request=request)
        if finished.purpose is Purpose.LOG_IN:
            return self.log_in(finished)
        person = request.user
        if not isinstance(person, User) or person.company_id != finished.provider.company_id:
            raise IdentityProviderError
        if finished.purpose is Purpose.TEST:
            note_test(provider=finished.provider, now=timezone.now())
            text = gettext("It works. The provider knows you as %(subject)s, %(email)s.")
            email = finished.identity.email or gettext("without a verified e-mail address")
            messages.success(request, text % {"subject": finished.identity.subject, "email": email})
            return redirect("admin:tenants_user_identity_provider")
        link(person=person, provider=finished.provider, identity=finished.identity)
        messages.success(request, gettext("From now on you can log in through your company."))
        return redirect("admin:account_company_log_in")

    def log_in(self, finished: Finished) -> HttpResponse:
        request, provider = self.request, finished.provider
        if request.user.is_authenticated:
            return redirect("admin:index")
        found = person_of(provider, finished.identity)
        person = None if found is None else EmailBackend().get_user(found.pk)
        if person is None:
            sender = sender_of(request)
            if found is None:
                record_refused_by_provider(provider, sender=sender)
            else:
                record_failed_log_in(found, by=LogInBy.PROVIDER, sender=sender)
            raise IdentityProviderError(
                gettext(
                    "Your company's identity provider knows you, but no account here is yours, or "
                    "it is switched off. Ask an admin of your company to let you log in this way."
                )
            )
        wanted = finished.wanted
        is_here = url_has_allowed_host_and_scheme(
            wanted, {request.get_host()}, require_https=request.is_secure()
        )
        address = wanted if is_here else reverse("admin:index")
        if not provider.counts_as_second_factor and has_second_factor(person):
            answer = wait_for_second_factor(request, person, by=LogInBy.PROVIDER, wanted=address)
        else:
            log_in(request, person, by=LogInBy.PROVIDER)
            if provider.counts_as_second_factor:
                request.session[SESSION_KEY] = True
            answer = redirect(address)
        answer.set_cookie(
            COOKIE, provider.code, _YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
        return answer

    def refused(self, refused: Refusals[Exception]) -> HttpResponse:
        messages.error(self.request, refused.text)
        is_known = self.request.user.is_authenticated
        return redirect("admin:index" if is_known else "admin:login")


class OwnCompanyLogInPage(AccountPage):
    """Links one's account to whom the company's identity provider sees, or takes the link away."""

    title = gettext_lazy("Log in through your company")
    template_name = "account/own_company_log_in.html"
    provider: IdentityProvider | None = None

    def find(self, **arguments: Any) -> None:
        company = self.person.company
        self.provider = IdentityProvider.objects.filter(company=company, is_on=True).first()

    def get(self, request: HttpRequest) -> HttpResponse:
        linked = LinkedAccount.objects.filter(user=self.person).first()
        return self.show(provider=self.provider, linked=linked)

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("verb") == "link" and self.provider is not None:
            address = begin(request=request, provider=self.provider, purpose=Purpose.LINK)
            return lead_to(self, address)
        if unlink(person=self.person):
            messages.success(request, gettext("Your account is linked to nobody any more."))
        return redirect("admin:account_company_log_in")


def provider_at(code: str) -> IdentityProvider | None:
    """The one that is on at this address, of a company that is."""
    if not code.isascii() or "\0" in code or len(code) > _LONGEST_CODE:
        return None
    return (
        IdentityProvider.objects.select_related("company")
        .filter(code=code, is_on=True, company__is_active=True)
        .first()
    )


def lead_to(page: Page, address: str) -> HttpResponse:
    """A page that leads elsewhere at once. A redirect would not be followed: our policy lets forms
    be sent to this site only, and browsers look at where they end."""
    answer = page.show("account/led_to_provider.html", address=address)
    answer["Cache-Control"] = "no-store"
    return answer

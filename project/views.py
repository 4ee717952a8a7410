"""The pages outside the admin: for visitors, and superusers on their way between companies."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.company_name import company_name
from project.enter_company_form import EnterCompanyForm
from project.sign_up_forms import (
    AskToSignUpForm,
    FinishSignUpForm,
    InvitedSignUpForm,
    SignUpForm,
)
from project.trouble import trouble_page
from tenants import visits
from tenants.account.addresses import TakeItError
from tenants.account.inviting_companies import (
    CompanyInvitationEndedError,
    read_company_invitation,
    sign_up_invited,
)
from tenants.account.signing_up import (
    SignUpEndedError,
    ask_to_sign_up,
    finish_sign_up,
    read_sign_up,
)
from tenants.database.trouble import trouble_of
from tenants.errors import TenantsError
from tenants.mail.set_up import is_mail_set_up
from tenants.models import Company
from tenants.pages.page import Page
from tenants.refusals import refusals

logger = logging.getLogger(__name__)


class VisitorPage(Page):
    """For who is not logged in; everybody else goes to their dashboard."""

    permissions = ()
    needs_company = False

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return not request.user.is_authenticated

    def turn_away(self) -> HttpResponse:
        return redirect("admin:index")


class LandingPage(VisitorPage):
    """What TicketFlower is."""

    template_name = "project/landing.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()


class AccessibilityPage(Page):
    """How well everybody can use it, what is missing, and whom to tell; for whoever asks."""

    permissions = ()
    needs_company = False
    template_name = "project/accessibility.html"

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(contact=settings.ACCESSIBILITY_CONTACT)


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


class SignUpByMailPage(VisitorPage):
    """Where the link in the mail leads: GET changes nothing, POST signs the company up."""

    template_name = "project/sign_up_by_mail.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.answer(None, str(arguments["token"]))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.answer(request.POST, str(arguments["token"]))

    def answer(self, sent: Any, token: str) -> HttpResponse:
        if not settings.SIGN_UP:
            return self.show("project/sign_up_closed.html", contact=settings.SIGN_UP_CONTACT)
        with refusals(SignUpEndedError) as ended:
            form = FinishSignUpForm(sent, wanted=read_sign_up(token))
            if sent is None or not form.is_valid():
                return self.no_store(form=form, wanted=form.wanted)
            return self.finish(form, token)
        return self.no_store(refusal=ended.text)

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
        return self.no_store(form=form, wanted=form.wanted, asks_for_address=asks)

    def no_store(self, **context: Any) -> HttpResponse:
        response = self.show(**context)
        response["Cache-Control"] = "no-store"
        return response


class InvitedSignUpPage(VisitorPage):
    """Where the link of a superuser's invitation leads, whether others may sign up or not."""

    template_name = "project/invited_sign_up.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.answer(None, str(arguments["token"]))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.answer(request.POST, str(arguments["token"]))

    def answer(self, sent: Any, token: str) -> HttpResponse:
        with refusals(CompanyInvitationEndedError) as ended:
            form = InvitedSignUpForm(sent, invitation=read_company_invitation(token))
            if sent is not None and form.is_valid():
                return self.finish(form, token)
            return self.no_store(form=form, email=form.invitation.email)
        return self.no_store(refusal=ended.text)

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
            return self.no_store(refusal=refused.text)
        form.add_error(None, refused.text)
        asks = isinstance(refused.error, TakeItError)
        return self.no_store(form=form, email=form.invitation.email, asks_for_address=asks)

    def no_store(self, **context: Any) -> HttpResponse:
        response = self.show(**context)
        response["Cache-Control"] = "no-store"
        return response


class SuperuserPage(Page):
    """For superusers, inside a company or not; to all others, and as a link, it is not there."""

    permissions = ()
    needs_company = False
    http_method_names = ["post"]

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_superuser

    def shell(self) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().shell()}

    def turn_away(self) -> HttpResponse:
        raise Http404

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        raise Http404


class EnterCompanyPage(SuperuserPage):
    """Asks why and for how long; POST lets a superuser work inside a company, also in one that is
    switched off."""

    http_method_names = ["get", "post"]
    title = gettext_lazy("Enter a company")
    template_name = "project/enter_company.html"

    company: Company

    def find(self, **arguments: Any) -> None:
        found = Company.objects.filter(pk=arguments["pk"]).first()
        if found is None:
            raise Http404
        self.company = found

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(form=EnterCompanyForm(), company=self.company)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = EnterCompanyForm(request.POST)
        if not form.is_valid():
            return self.show(form=form, company=self.company)
        visits.enter_company(
            request,
            self.company,
            reason=form.cleaned_data["reason"],
            minutes=int(form.cleaned_data["minutes"]),
        )
        logger.info("Superuser %s entered the company %s", self.person.pk, self.company.schema_name)
        return redirect("admin:index")


class LeaveCompanyPage(SuperuserPage):
    """POST ends what entering began."""

    def post(self, request: HttpRequest) -> HttpResponse:
        company = visits.leave_company(request)
        if company is not None:
            logger.info("Superuser %s left the company %s", self.person.pk, company.schema_name)
            messages.success(request, _("You left %(company)s.") % {"company": company.name})
        return redirect("admin:index")


# What went wrong. Django renders these two pages with nothing, and ours name the company.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page 400: the request could not be read."""
    return HttpResponse(_problem("400.html", request), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page 500. It asks the database for nothing: that may be what went wrong."""
    error = sys.exc_info()[1]
    trouble = None if error is None else trouble_of(error)
    if trouble is not None:  # met before any view: who asks is not known
        return trouble_page(request, trouble)
    return HttpResponse(_problem("500.html", request), status=500)


def _problem(template: str, request: HttpRequest) -> str:
    return render_to_string(template, {"company_name": company_name(request)})

"""Superusers on their way into a company, and out of it."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.superusers.enter_company_form import EnterCompanyForm
from tenants.models import Company
from tenants.pages.page import Page
from tenants.superusers import visits

logger = logging.getLogger(__name__)


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

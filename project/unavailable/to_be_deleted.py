"""In a company that is to be deleted everything can be read, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from tenants.companies.active_company import CompanyRequest, active_company
from tenants.connection import use_public
from tenants.errors import CompanyToBeDeletedError

# What is sent to these pages all the same: the ways out, one's own log-in, the last export, and the
# page on which an admin takes it back.
ALLOWED: Final = frozenset(
    {
        "enter_company",
        "leave_company",
        "admin:logout",
        "admin:login",
        "admin:second_factor",
        "admin:account_second_factor",
        "admin:account_profile",
        "admin:account_sessions",
        "admin:password_change",
        "admin:tenants_company_data",
        "admin:tenants_company_archive",
        "admin:tenants_company_deletion",
        "callback",  # it asks the company that it names
        "demo_accounting",
    }
)
SAFE: Final = ("GET", "HEAD", "OPTIONS")
TEMPLATE: Final = "403_to_be_deleted.html"


class CompanyToBeDeletedMiddleware:
    """After ActiveCompanyMiddleware. It asks the database nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: CompanyRequest) -> HttpResponseBase:
        company = active_company(request)
        if company is not None and company.deletion_began_at is not None:
            use_public()  # its tables go one after the other
            request.company = None
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        company = active_company(request)
        if company is None or not company.is_to_be_deleted or request.method in SAFE:
            return None
        if request.resolver_match is not None and request.resolver_match.view_name in ALLOWED:
            return None
        if "application/json" in (request.content_type, request.headers.get("Accept")):
            return JsonResponse({"message": str(CompanyToBeDeletedError())}, status=403)
        return render(request, TEMPLATE, {"due_at": company.deletion_due_at}, status=403)

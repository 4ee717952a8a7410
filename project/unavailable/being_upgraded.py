"""While the database is behind the code: a page that says so, instead of one that fails.

A company is behind until `migrate_schemas` has brought it up to date; then nobody can work in it,
and all others go on. `public` is behind for as long as nobody has run it at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from project.company_name import company_name
from tenants.companies.active_company import CompanyRequest, active_company
from tenants.connection import use_public
from tenants.errors import CompanyBehindError
from tenants.migrating.versions import is_public_up_to_date, is_up_to_date

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Also inside a company that is behind: the ways out, which ask for nothing of the company.
LOG_OUT: Final = "admin:logout"
WAYS_OUT: Final = ("enter_company", "leave_company", LOG_OUT)
RETRY_SECONDS: Final = 60
TEMPLATE: Final = "503_being_upgraded.html"


class InstallationUpToDateMiddleware:
    """While `public` lacks a migration, nothing works. Before whatever asks the database.

    It asks once: what is applied stays applied.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            is_behind = not is_public_up_to_date()
        except Error:  # the database is away: whoever asks it next says so
            is_behind = False
        return being_upgraded(request) if is_behind else self.get_response(request)


class CompanyUpToDateMiddleware:
    """In a company that is behind, nobody can work. After ActiveCompanyMiddleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: CompanyRequest) -> HttpResponseBase:
        company = active_company(request)
        if company is None or is_up_to_date(company):
            return self.get_response(request)
        use_public()
        if (way := _name_of(request)) in WAYS_OUT:
            if way == LOG_OUT:  # its page has the menu, which would count the company's tasks
                request.company = None
            return self.get_response(request)
        return being_upgraded(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A superuser outside every company meets one that is behind."""
        return being_upgraded(request) if isinstance(exception, CompanyBehindError) else None


def being_upgraded(request: HttpRequest) -> HttpResponse:
    """The page 503. It asks the database for nothing."""
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    if "application/json" in (request.content_type, request.headers.get("Accept")):
        message = str(CompanyBehindError())
        return JsonResponse({"message": message}, status=503, headers=headers)
    company = active_company(request)
    context = {
        "company_name": company_name(request) if company else "",
        "can_leave": company is not None and request.user.is_superuser,
        "is_a_form": request.method == "POST",
        "address": request.get_full_path(),
    }
    return HttpResponse(
        render_to_string(
            "503_being_upgraded.html", context, request if context["can_leave"] else None
        ),
        status=503,
        headers=headers,
    )


def _name_of(request: HttpRequest) -> str:
    """The name of the page that is asked for."""
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""

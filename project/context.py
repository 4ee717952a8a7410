from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from project.company_name import company_name
from tenants.companies.active_company import active_company, visit_of
from tenants.names import LONGEST_NAME
from tickets.notices.pages.bell import bell_of


def company(request: HttpRequest) -> dict[str, Any]:
    """For every template: `active_company`, the name that each page shows, `longest_name`, and
    whether companies sign up here.

    Of a superuser inside a company the `visit`, too.
    """
    is_visit = request.user.is_superuser if hasattr(request, "user") else False
    return {
        # Asked where a page shows it: in the header of the admin's pages.
        "bell": lambda: bell_of(request) if hasattr(request, "user") else None,
        "visit": visit_of(request) if is_visit and active_company(request) else None,
        "active_company": active_company(request),
        "company_name": company_name(request),
        "longest_name": LONGEST_NAME,
        "is_sign_up_open": settings.SIGN_UP,
    }

"""The name that every page shows: of the company that the person works in."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from tenants.companies.active_company import active_company


def company_name(request: HttpRequest) -> str:
    """The company's name; for a superuser outside every company these words; else empty.

    It asks the database for nothing once the middlewares have run: an error page shows it, too.
    """
    company = active_company(request)
    if company is not None:
        return company.name
    is_known = hasattr(request, "company") and request.user.is_authenticated
    return _("No company") if is_known else ""

"""Which company a request works in.

A person works in their own company. A superuser has none, and may enter one: the choice
is kept in the session.
"""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from tenants.models import Company, User

SESSION_KEY = "active_company"


class CompanyRequest(HttpRequest):
    """A request after ActiveCompanyMiddleware."""

    company: Company | None


def active_company(request: HttpRequest) -> Company | None:
    """The company that this request works in (None for visitors, and superusers outside one)."""
    return cast("CompanyRequest", request).company if hasattr(request, "company") else None


def find_active_company(request: HttpRequest) -> Company | None:
    user = request.user
    if not isinstance(user, User):
        return None
    if not user.is_superuser:
        return user.company
    chosen = request.session.get(SESSION_KEY)
    return Company.objects.filter(pk=chosen).first() if chosen else None


def enter_company(request: HttpRequest, company: Company) -> None:
    """Let a superuser work in a company from the next request on."""
    request.session[SESSION_KEY] = company.pk


def leave_company(request: HttpRequest) -> None:
    """End what `enter_company` began."""
    request.session.pop(SESSION_KEY, None)

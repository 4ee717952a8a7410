"""Which company a request works in.

A person works in their own company. A superuser has none, and may enter one, with a reason and for
a time: the visit is kept in the session. Who begins and ends one is `tenants/superusers/visits.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone

from tenants.models import Company, User

SESSION_KEY = "active_company"


class CompanyRequest(HttpRequest):
    """A request after ActiveCompanyMiddleware."""

    company: Company | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A superuser's stay in a company."""

    company: int  # its primary key
    reason: str
    until: datetime

    @property
    def is_over(self) -> bool:
        return self.until <= timezone.now()

    def as_kept(self) -> dict[str, Any]:
        """As it stands in the session."""
        until = int(self.until.timestamp())
        return {"company": self.company, "reason": self.reason, "until": until}


def visit_of(request: HttpRequest) -> Visit | None:
    """The visit that the session has, also where it is over; None outside every company."""
    kept = request.session.get(SESSION_KEY)
    if not isinstance(kept, dict):  # a number: from before visits had an end
        return None
    until = datetime.fromtimestamp(kept["until"], UTC)
    return Visit(company=kept["company"], reason=kept["reason"], until=until)


def active_company(request: HttpRequest) -> Company | None:
    """The company that this request works in (None for visitors, and superusers outside one)."""
    return cast("CompanyRequest", request).company if hasattr(request, "company") else None


def is_outside(request: HttpRequest) -> bool:
    """Whether this is a superuser who works in no company."""
    user = request.user
    return active_company(request) is None and bool(user.is_active and user.is_superuser)


def find_active_company(request: HttpRequest) -> Company | None:
    user = request.user
    if not isinstance(user, User):
        return None
    if not user.is_superuser:
        return user.company
    visit = visit_of(request)
    if visit is None or visit.is_over:
        return None
    company = Company.objects.filter(pk=visit.company).first()
    if company is not None:
        company.is_entered_by_superuser = True
    return company

"""Visits of superusers to companies: begun with a reason, for a time, and listed for the company.

Both ends stand in the company's audit log and in the installation's; in the company's, too, each
page that was opened meanwhile, and each form that was sent. What that changed is recorded by the
services, as for everybody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import record, record_in_installation
from tenants.companies.active_company import SESSION_KEY, Visit, active_company, visit_of
from tenants.connection import PUBLIC, company_of
from tenants.models import Company

ENTERED = declare("superusers.entered", _("Entered the company"))
LEFT = declare("superusers.left", _("Left the company"))
OPENED_PAGE = declare("superusers.opened_page", _("Opened a page"))
SENT_FORM = declare("superusers.sent_form", _("Sent a form"))

LONGEST_REASON: Final = 500
# For how many minutes a superuser may come in.
MINUTES: Final = (15, 60, 240, 1440)
# What a superuser opens there is about the installation, or about themselves.
_NOT_OF_THE_COMPANY: Final = (
    "admin:tenants_company_",
    "admin:account_",
    "admin:password_change",
    "admin:jsi18n",
    "admin:logout",
    "enter_company",
    "leave_company",
)


def enter_company(request: HttpRequest, company: Company, *, reason: str, minutes: int) -> Visit:
    """Let a superuser work in a company from the next request on, and note why."""
    leave_company(request)
    until = timezone.now() + timedelta(minutes=minutes)
    visit = Visit(company=company.pk, reason=reason[:LONGEST_REASON], until=until)
    # Whoever is in another one puts nothing into the log of this.
    with company_of(PUBLIC), transaction.atomic():
        details: dict[str, Any] = {"reason": visit.reason, "until": until.replace(microsecond=0)}
        record(ENTERED, about=company, company=company, **details)
        record_in_installation(ENTERED, about=company, **details)
    request.session[SESSION_KEY] = visit.as_kept()
    return visit


def leave_company(request: HttpRequest) -> Company | None:
    """End what `enter_company` began; returns the company, where there was one."""
    visit = visit_of(request)
    request.session.pop(SESSION_KEY, None)
    company = None if visit is None else Company.objects.filter(pk=visit.company).first()
    if visit is None or company is None:
        return None
    with company_of(PUBLIC), transaction.atomic():
        record(LEFT, about=company, company=company, time_was_over=visit.is_over)
        record_in_installation(LEFT, about=company, time_was_over=visit.is_over)
    return company


def record_request(request: HttpRequest) -> None:
    """Note that a superuser inside a company opened a page there, or sent a form."""
    company, match = active_company(request), request.resolver_match
    if company is None or match is None or not request.user.is_superuser:
        return
    if match.view_name.startswith(_NOT_OF_THE_COMPANY):
        return
    is_read = request.method in ("GET", "HEAD")
    asked = request.META.get("QUERY_STRING", "")
    details: dict[str, Any] = {"asked": asked} if asked else {}
    record(OPENED_PAGE if is_read else SENT_FORM, company=company, page=request.path, **details)

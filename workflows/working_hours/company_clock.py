"""What time it is for the rules of the company at work."""

from __future__ import annotations

from datetime import datetime

from tenants.companies.language_and_zone import company_zone
from workflows.engine.rules.clock import Clock
from workflows.engine.times.calendar import OFFICE_WEEK, WorkingTime
from workflows.models import BusinessCalendar


def company_clock(now: datetime, *, counts_days: bool) -> Clock:
    """The company's date at this moment; with its working days, one query, where they count."""
    if counts_days:
        return Clock(now, BusinessCalendar.objects.current().working_time())
    return Clock(now, WorkingTime(zone=company_zone(), week=OFFICE_WEEK))

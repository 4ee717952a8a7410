"""The safety net of recurring starts: what is due and has no job, after a restore for instance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema
from tickets.job_names import BEGIN_START
from tickets.models import RecurringStart
from tickets.notices.find_companies import companies_with
from tickets.starting.follow_starts import defer_start

# So long a job that is due may wait for its turn before it is looked for.
LATE: Final = timedelta(minutes=10)
_LATE: Final = """
SELECT {name} WHERE EXISTS (SELECT FROM {schema}.tickets_recurringstart WHERE next_at < %(until)s)
"""


def companies_with_late_starts(*, now: datetime) -> list[str]:
    """The schemas of active companies in which a start is late. By a partial index."""
    return list(companies_with(_LATE, {"until": now - LATE}))


def look_after_starts(*, now: datetime) -> int:
    """Have what is late begun, where no job is there for it; how many."""
    count = 0
    for start in RecurringStart.objects.filter(next_at__lt=now - LATE):
        jobs = ProcrastinateJob.objects.filter(
            task_name=BEGIN_START,
            status__in=("todo", "doing"),
            args__contains={"schema": current_schema(), "start_id": start.pk},
        )
        if not jobs.exists():
            defer_start(start, now=now)
            count += 1
    return count

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.companies.language_and_zone import known_language
from tenants.hooks import Hook
from tenants.models import Company
from workflows.engine.times.calendar import Span
from workflows.models import BusinessCalendar

# In its transaction: what is counted by it anew registers here.
CALENDAR_SAVED: Final[Hook[[], None]] = Hook()
CALENDAR_CHANGED = declare("company.working_hours_changed", _("Changed the working hours"))


def save_business_calendar(
    *,
    time_zone: str,
    week: Sequence[Sequence[Span]],
    holidays: Iterable[tuple[str, str]],
    outside_language: str | None = None,
) -> BusinessCalendar:
    """Replace the company's working hours; what is due already stays due when it was.

    `week` has the spans of each weekday from Monday on. `holidays` are dates with names: a
    date is 2026-04-06, or 12-25 for every year. `outside_language` is that of mails to people
    outside, empty for the installation's; None leaves it as it is.
    """
    values: dict[str, Any] = {
        "time_zone": time_zone,
        "week": [[[each.opens, each.closes] for each in day] for day in week],
        "holidays": [{"date": day, "name": name} for day, name in holidays],
    }
    if outside_language is not None:
        values["outside_language"] = known_language(outside_language)
    with transaction.atomic():
        stored = BusinessCalendar.objects.select_for_update().first()
        old: dict[str, Any] = {} if stored is None else {n: getattr(stored, n) for n in values}
        # One row at most: the first is made once, and a unique constraint sees to it.
        calendar, _made = BusinessCalendar.objects.update_or_create(defaults=values)
        # Where each request finds it without a statement more: all that is shown is in it.
        company = Company.objects.current()
        Company.objects.filter(pk=company.pk).update(time_zone=time_zone)
        changes = changed(old, values)
        if changes:
            record(CALENDAR_CHANGED, about=calendar, changes=changes)
            CALENDAR_SAVED.call_all()
    return calendar

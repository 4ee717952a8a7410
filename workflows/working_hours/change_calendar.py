from __future__ import annotations

from collections.abc import Iterable, Sequence

from workflows.engine.calendar import Span
from workflows.models import BusinessCalendar


def save_business_calendar(
    *, time_zone: str, week: Sequence[Sequence[Span]], holidays: Iterable[tuple[str, str]]
) -> BusinessCalendar:
    """Replace the company's working hours; what is due already stays due when it was.

    `week` has the spans of each weekday from Monday on. `holidays` are dates with names: a
    date is 2026-04-06, or 12-25 for every year.
    """
    values = {
        "time_zone": time_zone,
        "week": [[[each.opens, each.closes] for each in day] for day in week],
        "holidays": [{"date": day, "name": name} for day, name in holidays],
    }
    # One row at most: the first is made once, and a unique constraint sees to it.
    calendar, _made = BusinessCalendar.objects.update_or_create(defaults=values)
    return calendar

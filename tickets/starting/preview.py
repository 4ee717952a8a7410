"""What a person sees of a start before it is saved."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from workflows.engine.errors import RecurrenceError
from workflows.engine.starts import StartSpec
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.times.recurrence import DayRule

NEXT: Final = 5


def next_times(spec: StartSpec, working_time: WorkingTime, *, after: datetime) -> list[datetime]:
    """The next five, or fewer; none where its rule cannot be read."""
    try:
        return spec.recurrence().next_moments(working_time, after=after, number=NEXT)
    except RecurrenceError:
        return []


def readable_rule(text: str) -> DayRule | None:
    """None: it cannot be read."""
    try:
        return DayRule.parse(text)
    except RecurrenceError:
        return None

"""What rules know of time: a value that is given to them, so that the same step decides the same.

Conditions, formulas and transforms read `today` and `now`; working days are counted by
`working_time`. Nothing in the engine asks a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from workflows.engine.process import JsonObject
from workflows.engine.times.calendar import OFFICE_TIME, WorkingTime

TODAY: Final = "today"
NOW: Final = "now"
NAMES: Final = (TODAY, NOW)


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment, and when the company works. `now` is aware; `today` is the company's date."""

    now: datetime
    working_time: WorkingTime = OFFICE_TIME

    @classmethod
    def at_noon(cls, day: date, working_time: WorkingTime = OFFICE_TIME) -> Clock:
        """Of a day that somebody names without a time."""
        return cls(datetime.combine(day, time(12), working_time.zone), working_time)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.working_time.zone).date()

    def as_json(self) -> JsonObject:
        """What rules read."""
        now = self.now.astimezone(UTC).replace(microsecond=0)
        return {TODAY: self.today.isoformat(), NOW: f"{now:%Y-%m-%dT%H:%M:%SZ}"}


def with_time(context: JsonObject, clock: Clock | None) -> JsonObject:
    """What rules read, with the time where it is known."""
    return context if clock is None else {**context, **clock.as_json()}

"""Whether a person is given tasks, together with the absence that they have planned.

`away_from` is when they will go; nothing stands there any more once they have gone. So who is away
by plan, and comes back by it, has an `away_until` alone: whoever has switched themselves away
without end is not taken for one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tenants.models import User

COLUMNS: Final = ("is_available", "away_from", "away_until")


@dataclass(frozen=True, slots=True)
class Availability:
    """The three columns of a person. What follows of them is said here, and written elsewhere."""

    is_available: bool
    away_from: datetime | None = None
    away_until: datetime | None = None

    @property
    def is_away_by_plan(self) -> bool:
        """They have gone when they said, and come back when they said."""
        return self.away_from is None and self.away_until is not None

    @property
    def is_planned(self) -> bool:
        """Whether they are away by a plan, or will be."""
        return self.away_from is not None or self.is_away_by_plan

    def as_columns(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in COLUMNS}

    def planned(
        self, *, away_from: datetime | None, away_until: datetime | None, now: datetime
    ) -> Availability:
        """With another plan in the place of the one before; both None: without any.

        Whoever was away by the old one, and is not by the new one, is there again.
        """
        if away_from is not None and away_from <= now:
            return Availability(is_available=False, away_until=away_until)
        is_available = self.is_available or self.is_away_by_plan
        return Availability(is_available, away_from, away_until)

    def set_to(self, *, is_available: bool, now: datetime) -> Availability:
        """As somebody has said it now. A plan that has begun is over; one that lies ahead stays.

        Whoever goes when their plan has just begun, before it was looked who goes, goes by it.
        """
        if not is_available and self._goes_by_plan(now):
            return replace(self, is_available=False, away_from=None)
        if self._has_begun(now) and (is_available or self.is_available):
            return Availability(is_available)
        return replace(self, is_available=is_available)

    def at(self, now: datetime) -> Availability:
        """After whoever's time it is has gone, or come back."""
        if not self._has_begun(now):
            return self
        if self.is_away_by_plan:
            is_over = self.away_until is not None and self.away_until <= now
            return Availability(is_available=True) if is_over else self
        if self._goes_by_plan(now):
            return replace(self, is_available=False, away_from=None)
        # The plan is over before anybody looked, or they were away already, without end.
        return Availability(self.is_available)

    def _has_begun(self, now: datetime) -> bool:
        return self.is_away_by_plan or (self.away_from is not None and self.away_from <= now)

    def _goes_by_plan(self, now: datetime) -> bool:
        is_ahead = self.away_until is not None and self.away_until > now
        is_due = self.away_from is not None and self.away_from <= now
        return self.is_available and is_due and is_ahead


def availability_of(person: User) -> Availability:
    """As the object has it."""
    return Availability(person.is_available, person.away_from, person.away_until)

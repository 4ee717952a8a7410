"""The time that a report is about, and the steps in which it goes through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models.functions import TruncDay, TruncMonth, TruncWeek
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone, localtime

from tickets.finding.days import Days

# More days than these are shown by week, and more than those by month.
MOST_DAILY: Final = 31
MOST_WEEKLY: Final = 190
LONGEST_DAYS: Final = 3_660


@dataclass(frozen=True, slots=True)
class Period:
    first: date
    last: date

    @property
    def days(self) -> Days:
        return Days(self.first, self.last)

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def step_of(self) -> type[TruncDay | TruncWeek | TruncMonth]:
        if self.length <= MOST_DAILY:
            return TruncDay
        return TruncWeek if self.length <= MOST_WEEKLY else TruncMonth

    def step(self, field: str) -> Any:
        """The expression that says at which step a moment lies."""
        return self.step_of(field, tzinfo=get_current_timezone())

    def steps(self) -> Iterator[tuple[date, Days]]:
        """Each step by the day with which it begins, and its days that belong to the period."""
        begin = _beginning(self.step_of, self.first)
        while begin <= self.last:
            following = _following(self.step_of, begin)
            last = min(following - timedelta(days=1), self.last)
            yield begin, Days(max(begin, self.first), last)
            begin = following

    def name_of(self, days: Days) -> str:
        if self.step_of is TruncMonth and days.first is not None:
            return date_format(days.first, "YEAR_MONTH_FORMAT")
        return days.in_words


def day_of(moment: datetime) -> date:
    return localtime(moment).date()


def _beginning(step: type, day: date) -> date:
    if step is TruncDay:
        return day
    if step is TruncWeek:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1)


def _following(step: type, begin: date) -> date:
    if step is TruncDay:
        return begin + timedelta(days=1)
    if step is TruncWeek:
        return begin + timedelta(days=7)
    return (begin + timedelta(days=32)).replace(day=1)

"""Days from one to another, as a filter of a list has them in its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

SEPARATOR: Final = ".."
# What lies outside cannot be meant, and with a time zone could not be counted with.
FIRST, LAST = date(1970, 1, 1), date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """Both days belong to it; None: from ever, or for ever. Days are those of the pages' zone."""

    first: date | None
    last: date | None

    @classmethod
    def parse(cls, text: str) -> Days | None:
        """What `str` made, such as `2026-11-01..2026-11-30`; None for anything else."""
        first, separator, last = text.partition(SEPARATOR)
        if not separator or not (first or last):
            return None
        try:
            days = cls(_day(first), _day(last))
        except ValueError:
            return None
        if days.first and days.last and days.first > days.last:
            return None
        return days

    def __str__(self) -> str:
        return f"{self.first or ''}{SEPARATOR}{self.last or ''}"

    def within(self, field: str) -> Q:
        """That a moment lies on one of these days."""
        condition = Q()
        if self.first is not None:
            condition &= Q(**{f"{field}__gte": beginning_of(self.first)})
        if self.last is not None:
            condition &= Q(**{f"{field}__lt": beginning_of(self.last + timedelta(days=1))})
        return condition

    @property
    def in_words(self) -> str:
        if self.first is None:
            return _("until %(day)s") % {"day": _shown(self.last)}
        if self.last is None:
            return _("since %(day)s") % {"day": _shown(self.first)}
        if self.first == self.last:
            return _shown(self.first)
        return _("%(first)s to %(last)s") % {"first": _shown(self.first), "last": _shown(self.last)}


def beginning_of(day: date) -> datetime:
    """When the day begins in the pages' time zone."""
    return datetime.combine(day, time.min, tzinfo=get_current_timezone())


def _day(text: str) -> date | None:
    """Raises ValueError: it is no day, or none that can be meant."""
    if not text:
        return None
    day = date.fromisoformat(text)
    if text != day.isoformat() or not FIRST <= day <= LAST:
        raise ValueError(text)
    return day


def _shown(day: date | None) -> str:
    return "" if day is None else date_format(day, "SHORT_DATE_FORMAT")

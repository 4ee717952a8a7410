"""When a task is due: durations in working time, and the working time of a company.

``P2D`` is two working days: the same time of day, two working days later. ``PT4H`` is four
hours of working time. Both together go days first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from workflows.engine.errors import DurationError, SpanError

DAY_MINUTES: Final = 24 * 60
# One spelling for each duration: 90 minutes are PT1H30M. bundle.schema.json says the same.
DURATION_PATTERN: Final = (
    "^P([1-9][0-9]{0,2}D|([1-9][0-9]{0,2}D)?T([1-9][0-9]{0,2}H|"
    "([1-9][0-9]{0,2}H)?([1-9]|[1-5][0-9])M))$"
)
# Whoever has no working day for so long has no working time, and every hour counts.
_MOST_IDLE_DAYS: Final = 800
_ISO: Final = re.compile(r"P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,3})H)?(?:([0-9]{1,2})M)?)?")
_CANONICAL: Final = re.compile(DURATION_PATTERN)
_SPAN: Final = re.compile(
    r"([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*[-\u2013]\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?"
)
_WORDS: Final = re.compile(
    r"\s*([0-9]{1,6})\s*(days?|d|hours?|hrs?|h|minutes?|mins?|m)(?![a-z])[\s,]*(?:and\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """Working days, and minutes of working time after them."""

    days: int = 0
    minutes: int = 0

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read the canonical form, as definitions hold it.

        Raises DurationError.
        """
        match = _ISO.fullmatch(text) if _CANONICAL.fullmatch(text) else None
        if match is None:
            raise DurationError
        days, hours, minutes = (int(each or 0) for each in match.groups())
        return cls(days, hours * 60 + minutes)

    @classmethod
    def read(cls, text: str) -> Duration:
        """Read what people write: “2 days 4 hours”, “90 min”, “P2DT4H”.

        Raises DurationError.
        """
        cleaned = text.strip()
        if cleaned[:1].upper() == "P":
            return cls.parse(cleaned.upper())
        found, position = {"d": 0, "h": 0, "m": 0}, 0
        while position < len(cleaned):
            match = _WORDS.match(cleaned, position)
            if match is None:
                raise DurationError
            found[match[2][0].lower()] += int(match[1])
            position = match.end()
        duration = cls(found["d"], found["h"] * 60 + found["m"])
        cls.parse(duration.iso)  # not zero, and not too long
        return duration

    @property
    def least_seconds(self) -> int:
        """So much time passes at least, whatever the working hours are that people have.

        A day leads to the same time of the next working day, or to its end before that.
        """
        return max(self.days * 24 - 12, 0) * 3600 + self.minutes * 60

    @property
    def iso(self) -> str:
        """The canonical form, after ISO 8601; empty for no time at all."""
        hours, minutes = divmod(self.minutes, 60)
        days = f"{self.days}D" if self.days else ""
        clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        if not days and not clock:
            return ""
        return f"P{days}" + (f"T{clock}" if clock else "")

    @property
    def text(self) -> str:
        """As people write it, and `read` reads it: “2 days 4 hours”."""
        hours, minutes = divmod(self.minutes, 60)
        parts = ((self.days, "day"), (hours, "hour"), (minutes, "minute"))
        return " ".join(
            f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count
        )


@dataclass(frozen=True, slots=True)
class Span:
    """Working time of a day, in minutes from its midnight: from 0 to 1440."""

    opens: int
    closes: int


def read_spans(text: str) -> tuple[Span, ...]:
    """The working time of a day as people write it: “9-12, 13:00-17:30”; empty: none.

    Raises SpanError.
    """
    spans: list[Span] = []
    for part in filter(None, (each.strip() for each in re.split("[,;]", text))):
        match = _SPAN.fullmatch(part)
        if match is None:
            raise SpanError
        hour, minute, to_hour, to_minute = (int(each or 0) for each in match.groups())
        span = Span(hour * 60 + minute, to_hour * 60 + to_minute)
        earliest = spans[-1].closes if spans else 0
        fits = earliest <= span.opens < span.closes <= DAY_MINUTES
        if not fits or minute > 59 or to_minute > 59:
            raise SpanError
        spans.append(span)
    return tuple(spans)


def write_spans(spans: Iterable[Span]) -> str:
    return ", ".join(f"{_clock(each.opens)}-{_clock(each.closes)}" for each in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When a company works.

    ``week`` has the spans of each weekday from Monday on, in order; one that closes when it
    opens holds no time. ``holidays`` are days without working time, ``yearly_holidays`` are
    (month, day), of every year.
    """

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = field(default_factory=frozenset)
    yearly_holidays: frozenset[tuple[int, int]] = field(default_factory=frozenset)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The working time of a day; none on a holiday."""
        if day in self.holidays or (day.month, day.day) in self.yearly_holidays:
            return ()
        return tuple(each for each in self.week[day.weekday()] if each.closes > each.opens)

    def after(self, start: datetime, duration: Duration) -> datetime:
        """The moment that ``duration`` of working time leads to from ``start``, in UTC.

        ``start`` is aware. Outside working time the clock begins with the next working time.
        Days lead to the same time of day; where that is no working time, to the last moment of
        it before, or the first of that day. Hours are counted as they pass, so that a span in
        which the clocks change is an hour shorter or longer. Without any working time for two
        years, every hour counts.
        """
        try:
            moment = self._first_working_moment(start)
            if duration.days:
                moment = self._days_later(moment, duration.days)
            return self._hours_later(moment, timedelta(minutes=duration.minutes))
        except (StopIteration, OverflowError):
            return start.astimezone(UTC) + timedelta(days=duration.days, minutes=duration.minutes)

    def before(self, end: datetime, duration: Duration) -> datetime:
        """The moment that lies ``duration`` of working time before ``end``: `after`, backwards."""
        try:
            moment = self._last_working_moment(end)
            if duration.days:
                moment = self._days_later(moment, -duration.days)
            return self._hours_earlier(moment, timedelta(minutes=duration.minutes))
        except (StopIteration, OverflowError):
            return end.astimezone(UTC) - timedelta(days=duration.days, minutes=duration.minutes)

    def days_from(self, day: date, days: int) -> date:
        """The day that many working days later, or earlier where it is less than 0.

        Raises OverflowError: a day before the year 1 or after 9999.
        """
        if not days:
            return day
        step = 1 if days > 0 else -1
        following = self._working_days(day + timedelta(days=step), step=step)
        found = next(islice(following, abs(days) - 1, None), None)
        return day + timedelta(days=days) if found is None else found

    def opens(self, day: date) -> datetime:
        """When the working time of a day begins; of a day without any, as in an office."""
        return self._opening(day, (self.spans(day) or OFFICE_HOURS)[0])

    def closes(self, day: date) -> datetime:
        """When it ends."""
        return self._closing(day, (self.spans(day) or OFFICE_HOURS)[-1])

    def clock(self, day: date, minute: int) -> datetime:
        """What the clocks show so many minutes after midnight, in UTC: of two such times the first.

        A time that they skip is read as if they had not been changed yet.
        """
        return self._instant(day, minute, fold=0)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much working time there is from ``start`` to ``end``; none where it ends before."""
        found = timedelta()
        for opens, closes in self._spans_from(start):
            if opens >= end:
                break
            found += max(min(closes, end) - max(opens, start), timedelta())
        return found

    def after_hours(self, start: datetime, hours: timedelta) -> datetime | None:
        """As `after`, by hours as they pass; None without any working time for two years."""
        try:
            return self._hours_later(self._first_working_moment(start), hours)
        except (StopIteration, OverflowError):
            return None

    def day_after(self, day: date, days: int) -> date | None:
        """So many working days after a day, before it where negative; 0: the day itself.

        None where there are no working days, or none so far away.
        """
        step, left = timedelta(days=1 if days > 0 else -1), abs(days)
        idle = 0
        try:
            while left:
                day += step
                idle = 0 if (works := bool(self.spans(day))) else idle + 1
                left -= works
                if idle >= _MOST_IDLE_DAYS:
                    return None
        except OverflowError:
            return None
        return day

    def days_between(self, first: date, last: date) -> int:
        """How many working days follow on the first day, up to the last one and with it.

        `day_after` leads from the first to the last again, where the last is one. Negative where
        the last day is before the first.
        """
        if last < first:
            return -sum(bool(self.spans(last + timedelta(n))) for n in range((first - last).days))
        return sum(bool(self.spans(first + timedelta(n + 1))) for n in range((last - first).days))

    def _first_working_moment(self, start: datetime) -> datetime:
        for opens, closes in self._spans_from(start):
            if start < closes:
                return max(start.astimezone(UTC), opens)
        raise StopIteration

    def _last_working_moment(self, end: datetime) -> datetime:
        for opens, closes in self._spans_back_from(end):
            if end >= opens:
                return min(end.astimezone(UTC), closes)
        raise StopIteration

    def _days_later(self, moment: datetime, days: int) -> datetime:
        """The same time of day, so many working days later; earlier where it is less than 0."""
        local = moment.astimezone(self.zone)
        step = 1 if days > 0 else -1
        following = self._working_days(local.date() + timedelta(days=step), step=step)
        day = next(islice(following, abs(days) - 1, None))
        spans = self.spans(day)
        minute = local.hour * 60 + local.minute
        begun = [each for each in spans if each.opens <= minute]
        if not begun:
            return self._opening(day, spans[0])
        if minute >= begun[-1].closes:
            return self._closing(day, begun[-1])
        return datetime.combine(day, local.time().replace(fold=0), self.zone).astimezone(UTC)

    def _hours_later(self, moment: datetime, left: timedelta) -> datetime:
        if not left:
            return moment
        for opens, closes in self._spans_from(moment):
            begins = max(opens, moment)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta())
        raise StopIteration

    def _hours_earlier(self, moment: datetime, left: timedelta) -> datetime:
        if not left:
            return moment
        for opens, closes in self._spans_back_from(moment):
            ends = min(closes, moment)
            if ends - opens >= left:
                return ends - left
            left -= max(ends - opens, timedelta())
        raise StopIteration

    def _spans_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working time from the day of ``start`` on, as moments in UTC."""
        for day in self._working_days(start.astimezone(self.zone).date()):
            for span in self.spans(day):
                yield self._opening(day, span), self._closing(day, span)

    def _spans_back_from(self, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The same up to the day of ``end``, the last first."""
        for day in self._working_days(end.astimezone(self.zone).date(), step=-1):
            for span in reversed(self.spans(day)):
                yield self._opening(day, span), self._closing(day, span)

    def _working_days(self, first: date, *, step: int = 1) -> Iterator[date]:
        day, idle = first, 0
        while idle < _MOST_IDLE_DAYS:
            if self.spans(day):
                yield day
                idle = 0
            else:
                idle += 1
            day += timedelta(days=step)

    # Of a time that the clocks show twice a span has both. One that they skip is read as if
    # they had not been changed yet.

    def _opening(self, day: date, span: Span) -> datetime:
        return self._instant(day, span.opens, fold=0)

    def _closing(self, day: date, span: Span) -> datetime:
        return max(self._instant(day, span.closes, fold=fold) for fold in (0, 1))

    def _instant(self, day: date, minute: int, *, fold: int) -> datetime:
        if minute >= DAY_MINUTES:
            day, minute = day + timedelta(days=1), 0
        clock = time(minute // 60, minute % 60, fold=fold)
        return datetime.combine(day, clock, self.zone).astimezone(UTC)


OFFICE_HOURS: Final = (Span(9 * 60, 17 * 60),)
OFFICE_WEEK: Final = (OFFICE_HOURS,) * 5 + ((), ())
# Monday to Friday without holidays, where no company is asked.
OFFICE_TIME: Final = WorkingTime(zone=ZoneInfo("UTC"), week=OFFICE_WEEK)

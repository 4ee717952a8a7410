"""When something happens again and again: recurrence rules (RFC 5545), and working days.

A rule is a text such as ``FREQ=WEEKLY;BYDAY=MO``: which days, never which time of them. What is
read of RFC 5545 (section 3.3.10) is what names days: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY),
INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYDAY and BYSETPOS. The days are found period by
period up to a day, so that a rule that never matches (the 30th of February) costs no more than
another; python-dateutil looks for such a day until the year 9999, for many seconds.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from workflows.engine.errors import RecurrenceError
from workflows.engine.texts import gettext, gettext_noop

from .calendar import WorkingTime

LONGEST_RULE: Final = 200
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Nothing is looked for further away: the 29th of February comes within eight years.
FURTHEST: Final = timedelta(days=366 * 9)
EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2200, 1, 1)
MOST_WORKING_DAYS: Final = 23
_MOST_INTERVAL: Final = 1_000
_MOST_COUNT: Final = 10_000
_BYDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(T[0-9]{6}Z?)?")
_AT: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Frequency(StrEnum):
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


# The parts of a rule with a list of numbers, and between which they are; 0 is none of them.
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYSETPOS": (-366, 366),
}
_KNOWN: Final = (
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"),
    *("BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"),
)
_WITH_WORKING_DAY: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH"})

_FREQUENCY: Final = gettext_noop(
    "Begin with FREQ=DAILY, FREQ=WEEKLY, FREQ=MONTHLY or FREQ=YEARLY. Nothing begins more often "
    "than once a day."
)
_UNKNOWN: Final = gettext_noop(
    "“%(found)s” is not read here. There are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, "
    "BYMONTHDAY, BYDAY and BYSETPOS; the time of day stands beside the rule."
)
_PART: Final = gettext_noop(
    "“%(found)s” cannot be read. Write a rule such as FREQ=WEEKLY;BYDAY=MO."
)
_LONG: Final = gettext_noop("The rule is too long: at most 200 characters.")
_COUNT_AND_UNTIL: Final = gettext_noop("Say COUNT or UNTIL, not both.")
_ORDINAL: Final = gettext_noop(
    "A number before a weekday, such as 1MO, goes with FREQ=MONTHLY or FREQ=YEARLY only."
)
_MONTH_DAY_OF_WEEK: Final = gettext_noop("BYMONTHDAY does not go with FREQ=WEEKLY. Say BYDAY.")
_POSITION: Final = gettext_noop("BYSETPOS chooses among days: say BYDAY or BYMONTHDAY, too.")
_TIME: Final = gettext_noop("Give a time of day such as 08:00.")
_DAY_EXPECTED: Final = gettext_noop("Give a day such as 2026-10-30, from the year 2000 on.")
_WORKING_DAY: Final = gettext_noop(
    "Give the number of a working day of the month: 1 for the first, -1 for the last."
)
_NOTHING: Final = gettext_noop(
    "Say when it starts: a rule such as FREQ=WEEKLY;BYDAY=MO, or a working day of the month."
)
_FIRST: Final = gettext_noop(
    "This rule counts from a day. Give that day, or name the days in the rule (BYDAY, BYMONTHDAY)."
)
_MONTHS: Final = gettext_noop(
    "With a working day a rule says in which months: FREQ=MONTHLY, and BYMONTH, INTERVAL, COUNT or "
    "UNTIL."
)


def _refused(sentence: str, found: str = "", *, name: str = "rule") -> RecurrenceError:
    return RecurrenceError(gettext(sentence) % {"found": found[:40]}, name=name)


@dataclass(frozen=True, slots=True)
class DayRule:
    """The days that a rule names. `by_day`: (weekday from 0, which of them or 0: each)."""

    frequency: Frequency = Frequency.MONTHLY
    interval: int = 1
    count: int = 0
    until: date | None = None
    week_start: int = 0
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    by_set_position: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> DayRule:
        """Read a rule; what stands before a colon (RRULE:) is left out.

        Raises:
            RecurrenceError: it is none, or names more than days.
        """
        parts = _parts(text)
        frequency = parts.get("FREQ", "")
        if frequency not in tuple(Frequency):
            raise _refused(_FREQUENCY)
        rule = cls(
            frequency=Frequency(frequency),
            interval=_number(parts, "INTERVAL", 1, _MOST_INTERVAL, 1),
            count=_number(parts, "COUNT", 1, _MOST_COUNT, 0),
            until=_until(parts.get("UNTIL", "")),
            week_start=_weekday(parts.get("WKST", "MO")),
            by_month=_numbers(parts, "BYMONTH"),
            by_month_day=_numbers(parts, "BYMONTHDAY"),
            by_day=tuple(_by_day(parts.get("BYDAY", ""))),
            by_set_position=_numbers(parts, "BYSETPOS"),
        )
        rule._ensure_makes_sense()
        return rule

    def _ensure_makes_sense(self) -> None:
        if self.count and self.until:
            raise _refused(_COUNT_AND_UNTIL)
        has_ordinals = any(which for _day, which in self.by_day)
        if has_ordinals and self.frequency not in (Frequency.MONTHLY, Frequency.YEARLY):
            raise _refused(_ORDINAL)
        if self.by_month_day and self.frequency is Frequency.WEEKLY:
            raise _refused(_MONTH_DAY_OF_WEEK)
        if self.by_set_position and not (self.by_day or self.by_month_day or self.by_month):
            raise _refused(_POSITION)

    @property
    def needs_first(self) -> bool:
        """Whether its days depend on the day from which it counts."""
        if self.count or self.interval > 1:
            return True
        match self.frequency:
            case Frequency.DAILY:
                return False
            case Frequency.WEEKLY:
                return not self.by_day
            case Frequency.MONTHLY:
                return not (self.by_day or self.by_month_day)
        if self.by_day:
            return False
        return not self.by_month_day

    def days(self, first: date, last: date, *, anchor: date) -> Iterator[date]:
        """Its days from `first` to `last`, in order; counted from `anchor`, and none before it."""
        last = last if self.until is None else min(last, self.until)
        whole, found = self._completed(anchor), 0
        begin = anchor if self.count else max(anchor, first)
        for candidates in self._periods(begin, anchor):
            for day in whole._chosen(candidates):
                if day < anchor:
                    continue
                found += 1
                if day > last or (self.count and found > self.count):
                    return
                if day >= first:
                    yield day
            if candidates and candidates[-1] > last:
                return

    def months(self, first: date, last: date, *, anchor: date) -> Iterator[date]:
        """The first days of its months, for rules that say no day."""
        last = last if self.until is None else min(last, self.until)
        month, number = anchor.replace(day=1), 0
        while month <= last:
            if not self.by_month or month.month in self.by_month:
                number += 1
                if self.count and number > self.count:
                    return
                if month >= first.replace(day=1):
                    yield month
            month = _month_later(month, self.interval)

    def _completed(self, anchor: date) -> DayRule:
        """With the day of the anchor, where the rule names no day."""
        if self.by_day or self.by_month_day or self.frequency is Frequency.DAILY:
            return self
        if self.frequency is Frequency.WEEKLY:
            return replace(self, by_day=((anchor.weekday(), 0),))
        is_yearly = self.frequency is Frequency.YEARLY
        by_month = (anchor.month,) if is_yearly and not self.by_month else self.by_month
        return replace(self, by_month=by_month, by_month_day=(anchor.day,))

    def _periods(self, begin: date, anchor: date) -> Iterator[list[date]]:
        """All days of each period of the rule, from that on which has `begin` in it."""
        number = self._periods_before(begin, anchor)
        while True:
            start = self._start(anchor, number * self.interval)
            if start is None:
                return
            yield self._days_of(start)
            number += 1

    def _periods_before(self, begin: date, anchor: date) -> int:
        days = (begin - anchor).days
        months = (begin.year - anchor.year) * 12 + begin.month - anchor.month
        passed = {
            Frequency.DAILY: days,
            Frequency.WEEKLY: days // 7,
            Frequency.MONTHLY: months,
            Frequency.YEARLY: begin.year - anchor.year,
        }[self.frequency]
        return max(passed // self.interval - 1, 0)

    def _start(self, anchor: date, periods: int) -> date | None:
        """The first day of a period; None: beyond all days that are looked for."""
        try:
            match self.frequency:
                case Frequency.DAILY:
                    start = anchor + timedelta(days=periods)
                case Frequency.WEEKLY:
                    back = (anchor.weekday() - self.week_start) % 7
                    start = anchor + timedelta(days=7 * periods - back)
                case Frequency.MONTHLY:
                    start = _month_later(anchor.replace(day=1), periods)
                case _:
                    start = date(anchor.year + periods, 1, 1)
        except (OverflowError, ValueError):
            return None
        return start if start < LATEST else None

    def _days_of(self, start: date) -> list[date]:
        match self.frequency:
            case Frequency.DAILY:
                number = 1
            case Frequency.WEEKLY:
                number = 7
            case Frequency.MONTHLY:
                number = calendar.monthrange(start.year, start.month)[1]
            case _:
                number = 366 if calendar.isleap(start.year) else 365
        return [start + timedelta(days=each) for each in range(number)]

    def _chosen(self, days: list[date]) -> list[date]:
        """Those of a period that the rule names."""
        found = [each for each in days if self._is_named(each)]
        if not self.by_set_position:
            return found
        numbers = {each - 1 if each > 0 else len(found) + each for each in self.by_set_position}
        return [found[each] for each in sorted(numbers) if 0 <= each < len(found)]

    def _is_named(self, day: date) -> bool:
        if self.by_month and day.month not in self.by_month:
            return False
        if self.by_month_day:
            length = calendar.monthrange(day.year, day.month)[1]
            if not {day.day, day.day - length - 1} & {*self.by_month_day}:
                return False
        return not self.by_day or any(
            day.weekday() == weekday and (not which or self._is_the(which, day))
            for weekday, which in self.by_day
        )

    def _is_the(self, which: int, day: date) -> bool:
        """Whether it is the second (2) or the last (-1) of its weekday, of its month or year."""
        if self.frequency is Frequency.MONTHLY or self.by_month:
            length, number = calendar.monthrange(day.year, day.month)[1], day.day
        else:
            length = 366 if calendar.isleap(day.year) else 365
            number = day.timetuple().tm_yday
        return which in ((number - 1) // 7 + 1, -((length - number) // 7 + 1))


@dataclass(frozen=True, slots=True)
class Recurrence:
    """At which moments something begins: days of a rule, at a time of day.

    `working_day` is the n-th working day of the month, -1 its last one; then `rule` says at most
    in which months. `first` is the day from which it counts.
    """

    at: time
    rule: DayRule | None = None
    working_day: int = 0
    first: date | None = None

    @classmethod
    def read(
        cls, *, rule: str = "", working_day: int = 0, at: str = "", first: str = ""
    ) -> Recurrence:
        """Read what a definition says: see `start` in bundle.schema.json.

        Raises:
            RecurrenceError: it cannot be one; `name` says which of the four is wrong.
        """
        match = _AT.fullmatch(at)
        if match is None:
            raise _refused(_TIME, name="at")
        clock, day = time(int(match[1]), int(match[2])), _day(first)
        if not -MOST_WORKING_DAYS <= working_day <= MOST_WORKING_DAYS:
            raise _refused(_WORKING_DAY, name="working_day")
        days = DayRule.parse(rule) if rule else None
        if working_day:
            _ensure_names_months(rule, days)
        elif days is None:
            raise _refused(_NOTHING)
        needs_first = days is not None and (
            (days.count > 0 or days.interval > 1) if working_day else days.needs_first
        )
        if needs_first and day is None:
            raise _refused(_FIRST, name="from")
        return cls(clock, days, working_day, day)

    def moments(self, working_time: WorkingTime, *, after: datetime) -> Iterator[datetime]:
        """The moments that follow on `after`, in UTC, in order.

        A time that the clocks skip is the moment at which they go on; one that they show twice is
        the first of both. None: nothing more within `FURTHEST`.
        """
        begin = after.astimezone(working_time.zone).date() - timedelta(days=1)
        begin = max(begin, EARLIEST, self.first or EARLIEST)
        try:
            end = min(begin + FURTHEST, LATEST)
        except OverflowError:
            return
        latest = after
        for day in self._days(begin, end, working_time):
            moment = moment_on(day, self.at, working_time.zone)
            if moment > latest:
                latest = moment
                yield moment

    def next_moments(
        self, working_time: WorkingTime, *, after: datetime, number: int
    ) -> list[datetime]:
        return list(islice(self.moments(working_time, after=after), number))

    def _days(self, first: date, last: date, working_time: WorkingTime) -> Iterator[date]:
        rule = self.rule or DayRule()
        anchor = self.first or date(first.year, 1, 1)
        if not self.working_day:
            yield from rule.days(first, last, anchor=anchor)
            return
        for month in rule.months(first, last, anchor=anchor):
            day = working_day_of(month, self.working_day, working_time)
            if day is not None and first <= day <= last and day >= anchor:
                if rule.until is not None and day > rule.until:
                    return
                yield day


def working_day_of(month: date, number: int, working_time: WorkingTime) -> date | None:
    """The n-th working day of the month that begins on this day, -1 the last; None: it has none."""
    length = calendar.monthrange(month.year, month.month)[1]
    days = [month + timedelta(days=each) for each in range(length)]
    days = [each for each in days if working_time.spans(each)]
    place = number - 1 if number > 0 else len(days) + number
    return days[place] if 0 <= place < len(days) else None


def moment_on(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When clocks of the zone show this time: the first of two, and of none when they go on."""
    local = datetime.combine(day, at, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # They were changed between what the time means with the old offset and with the new one.
    before, after = local.replace(fold=1).astimezone(UTC), moment
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _parts(text: str) -> dict[str, str]:
    plain = "".join(text.split()).upper()
    if len(plain) > LONGEST_RULE:
        raise _refused(_LONG)
    parts: dict[str, str] = {}
    for part in filter(None, plain.removeprefix("RRULE:").split(";")):
        name, equals, value = part.partition("=")
        if name not in _KNOWN:
            raise _refused(_UNKNOWN, name)
        if not equals or not value or name in parts:
            raise _refused(_PART, part)
        parts[name] = value
    return parts


def _number(parts: Mapping[str, str], name: str, least: int, most: int, otherwise: int) -> int:
    text = parts.get(name)
    if text is None:
        return otherwise
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if not least <= number <= most:
        raise _refused(_PART, f"{name}={text}")
    return number


def _numbers(parts: Mapping[str, str], name: str) -> tuple[int, ...]:
    least, most = _NUMBERS[name]
    found: set[int] = set()
    for text in parts[name].split(",") if name in parts else ():
        digits = text[1:] if text[:1] in ("+", "-") else text
        number = int(text) if digits.isascii() and digits.isdigit() and len(text) < 6 else 0
        if not number or not least <= number <= most:
            raise _refused(_PART, f"{name}={text}")
        found.add(number)
    return tuple(sorted(found))


def _by_day(text: str) -> Iterator[tuple[int, int]]:
    for each in text.split(",") if text else ():
        match = _BYDAY.fullmatch(each)
        which = int(match[1]) if match is not None and match[1] else 0
        if match is None or (match[1] and not 1 <= abs(which) <= 53):
            raise _refused(_PART, f"BYDAY={each}")
        yield WEEKDAYS.index(match[2]), which


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise _refused(_PART, f"WKST={text}")
    return WEEKDAYS.index(text)


def _until(text: str) -> date | None:
    """A day with it; of a moment its day."""
    if not text:
        return None
    match = _UNTIL.fullmatch(text)
    try:
        return date(*(int(each) for each in match.groups()[:3])) if match else date(0, 0, 0)
    except ValueError as error:
        raise _refused(_PART, f"UNTIL={text}") from error


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else date(1, 1, 1)
    except ValueError:
        day = date(1, 1, 1)
    if not EARLIEST <= day < LATEST:
        raise _refused(_DAY_EXPECTED, name="from")
    return day


def _ensure_names_months(text: str, rule: DayRule | None) -> None:
    if rule is None:
        return
    if rule.frequency is not Frequency.MONTHLY or not _parts(text).keys() <= _WITH_WORKING_DAY:
        raise _refused(_MONTHS)


def _month_later(month: date, months: int) -> date:
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)

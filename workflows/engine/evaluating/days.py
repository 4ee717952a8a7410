"""Dates and moments moved by days, working days, weeks, months or years, and counted between.

A moment keeps the time of day that the company's clocks show. The last day of a shorter month
stands for the days that it has not: 31 January and a month are the last day of February.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from .failures import Reason, Unfit
from .moments import difference_in, is_date, moment_of, moment_text
from .numbers import whole_number
from .steps import Run, WorkingDays

WORKING_DAYS: Final = "working_days"
_MOST_WORKING_DAYS: Final = 5_000
_MOST_DAYS_APART: Final = 10_000
_DAYS: Final[Mapping[str, int]] = {"days": 1, "weeks": 7}
_MONTHS: Final[Mapping[str, int]] = {"months": 1, "years": 12}
UNITS: Final = (*_DAYS, WORKING_DAYS, *_MONTHS)


class _Weekdays:
    """Monday to Friday, where no company is asked."""

    zone = UTC

    def day_after(self, day: date, days: int) -> date | None:
        step, left = timedelta(days=1 if days > 0 else -1), abs(days)
        while left:
            day += step
            left -= day.weekday() < 5
        return day

    def days_between(self, first: date, last: date) -> int:
        if last < first:
            days = (last + timedelta(n) for n in range((first - last).days))
            return -sum(each.weekday() < 5 for each in days)
        days = (first + timedelta(n + 1) for n in range((last - first).days))
        return sum(each.weekday() < 5 for each in days)


_WEEKDAYS: Final[WorkingDays] = _Weekdays()


def shifted(values: list[Any], run: Run) -> Any:
    """`date_add`: a date or a moment, how many, and of what; null stays null."""
    given, count, unit = values
    if given is None or count is None:
        return None
    whole = whole_number(count)
    if whole is None or not isinstance(unit, str) or unit not in UNITS:
        raise Unfit
    working_time = run.working_time or _WEEKDAYS
    try:
        if is_date(given):
            return _moved(date.fromisoformat(given), whole, unit, run).isoformat()
        moment = moment_of(given)
        if moment is None:
            raise Unfit
        local = moment.astimezone(working_time.zone)
        day = _moved(local.date(), whole, unit, run)
        moved = datetime.combine(day, local.timetz().replace(fold=0))
        return moment_text(moved.astimezone(UTC))
    except (OverflowError, ValueError) as error:
        raise Unfit(Reason.TOO_LARGE) from error


def difference(values: list[Any], run: Run) -> Any:
    """`date_diff`: how many whole units lie between two; negative where the first is earlier."""
    one, other, unit = values
    if one is None or other is None:
        return None
    if not isinstance(unit, str) or unit not in _OF_DAYS:
        return difference_in(unit, one, other)
    working_time = run.working_time or _WEEKDAYS
    try:
        first, last = _day_of(other, working_time), _day_of(one, working_time)
    except (OverflowError, ValueError) as error:
        raise Unfit(Reason.TOO_LARGE) from error
    return _OF_DAYS[unit](first, last, run)


def _moved(day: date, count: int, unit: str, run: Run) -> date:
    if unit in _MONTHS:
        months = day.year * 12 + day.month - 1 + count * _MONTHS[unit]
        year, month = divmod(months, 12)
        if not 1 <= year <= 9999:
            raise Unfit(Reason.TOO_LARGE)
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, last))
    if unit in _DAYS:
        return date.fromordinal(day.toordinal() + count * _DAYS[unit])
    if abs(count) > _MOST_WORKING_DAYS:
        raise Unfit(Reason.TOO_LARGE)
    run.go_over(2 * abs(count))
    found = (run.working_time or _WEEKDAYS).day_after(day, count)
    if found is None:
        raise Unfit
    return found


def _day_of(value: Any, working_time: WorkingDays) -> date:
    if is_date(value):
        return date.fromisoformat(value)
    moment = moment_of(value)
    if moment is None:
        raise Unfit
    return moment.astimezone(working_time.zone).date()


def _weeks(first: date, last: date, _run: Run) -> int:
    days = (last - first).days
    return days // 7 if days >= 0 else -(-days // 7)


def _working_days(first: date, last: date, run: Run) -> int:
    apart = abs((last - first).days)
    if apart > _MOST_DAYS_APART:
        raise Unfit(Reason.TOO_LARGE)
    run.go_over(apart)
    return (run.working_time or _WEEKDAYS).days_between(first, last)


def _months(first: date, last: date, run: Run) -> int:
    """Whole months: so many can be added to the first day without going past the last."""
    if last < first:
        return -_months(last, first, run)
    months = (last.year - first.year) * 12 + last.month - first.month
    if last.day < min(first.day, monthrange(last.year, last.month)[1]):
        months -= 1
    return months


def _years(first: date, last: date, run: Run) -> int:
    months = _months(first, last, run)
    return months // 12 if months >= 0 else -(-months // 12)


_OF_DAYS: Final[Mapping[str, Callable[[date, date, Run], int]]] = {
    "weeks": _weeks,
    WORKING_DAYS: _working_days,
    "months": _months,
    "years": _years,
}

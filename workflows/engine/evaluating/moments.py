"""Moments, times of the day and durations, which are texts.

A moment is ISO 8601 with a time: `2026-01-31T10:00:00+02:00`, with or without seconds, a fraction
of them, and an offset; without an offset it counts as UTC. A time is `09:00` or `09:00:00`. A
duration is `1d`, `2h30m` or `1d:2h:3m:4s`. Two texts of one kind compare by what they mean, however
they are written. Dates are texts, in whose order they come anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from .failures import Reason, Unfit
from .numbers import Number, divided, multiplied

_LONGEST: Final = 48
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)
_DURATION: Final = re.compile(
    r"(?=-?\d)(?:(-?\d{1,10})d)?:?(?:(-?\d{1,10})h)?:?(?:(-?\d{1,10})m)?:?(?:(-?\d{1,10})s)?",
    re.ASCII,
)
_SECONDS: Final = (86_400, 3_600, 60, 1)
_MOST_SECONDS: Final = 10**15


def meant(text: str) -> tuple[str, Any] | None:
    """What kind of time a text names, and which; texts of one kind can be compared by it."""
    if len(text) > _LONGEST or not text or not (text[0].isdigit() or text[0] == "-"):
        return None
    return _meant(text)


@lru_cache(maxsize=2_048)
def _meant(text: str) -> tuple[str, Any] | None:
    if (moment := _moment(text)) is not None:
        return "moment", moment
    if match := _TIME.fullmatch(text):
        hour, minute, second = (int(each or 0) for each in match.groups()[:3])
        if hour < 24 and minute < 60 and second < 60:
            return "time", (hour, minute, second, (match[4] or "").ljust(9, "0"))
    seconds = _duration(text)
    return None if seconds is None else ("duration", seconds)


def moment_of(value: Any) -> datetime | None:
    found = meant(value) if isinstance(value, str) else None
    return found[1] if found is not None and found[0] == "moment" else None


def moment_or_date(value: Any) -> datetime | None:
    """A date counts as its first moment."""
    found = moment_of(value)
    if found is None and is_date(value):
        day = date.fromisoformat(value)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return found


def is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def duration_of(value: Any) -> int | None:
    """The seconds of a duration."""
    found = meant(value) if isinstance(value, str) else None
    return found[1] if found is not None and found[0] == "duration" else None


def duration_text(seconds: int) -> str:
    if abs(seconds) > _MOST_SECONDS:
        raise Unfit(Reason.TOO_LARGE)
    sign = -1 if seconds < 0 else 1
    parts, rest = [], abs(seconds)
    for size, unit in zip(_SECONDS, "dhms", strict=True):
        count, rest = divmod(rest, size)
        parts.append(f"{sign * count}{unit}")
    return ":".join(parts)


def moment_text(moment: datetime) -> str:
    return f"{_in_utc(moment):%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0")


def sum_of_times(one: Any, other: Any) -> str | None:
    """A moment or a date and a duration, or two durations; None where they are neither."""
    seconds = duration_of(other)
    if seconds is None:
        return None
    if (moment := moment_or_date(one)) is not None:
        return _shifted(one, moment, seconds)
    mine = duration_of(one)
    return None if mine is None else duration_text(mine + seconds)


def difference_of_times(one: Any, other: Any) -> str | None:
    mine, theirs = moment_or_date(one), moment_or_date(other)
    if mine is not None and theirs is not None:
        return duration_text(_whole_seconds(mine - theirs))
    seconds = duration_of(other)
    if seconds is None:
        return None
    if mine is not None:
        return _shifted(one, mine, -seconds)
    own = duration_of(one)
    return None if own is None else duration_text(own - seconds)


def duration_times(seconds: int, factor: Number) -> str:
    return duration_text(_to_int(multiplied(seconds, factor)))


def duration_over(seconds: int, divisor: Number) -> str:
    return duration_text(_to_int(divided(seconds, divisor)))


def difference_in(unit: Any, one: Any, other: Any) -> int:
    """How many whole units lie between two moments or dates; negative where the first is later."""
    mine, theirs = moment_or_date(one), moment_or_date(other)
    size = _UNITS.get(unit) if isinstance(unit, str) else None
    if mine is None or theirs is None or size is None:
        raise Unfit
    apart = mine - theirs
    whole = abs(apart) // size
    return whole if apart >= timedelta(0) else -whole


def formatted(value: Any, form: Any) -> str:
    """A moment or a date, in UTC, by a form such as `dd.MM.yyyy HH:mm` or `%d.%m.%Y`."""
    moment = moment_or_date(value)
    if moment is None or not isinstance(form, str):
        raise Unfit
    if form == "z":
        return _offset_text(value, moment)
    in_utc = _in_utc(moment)
    made = []
    for part in _parts_of(form):
        if not part.startswith("%"):
            made.append(part)
        elif part in _WRITTEN:
            made.append(_WRITTEN[part](in_utc))
        else:
            raise Unfit
    return "".join(made)


def parsed(text: Any, form: Any) -> str:
    """The moment that a text names in a form; a form without a time gives the day's first."""
    if not isinstance(text, str) or not isinstance(form, str) or len(text) > 200 or len(form) > 200:
        raise Unfit
    pattern, names = [], []
    for part in _parts_of(form):
        if not part.startswith("%"):
            pattern.append(re.escape(part))
        elif part in _READ and part not in names:
            names.append(part)
            pattern.append(_READ[part])
        else:
            raise Unfit
    match = re.fullmatch("".join(pattern), text, re.ASCII)
    if match is None:
        raise Unfit
    found = dict(zip(names, map(int, match.groups()), strict=True))
    try:
        moment = datetime(
            found["%Y"], found["%m"], found["%d"],
            found.get("%H", 0), found.get("%M", 0), found.get("%S", 0), tzinfo=UTC,
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise Unfit from error
    return moment_text(moment)


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _duration(text: str) -> int | None:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(int(each or 0) * size for each, size in zip(match.groups(), _SECONDS, strict=True))


def _shifted(given: Any, moment: datetime, seconds: int) -> str:
    try:
        moved = moment + timedelta(seconds=seconds)
        if is_date(given) and not seconds % _SECONDS[0]:
            return moved.date().isoformat()
        return moment_text(moved)
    except OverflowError as error:
        raise Unfit(Reason.TOO_LARGE) from error


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Unfit(Reason.TOO_LARGE) from error


def _whole_seconds(apart: timedelta) -> int:
    whole = abs(apart) // timedelta(seconds=1)
    return whole if apart >= timedelta(0) else -whole


def _to_int(number: Number) -> int:
    if not -_MOST_SECONDS <= number <= _MOST_SECONDS:
        raise Unfit(Reason.TOO_LARGE)
    return int(number)


def _offset_text(value: Any, moment: datetime) -> str:
    offset = moment.utcoffset() if moment_of(value) is not None else None
    seconds = 0 if offset is None else int(offset.total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}"


def _parts_of(form: str) -> list[str]:
    """The directives of a form, and what stands between them."""
    for word, directive in _WORDS.items():
        form = form.replace(word, directive)
    return [part for part in re.split(r"(%.)", form, flags=re.DOTALL) if part]


_UNITS: Final[Mapping[str, timedelta]] = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
    "milliseconds": timedelta(milliseconds=1),
}
_WORDS: Final[Mapping[str, str]] = {
    "yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
}  # fmt: skip
_READ: Final[Mapping[str, str]] = {
    "%Y": r"(\d{4})", "%m": r"(\d{1,2})", "%d": r"(\d{1,2})",
    "%H": r"(\d{1,2})", "%M": r"(\d{1,2})", "%S": r"(\d{1,2})",
}  # fmt: skip
# By hand: what `strftime` writes depends on the system and its language.
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_WRITTEN: Final[Mapping[str, Callable[[datetime], str]]] = {
    "%Y": lambda at: f"{at.year:04}",
    "%y": lambda at: f"{at.year % 100:02}",
    "%m": lambda at: f"{at.month:02}",
    "%d": lambda at: f"{at.day:02}",
    "%e": lambda at: f"{at.day:2}",
    "%H": lambda at: f"{at.hour:02}",
    "%I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "%p": lambda at: "AM" if at.hour < 12 else "PM",
    "%M": lambda at: f"{at.minute:02}",
    "%S": lambda at: f"{at.second:02}",
    "%A": lambda at: _DAYS[at.weekday()],
    "%a": lambda at: _DAYS[at.weekday()][:3],
    "%B": lambda at: _MONTHS[at.month - 1],
    "%b": lambda at: _MONTHS[at.month - 1][:3],
    "%j": lambda at: f"{at.timetuple().tm_yday:03}",
    "%u": lambda at: str(at.isoweekday()),
    "%w": lambda at: str(at.isoweekday() % 7),
    "%G": lambda at: f"{at.isocalendar().year:04}",
    "%V": lambda at: f"{at.isocalendar().week:02}",
    "%F": lambda at: at.date().isoformat(),
    "%T": lambda at: f"{at.hour:02}:{at.minute:02}:{at.second:02}",
    "%R": lambda at: f"{at.hour:02}:{at.minute:02}",
    "%z": lambda _at: "+0000",
    "%Z": lambda _at: "UTC",
    "%s": lambda at: str(int(at.timestamp())),
    "%n": lambda _at: "\n",
    "%t": lambda _at: "\t",
    "%%": lambda _at: "%",
}


__all__ = [
    "difference_in",
    "difference_of_times",
    "duration_of",
    "duration_over",
    "duration_text",
    "duration_times",
    "formatted",
    "is_date",
    "meant",
    "moment_of",
    "moment_text",
    "parsed",
    "sum_of_times",
]

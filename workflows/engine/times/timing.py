"""When something is, as a definition says it: counted from when a task was made, or from a date.

Documents hold it as a text with one spelling, such as

    P2D                                         two working days after the task was made
    PT30M clock                                 30 minutes after it, by the clock
    P3D before ticket.return_date at 09:00      three working days before the date of an answer
    P7D clock after ticket.return_date          seven days after it, whoever works then
    on ticket.return_date                       on that day
    at 09:00                                    the next time that the clocks of a working day
                                                show 9 o'clock
    P1D before due                              one working day before the task is due

Days by the clock lead to the same time of day, over a change of the clocks too. A date without a
time of day counts from the beginning of that day's working time; what has to be done by then, until
its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from workflows.engine.errors import DurationError, MomentError

from .calendar import DURATION_PATTERN, Duration, WorkingTime

type Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

# What a reminder may count from, too: when its task is due.
DUE: Final = "due"
LONGEST_MOMENT: Final = 200
_DURATION: Final = DURATION_PATTERN.removeprefix("^").removesuffix("$")
_PATH: Final = "(due|ticket[.][a-z][a-z0-9_]*|tasks[.][a-z][a-z0-9_]*[.][a-z][a-z0-9_]*)"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
# One spelling for each; bundle.schema.json says the same.
MOMENT_PATTERN: Final = (
    f"^({_DURATION}( clock)?( (before|after) {_PATH})?( at {_TIME})?"
    f"|on {_PATH}( at {_TIME})?|(clock )?at {_TIME})$"
)
_CANONICAL: Final = re.compile(MOMENT_PATTERN)
_PARTS: Final = re.compile(
    r"(?P<duration>P[0-9A-Z]+)?\s*(?P<clock>clock)?\s*"
    r"(?:(?P<side>before|after|on) (?P<anchor>[a-z0-9_.]+))?\s*(?:at (?P<time>[0-9:]+))?"
)
_WORDS: Final = re.compile(
    r"(?P<duration>.*?)"
    r"(?:\b(?P<side>before|after|on)\s+(?:the\s+)?(?P<anchor>due(?:\s+(?:date|time))?|start"
    r"|[a-z][\w]*(?:\.\w+){1,2}))?"
    r"\s*(?:\bat\s+(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2}))?"
    r"(?P<late_clock>\s*(?:by the clock|(?:in )?clock time|clock))?",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(r"\b(?:by the clock|(?:of |in )?clock time|clock)\s*$", re.IGNORECASE)
_WORKING: Final = re.compile(r"\b(?:of |in )?working time\s*$", re.IGNORECASE)
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, counted from another.

    ``anchor`` is what it is counted from: empty for when the task was made, `DUE`, or the path of
    an answer that is a date, or a date and time. ``by_clock``: every day and hour counts, and not
    working time alone. ``time`` is the time of day that its clocks show, such as 09:00; empty: as
    it comes.
    """

    duration: Duration = field(default_factory=Duration)
    by_clock: bool = False
    anchor: str = ""
    is_before: bool = False
    time: str = ""

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Read the canonical form, as definitions hold it.

        Raises MomentError.
        """
        match = _PARTS.fullmatch(text) if _CANONICAL.fullmatch(text) else None
        if match is None or len(text) > LONGEST_MOMENT:
            raise MomentError
        return cls(
            duration=Duration.parse(match["duration"]) if match["duration"] else Duration(),
            by_clock=bool(match["clock"]),
            anchor=match["anchor"] or "",
            is_before=match["side"] == "before",
            time=match["time"] or "",
        )

    @classmethod
    def read(cls, text: str) -> Moment:
        """Read what people write: “3 days before ticket.return_date at 9:00, clock time”.

        Raises MomentError.
        """
        cleaned = " ".join(text.replace(",", " ").split())
        if _CANONICAL.fullmatch(cleaned):
            return cls.parse(cleaned)
        match = _WORDS.fullmatch(cleaned)
        if match is None:
            raise MomentError
        said, by_clock = match["duration"].strip(" ,"), bool(match["late_clock"])
        if _CLOCK.search(said):
            if by_clock:
                raise MomentError
            said, by_clock = _CLOCK.sub("", said).strip(), True
        said = _WORKING.sub("", said).strip()
        anchor = (match["anchor"] or "").lower()
        anchor = "" if anchor == "start" else DUE if anchor.startswith(DUE) else anchor
        side, hour = (match["side"] or "").lower(), match["hour"]
        if side and bool(said) == (side == "on"):
            raise MomentError
        found = cls(
            duration=_read_duration(said) if said else Duration(),
            by_clock=by_clock,
            anchor=anchor,
            is_before=side == "before",
            time=f"{int(hour):02}:{match['minute']}" if hour else "",
        )
        return cls.parse(found.iso)

    @property
    def iso(self) -> str:
        """The canonical form."""
        return " ".join(
            filter(
                None,
                (
                    self.duration.iso,
                    "clock" if self.by_clock and (self.duration.iso or not self.anchor) else "",
                    self._anchored(),
                    f"at {self.time}" if self.time else "",
                ),
            )
        )

    @property
    def text(self) -> str:
        """As people write it, and `read` reads it."""
        clock = "clock time" if self.by_clock and (self.duration.iso or not self.anchor) else ""
        at = f"at {self.time}" if self.time else ""
        return " ".join(filter(None, (self.duration.text, clock, self._anchored(), at)))

    def _anchored(self) -> str:
        if not self.anchor:
            return ""
        side = "on" if not self.duration.iso else "before" if self.is_before else "after"
        return f"{side} {self.anchor}"

    @property
    def is_plain(self) -> bool:
        """Whether it is so much working time after the task was made, and nothing else."""
        return not (self.by_clock or self.anchor or self.time)

    @property
    def answer(self) -> str:
        """The path of the answer that it is counted from; empty: it is counted from none."""
        return "" if self.anchor == DUE else self.anchor

    @property
    def least_seconds(self) -> int:
        """So much time passes at least from when the task was made."""
        if self.anchor or self.time:
            return 0
        if not self.by_clock:
            return self.duration.least_seconds
        # The clocks may be put forward by an hour.
        return max(self.duration.days * 24 - 1, 0) * 3600 + self.duration.minutes * 60

    def at(
        self,
        working_time: WorkingTime,
        *,
        start: datetime,
        answers: Mapping[str, Json],
        due: datetime | None = None,
        ends_day: bool = False,
    ) -> datetime | None:
        """The moment, in UTC; None where what it is counted from is not there.

        ``start`` is when the task was made, aware; ``answers`` are those by `ticket` and `tasks`.
        ``ends_day``: something has to be done by then, so that a day counts to the end of its
        working time.
        """
        try:
            if not self.anchor:
                return self._from_moment(start, working_time)
            if self.anchor == DUE:
                return None if due is None else self._from_moment(due, working_time)
            value = value_at(self.anchor, answers)
            if not isinstance(value, str):
                return None
            if _DAY.fullmatch(value):
                return self._from_day(date.fromisoformat(value), working_time, ends_day=ends_day)
            moment = datetime.fromisoformat(value.upper())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=working_time.zone)
            return self._from_moment(moment, working_time)
        except (ValueError, OverflowError):
            return None

    @property
    def _sign(self) -> int:
        return -1 if self.is_before else 1

    def _from_moment(self, base: datetime, working_time: WorkingTime) -> datetime:
        days, minutes = self.duration.days, self.duration.minutes
        if not self.time and not self.by_clock:
            count = working_time.before if self.is_before else working_time.after
            return count(base, self.duration) if self.duration.iso else base.astimezone(UTC)
        if not self.time and not days:
            return base.astimezone(UTC) + self._sign * timedelta(minutes=minutes)
        local = base.astimezone(working_time.zone)
        day = self._day_from(local.date(), working_time)
        if self.time:
            moment = working_time.clock(day, self._minute)
            if not days and not self.anchor:
                moment = self._next(day, base, working_time)
        else:
            same = datetime.combine(day, local.time().replace(fold=local.fold), working_time.zone)
            moment = same.astimezone(UTC)
        return self._minutes_from(moment, working_time)

    def _next(self, day: date, base: datetime, working_time: WorkingTime) -> datetime:
        """The next time that the clocks show it, of a working day where not every day counts."""
        if not self.by_clock and not working_time.spans(day):
            day = working_time.days_from(day, 1)
        moment = working_time.clock(day, self._minute)
        if moment < base:
            following = working_time.days_from(day, 1)
            day = day + timedelta(days=1) if self.by_clock else following
        return working_time.clock(day, self._minute)

    def _from_day(self, day: date, working_time: WorkingTime, *, ends_day: bool) -> datetime:
        day = self._day_from(day, working_time)
        if self.time:
            moment = working_time.clock(day, self._minute)
        else:
            moment = working_time.closes(day) if ends_day else working_time.opens(day)
        return self._minutes_from(moment, working_time)

    def _day_from(self, day: date, working_time: WorkingTime) -> date:
        days = self._sign * self.duration.days
        if self.by_clock:
            return day + timedelta(days=days)
        return working_time.days_from(day, days)

    def _minutes_from(self, moment: datetime, working_time: WorkingTime) -> datetime:
        minutes = self.duration.minutes
        if not minutes:
            return moment
        if self.by_clock:
            return moment + self._sign * timedelta(minutes=minutes)
        count = working_time.before if self.is_before else working_time.after
        return count(moment, Duration(0, minutes))

    @property
    def _minute(self) -> int:
        hour, _colon, minute = self.time.partition(":")
        return int(hour) * 60 + int(minute)


def value_at(path: str, answers: Mapping[str, Json]) -> Json:
    """What stands at `ticket.name` or `tasks.key.name`; None where nothing does."""
    value: object = answers
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str | int | float | bool | list | dict) else None


def _read_duration(text: str) -> Duration:
    try:
        return Duration.read(text)
    except DurationError as error:
        raise MomentError from error

"""Durations, and moments that are counted from others, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.engine.errors import DurationError
from workflows.engine.times.calendar import Duration
from workflows.engine.times.timing import DUE, Moment


def duration_in_words(text: str, labels: Mapping[str, str] | None = None) -> str:
    """“2 days 4 hours” of P2DT4H, “3 days before return date at 09:00” of a moment.

    What is neither stays as it stands. `labels` are what people call answers, by `ticket.name` and
    `tasks.key.name`; of those that are not there the last name is shown.
    """
    try:
        moment = Moment.parse(text)
    except DurationError:
        return text
    said = _anchored(moment, labels or {})
    words = {"moment": said, "time": moment.time}
    if not moment.time:
        return said
    return _("%(moment)s at %(time)s") % words if said else _("at %(time)s") % words


def _anchored(moment: Moment, labels: Mapping[str, str]) -> str:
    long = _length_in_words(moment.duration)
    if moment.by_clock and long:
        long = _("%(duration)s by the clock") % {"duration": long}
    if not moment.anchor:
        return long
    last = moment.anchor.rpartition(".")[2].replace("_", " ")
    named = _("the due date") if moment.anchor == DUE else labels.get(moment.anchor, last)
    words = {"duration": long, "date": named}
    if not long:
        return _("on %(date)s") % words
    if moment.is_before:
        return _("%(duration)s before %(date)s") % words
    return _("%(duration)s after %(date)s") % words


def _length_in_words(duration: Duration) -> str:
    hours, minutes = divmod(duration.minutes, 60)
    parts = (
        (duration.days, ngettext("%(count)d day", "%(count)d days", duration.days)),
        (hours, ngettext("%(count)d hour", "%(count)d hours", hours)),
        (minutes, ngettext("%(count)d minute", "%(count)d minutes", minutes)),
    )
    return " ".join(words % {"count": count} for count, words in parts if count)


def shortest_first(texts: Iterable[str]) -> list[str]:
    """Durations in their order as far as there is one; what is none comes last."""
    return sorted(texts, key=_length)


def _length(text: str) -> tuple[bool, int, int]:
    try:
        moment = Moment.parse(text)
    except DurationError:
        return True, 0, 0
    return bool(moment.anchor), moment.duration.days, moment.duration.minutes


def is_counted_from_start(text: str) -> bool:
    """Whether it is a time since the task was made, and nothing else."""
    try:
        moment = Moment.parse(text)
    except DurationError:
        return True
    return not (moment.anchor or moment.time)


def answered_in_words(name: str, labels: Mapping[str, str] | None = None) -> str:
    """By which answer a message ends a wait."""
    last = name.rpartition(".")[2].replace("_", " ")
    return _("or an answer for %(key)s") % {"key": (labels or {}).get(name, last)}


def after_in_words(text: str, labels: Mapping[str, str] | None = None) -> str:
    """“after 2 days” of P2D; of a moment that is counted from another date only that."""
    said = duration_in_words(text, labels)
    return _("after %(duration)s") % {"duration": said} if is_counted_from_start(text) else said


def due_in_words(text: str, labels: Mapping[str, str] | None = None) -> str:
    """When a task is due: “2 days of working time”, or as `after_in_words`."""
    said = duration_in_words(text, labels)
    try:
        is_plain = Moment.parse(text).is_plain
    except DurationError:
        is_plain = True
    return _("%(duration)s of working time") % {"duration": said} if is_plain else said


def wait_in_words(text: str, labels: Mapping[str, str] | None = None) -> str:
    """“waits for 2 days” of P2D; “waits until: 3 days before the start” of another moment."""
    said = duration_in_words(text, labels)
    if is_counted_from_start(text):
        return _("waits for %(duration)s") % {"duration": said}
    return _("waits until: %(moment)s") % {"moment": said}

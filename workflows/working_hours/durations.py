"""Durations in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.engine.calendar import Duration
from workflows.engine.errors import DurationError


def duration_in_words(text: str) -> str:
    """“2 days 4 hours” of P2DT4H; what is no duration as it stands."""
    try:
        duration = Duration.parse(text)
    except DurationError:
        return text
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
        duration = Duration.parse(text)
    except DurationError:
        return True, 0, 0
    return False, duration.days, duration.minutes


def after_in_words(text: str) -> str:
    """“after 2 days” of P2D."""
    return _("after %(duration)s") % {"duration": duration_in_words(text)}

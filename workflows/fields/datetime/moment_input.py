"""The input of a moment. Where the clocks change at that hour, it asks which time is meant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from unfold.widgets import UnfoldAdminTextInputWidget

from workflows.engine.times.clock_changes import readings_of


class MomentInput(UnfoldAdminTextInputWidget):
    """What is chosen comes as `NAME-clock`: one of the moments that the typed text may mean.

    Whoever types another time is asked anew: a choice that does not belong to it does not count.
    """

    template_name = "datetime/moment_input.html"

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local", "step": "any"})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        chosen = data.get(f"{name}-clock")
        return chosen if chosen in dict(readings(typed)) else typed

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        local = _as_typed(value)
        context: dict[str, Any] = super().get_context(name, local, attrs)
        context["widget"]["readings"] = readings(local)
        context["widget"]["chosen"] = value
        return context


def readings(typed: object) -> list[tuple[str, str]]:
    """Each moment that it may mean, in ISO 8601, and how a person tells it from the other.

    None where it means one, or is no date and time.
    """
    local = _read(typed)
    if local is None or local.tzinfo is not None:
        return []
    try:
        both = readings_of(local, timezone.get_current_timezone())
        return [(_written(each), _named(each)) for each in both or ()]
    except OverflowError:
        return []


def _as_typed(value: Any) -> Any:
    """A moment that was chosen is shown as the time that was typed."""
    moment = _read(value)
    if moment is None or moment.tzinfo is None:
        return value
    here = timezone.localtime(moment).replace(tzinfo=None)
    # In the hour that is skipped the typed time is no time of the clock; one of these is meant.
    for typed in (here, here + timedelta(hours=1), here - timedelta(hours=1)):
        if value in dict(readings(typed.isoformat())):
            return typed.isoformat()
    return value


def _read(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _named(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{date_format(local, 'DATETIME_FORMAT')} ({local.tzname()}, UTC{local:%:z})"

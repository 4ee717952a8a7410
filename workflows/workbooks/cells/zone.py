"""The time zone of cells: spreadsheets have none, so a time in one is meant in the company's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo

from workflows.engine.times.clock_changes import readings_of

_ZONE: ContextVar[tzinfo] = ContextVar("zone of cells", default=UTC)


@contextmanager
def cells_in(zone: tzinfo) -> Iterator[None]:
    """Times that cells name without a zone are meant in this one meanwhile."""
    token = _ZONE.set(zone)
    try:
        yield
    finally:
        _ZONE.reset(token)


def in_zone_of_cells(moment: datetime, as_written: str = "") -> str:
    """The moment in ISO 8601: in UTC where it names no zone, else as it is written.

    One in the hour in which the clocks change may mean two, and stays without a zone: the check
    refuses it at its cell, and says what to write.
    """
    text = as_written or moment.isoformat()
    if moment.tzinfo is not None:
        return text
    try:
        if readings_of(moment, _ZONE.get()) is not None:
            return text
        made = moment.replace(tzinfo=_ZONE.get()).astimezone(UTC)
    except OverflowError:
        return text
    return made.isoformat().replace("+00:00", "Z")

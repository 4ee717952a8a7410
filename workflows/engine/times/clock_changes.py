"""Times of a clock that is changed: those that come twice, and those that never come."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def readings_of(local: datetime, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """The two moments, in UTC and the earlier first, that this time of the zone's clocks may mean.

    None where there is only one. `local` is without a zone. When clocks are put back an hour comes
    twice; when they are put forward one is skipped, and whoever names a time in it means the one
    before or the one after.

    Raises:
        OverflowError: a moment before the year 1 or after 9999.
    """
    both = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    earlier, later = min(both), max(both)
    return None if earlier == later else (earlier, later)

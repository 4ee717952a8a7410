"""How long a message waits before it is sent again, and a webhook before it is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
# Seconds before each further attempt, as Standard Webhooks recommends them: about three days.
PAUSES: Final = (
    *(5.0, 5 * MINUTE, 30 * MINUTE),
    *(2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR),
)
MOST_ATTEMPTS: Final = len(PAUSES) + 1
# A webhook that has taken nothing for so long is paused.
FAILING_FOR: Final = timedelta(days=3)
# After so many failures one after the other the whole webhook rests, longer each time.
_FAILURES: Final = 3
_FIRST_REST: Final = 30.0
_LONGEST_REST: Final = 15 * MINUTE


def pause_after(attempts: int, *, chance: float) -> float | None:
    """Seconds until the next attempt, after so many; None: there is none.

    `chance` is a random number from 0 to 1: each pause is a fifth longer at most, so that messages
    that failed together do not come back together.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    return PAUSES[attempts - 1] * (1 + chance / 5)


def rest_after(failures: int) -> float:
    """Seconds in which nothing is sent to a webhook after so many failures in a row; 0: none."""
    if failures < _FAILURES:
        return 0.0
    return min(_FIRST_REST * 2.0 ** min(failures - _FAILURES, 10), _LONGEST_REST)

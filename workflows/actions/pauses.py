"""How long to wait before a call is made again."""

from __future__ import annotations

FIRST_PAUSE = 5.0  # seconds
LONGEST_PAUSE = 15 * 60.0
# What the other system asks for may be longer than our own longest pause, but not by days.
LONGEST_ASKED = 60 * 60.0


def longest_call(*, seconds: int, retries: int) -> float:
    """Seconds within which a call has ended at the latest: its attempts and the pauses between.

    `seconds` is what each attempt may take.
    """
    pause = LONGEST_ASKED * 1.1
    return seconds * (retries + 1) + pause * retries


def pause_before(retry: int, *, chance: float, retry_after: float | None = None) -> float:
    """Seconds to wait before a retry; `retry` counts from 1.

    The pauses double: 5, 10, 20, ... seconds, at most 15 minutes, and each is shortened by up
    to a half, so that the calls that failed together do not come back together. `chance` is
    a random number from 0 to 1. Where the other system asks for a longer pause (Retry-After),
    it is waited for, and a tenth of it more at most; but not much longer than an hour.
    """
    longest = min(FIRST_PAUSE * 2.0 ** min(retry - 1, 20), LONGEST_PAUSE)
    own = longest * (1 - chance / 2)
    if retry_after is None:
        return own
    return max(own, min(retry_after, LONGEST_ASKED) * (1 + chance / 10))

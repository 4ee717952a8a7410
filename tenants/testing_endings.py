"""What the tests of a process share, and its end."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.util import Finalize

_endings: list[Callable[[], None]] = []


def at_end_of_process(end: Callable[[], None]) -> None:
    """Have something ended when this process has run its last test, before its database goes."""
    if end not in _endings:
        _endings.append(end)
        # A process of a parallel run ends by itself; in a run of one the runner ends things.
        Finalize(None, end_what_tests_share, exitpriority=100)


def end_what_tests_share() -> None:
    """End what `at_end_of_process` was given. Whoever needs it again begins anew."""
    while _endings:
        _endings.pop()()

"""What the tests of a process share, and its end."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.util import Finalize
from unittest import TestCase

_endings: list[Callable[[], None]] = []
# What the classes of a kind share while they follow each other, and how it is ended.
_while_kind_lasts: list[tuple[type[TestCase], Callable[[], None]]] = []
_classes_are_announced = False


def at_end_of_process(end: Callable[[], None]) -> None:
    """Have something ended when this process has run its last test, before its database goes."""
    if end not in _endings:
        _endings.append(end)
        # A process of a parallel run ends by itself; in a run of one the runner ends things.
        Finalize(None, end_what_tests_share, exitpriority=100)


def end_after_class(test: type[TestCase], kind: type[TestCase], end: Callable[[], None]) -> None:
    """Have something ended that classes of this kind share, and that others cannot be beside.

    Where whoever runs the tests says which class comes next, it is ended before the first one of
    another kind; elsewhere after each class.
    """
    if not _classes_are_announced:
        test.addClassCleanup(end)
    elif (kind, end) not in _while_kind_lasts:
        _while_kind_lasts.append((kind, end))
        at_end_of_process(_end_all_kinds)


def announce_class(test: type[TestCase] | None) -> None:
    """Say that the tests of this class come next; None: whatever they are, nothing is kept."""
    global _classes_are_announced
    _classes_are_announced = True
    for kind, end in list(_while_kind_lasts):
        if test is None or not issubclass(test, kind):
            _while_kind_lasts.remove((kind, end))
            end()


def _end_all_kinds() -> None:
    while _while_kind_lasts:
        _kind, end = _while_kind_lasts.pop()
        end()


def end_what_tests_share() -> None:
    """End what `at_end_of_process` was given. Whoever needs it again begins anew."""
    while _endings:
        _endings.pop()()

"""The columns of layouts. A source may be long: lists and histories show nothing of it."""

from __future__ import annotations

from typing import Final

SOURCES: Final = ("edit_layout", "display_layout")  # of a ticket type, and of a task


def layouts_of(*ways: str) -> tuple[str, ...]:
    """What to defer of ticket types and tasks that are fetched by these ways.

    A source that is deferred and read all the same costs one more statement.
    """
    return tuple(f"{way}__{name}" for way in ways for name in SOURCES)

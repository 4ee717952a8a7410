"""A sheet as it is to be written, whatever the format of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

type Written = str | int | float | None


@dataclass(frozen=True, slots=True)
class PageColumn:
    """A column: its heading with a note, its width in characters, and its drop-down list.

    `options` are a closed list, unless it `is_open`. `options_from` is the name of another page,
    whose first column is offered; other values can be typed as well.
    """

    heading: str
    width: int
    note: str = ""
    options: Sequence[str] = ()
    options_from: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet. `labels` says that the first column is one of names, such as Key or Title."""

    name: str
    columns: Sequence[PageColumn]
    rows: list[list[Written]] = field(default_factory=list)
    labels: bool = False
    is_text: bool = False

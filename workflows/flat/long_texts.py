"""Texts that are longer than a cell of a workbook: where their rest goes, and how it comes back.

A cell holds 32,767 UTF-16 units. A longer text begins in its cell, says there where all of it
stands, and stands in parts, a row each, on a sheet of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from workflows.workbooks.formats.grid import Cell, Grid
from workflows.workbooks.sheets.sheet import LONG_TEXTS, plain

MOST_UNITS: Final = 32_767
_PART: Final = 32_000
_REST: Final = re.compile(r"(.*)… \[long text ([0-9]{1,6}): [^\]]*\]", re.DOTALL)


def is_long(text: str) -> bool:
    return len(text) > MOST_UNITS // 2 and _units(text) > MOST_UNITS


def parts_of(text: str) -> Iterator[str]:
    """The text in parts that each fit a cell; no part is cut within a character."""
    start = 0
    while start < len(text):
        end = min(start + _PART, len(text))
        while _units(text[start:end]) > _PART:
            end -= (_units(text[start:end]) - _PART + 1) // 2
        yield text[start:end]
        start = end


def beginning_of(text: str, number: int) -> str:
    """What stands in the cell of a long text."""
    words = {"number": number, "sheet": LONG_TEXTS}
    # The words in English are what `put_long_texts_back` looks for.
    rest = _("all of it stands in parts on the sheet “%(sheet)s”") % words
    return f"{next(parts_of(text))}… [long text {number}: {rest}]"


def put_long_texts_back(grids: list[Grid]) -> None:
    """Put each long text into the cell in which it begins.

    A cell whose beginning was changed has an error: the text is changed where all of it stands.
    """
    texts = {
        number: text
        for grid in grids
        if plain(grid.name) == plain(LONG_TEXTS)
        for number, text in _texts_on(grid).items()
    }
    for grid in grids:
        for cells in grid.rows.values():
            for column, cell in cells.items():
                if isinstance(cell.value, str) and (match := _REST.fullmatch(cell.value)):
                    cells[column] = _whole(cell, match, texts)


def _texts_on(grid: Grid) -> Mapping[int, str]:
    parts: dict[int, list[str]] = {}
    for row in sorted(grid.rows):
        number, text = grid.rows[row].get(1), grid.rows[row].get(2)
        if number and text and isinstance(number.value, int):
            parts.setdefault(number.value, []).append(str(text.value))
    return {number: "".join(each) for number, each in parts.items()}


def _whole(cell: Cell, match: re.Match[str], texts: Mapping[int, str]) -> Cell:
    text = texts.get(int(match[2]))
    if text is not None and text.startswith(match[1]):
        return Cell(text)
    words = {"number": match[2], "sheet": LONG_TEXTS}
    if text is None:
        error = _("The sheet “%(sheet)s” has no text %(number)s. Put it back, or write all of it.")
    else:
        error = _("Change this text on the sheet “%(sheet)s”, where all of it stands, not here.")
    return Cell(cell.value, error % words)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2

"""A sheet as its cells, whatever program wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

MAX_ROWS = 10_000
MAX_CELLS = 200_000
MAX_SHEETS = 100
MAX_COLUMNS = 200

type CellValue = str | int | float | bool | date | datetime | time


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows. `error` is a sentence where it has no value that could be read."""

    value: CellValue
    error: str = ""


@dataclass(slots=True)
class Grid:
    """One sheet. `rows` has only the cells that are not blank; rows and columns count from 1.

    `merged` holds ranges of cells that were joined, as (row, column, last row, last column).
    `is_cut` says that the sheet goes on beyond MAX_ROWS rows with content.
    """

    name: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    is_hidden: bool = False
    is_cut: bool = False

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Keep a cell; blank ones and those far to the right, where nobody looks, are not kept."""
        blank = isinstance(cell.value, str) and not cleaned(cell.value) and not cell.error
        if not blank and column <= MAX_COLUMNS:
            self.rows.setdefault(row, {})[column] = cell

    def fill_merged(self) -> None:
        """Give each row that a joined cell reaches over that cell's value, in its first column.

        People join the cells of what belongs together (all fields of one form). Rows without any
        content of their own stay blank.
        """
        for row, column, last_row, _last_column in self.merged:
            cell = self.rows.get(row, {}).get(column)
            if cell is None or last_row <= row:
                continue
            for number, cells in self.rows.items():
                if row < number <= last_row:
                    cells.setdefault(column, cell)


def cleaned(text: str) -> str:
    """Text without blanks at its ends (hard ones and invisible ones too), with plain line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(_BLANKS)


_BLANKS = (
    "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200D)]))
    + "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)


def column_letters(column: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The reverse of `column_letters`."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number

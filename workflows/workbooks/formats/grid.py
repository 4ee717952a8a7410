"""A sheet as its cells, whatever program wrote it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from workflows.errors import UnreadableBundleError

MAX_ROWS = 10_000
MAX_CELLS = 200_000
MAX_SHEETS = 100
MAX_COLUMNS = 200
# Characters of all cells of a file: cells may share a text, and each of them is read by itself.
MAX_CHARACTERS = 20_000_000

# Excel counts days from here; it believes that 1900 was a leap year.
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - cells know no time zone
_LAST_SERIAL = 2_958_466  # 9999-12-31

type CellValue = str | int | float | bool | date | datetime | time


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds, and what a person sees of it.

    `error` is a sentence where it has no value that could be read. `shown` is the text that its
    format makes of the value; None where it has no format, or where that text is not known:
    then `is_unclear`. `struck` is the part of the text that is struck out. Dates and times hold
    only what is shown of them; `is_partial` where that is less than a whole date.
    """

    value: CellValue
    error: str = ""
    shown: str | None = None
    is_unclear: bool = False
    is_partial: bool = False
    struck: str = ""

    @property
    def text(self) -> str:
        """What a person sees in the cell."""
        return text_of(self.value) if self.shown is None else cleaned(self.shown)

    @property
    def is_struck(self) -> bool:
        """Whether all of it is struck out."""
        return bool(self.struck) and "".join(self.struck.split()) == "".join(self.text.split())


@dataclass(slots=True)
class Grid:
    """One sheet. `rows` has only the cells that are not blank; rows and columns count from 1.

    `merged` holds ranges of cells that were joined, as (row, column, last row, last column).
    `hidden_rows` and `hidden_columns` are not seen; rows may be filtered away.
    `is_cut` says that the sheet goes on beyond MAX_ROWS rows with content. `day_zero` is the day
    from which its program counts. `has_rules` where rules may strike cells out or show their
    values in other formats.
    """

    name: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    is_hidden: bool = False
    is_cut: bool = False
    day_zero: datetime = DAY_ZERO
    has_rules: bool = False
    characters: int = 0

    def set_cell(self, row: int, column: int, cell: Cell) -> None:
        """Keep a cell; blank ones and those far to the right, where nobody looks, are not kept.

        Raises UnreadableBundleError: the cells have too many characters together.
        """
        if type(cell.value) is str:
            self.characters += len(cell.value)
        if cell.shown:
            self.characters += len(cell.shown)
        if self.characters > MAX_CHARACTERS:
            raise too_many_characters()
        blank = isinstance(cell.value, str) and not cleaned(cell.value) and not cell.error
        if not blank and column <= MAX_COLUMNS:
            self.rows.setdefault(row, {})[column] = cell

    def fill_merged(self) -> None:
        """Give each row that a joined cell reaches over that cell's value, in its first column.

        People join the cells of what belongs together (all fields of one form). Rows without any
        content of their own stay blank. What stands below a joined cell is not seen, and goes.
        """
        covered = self._covered()
        values = {
            (row, column): cell
            for row, column, _last_row, _last_column in self.merged
            if (cell := self.rows.get(row, {}).get(column)) is not None
        }
        for row, column in covered:
            self.rows[row].pop(column, None)
        for (row, column), first in covered.items():
            if self.rows[row] and first in values and column == first[1]:
                self.rows[row][column] = values[first]
        self.rows = {number: cells for number, cells in self.rows.items() if cells}

    def _covered(self) -> dict[tuple[int, int], tuple[int, int]]:
        """The cells below joined ones, each with the cell that is seen in its place.

        Only in rows that have content. Ranges that overlap come from no spreadsheet program:
        then nothing counts as joined.
        """
        numbers = sorted(self.rows)
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for row, column, last_row, last_column in self.merged:
            reached = numbers[bisect_left(numbers, row) : bisect_right(numbers, last_row)]
            columns = range(column, min(last_column, MAX_COLUMNS) + 1)
            if len(found) + len(reached) * len(columns) > MAX_CELLS:
                self.is_cut = True
                return {}
            for at in ((number, each) for number in reached for each in columns):
                if at in found:
                    return {}
                found[at] = (row, column)
        return {at: first for at, first in found.items() if at != first}


def check_characters(grids: Iterable[Grid]) -> None:
    """Raises UnreadableBundleError: the cells of these sheets are too long together.

    Any number of cells may share one text, and each is read by itself.
    """
    if sum(grid.characters for grid in grids) > MAX_CHARACTERS:
        raise too_many_characters()


def too_many_characters() -> UnreadableBundleError:
    message = _("The cells have more than %(most)d million characters together. Shorten them.")
    return UnreadableBundleError(message % {"most": MAX_CHARACTERS // 1_000_000})


def cleaned(text: str) -> str:
    """Text without blanks at its ends (hard ones and invisible ones too), with plain line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(_BLANKS)


def text_of(value: CellValue) -> str:
    """The text of a value that has no format of its own."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime | time):
        text = value.isoformat()
        return text.removesuffix(":00") if isinstance(value, time) else text
    return value.isoformat() if isinstance(value, date) else repr(value)


_BLANKS = (
    "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200D)]))
    + "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)


def moment(number: int | float, day_zero: datetime) -> date | datetime | time | None:
    """The date, the time or both that a serial number stands for; None for what is none."""
    if not 0 <= number < _LAST_SERIAL:
        return None
    exact = day_zero + timedelta(days=number)
    rounded = (exact + timedelta(microseconds=500_000)).replace(microsecond=0)
    if number < 1:
        return rounded.time()
    is_day = isinstance(number, int) or number.is_integer()
    return rounded.date() if is_day else rounded


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

"""OpenDocument spreadsheets (.ods) as grids.

The format repeats cells and rows by a number, so that a line of XML can stand for a thousand
million cells: repeated ones are counted before they are made. OASIS OpenDocument 1.3, part 3,
chapter 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from workflows.workbooks.formats.archive import (
    Archive,
    attribute,
    damaged,
    elements,
    encrypted,
    local_name,
)
from workflows.workbooks.formats.grid import (
    DAY_ZERO,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    Grid,
    cleaned,
)
from workflows.workbooks.formats.number_format import MomentFormat
from workflows.workbooks.formats.ods_styles import CELL, TEXT, OdsStyles
from workflows.workbooks.formats.seen import shown_part
from workflows.workbooks.formats.xlsx_reading import number_of

_DURATION: Final = re.compile(r"PT([0-9]{1,4})H([0-9]{1,2})M([0-9]{1,2})(?:[.,][0-9]+)?S")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_ERROR: Final = re.compile(r"#[A-Z/0!?]{2,10}[!?]?|Err:[0-9]{3}")
_CELLS: Final = frozenset({"table-cell", "covered-table-cell"})
_MAX_SPACES = 1_000
_NOT_SHOWN: Final = frozenset({"collapse", "filter"})
_PARTS: Final = frozenset(
    {"table-row", "table-row-group", "table-column", "condition", "null-date"}
)
_ALL_PARTS: Final = MomentFormat(day=True, time=True, seconds=True, is_whole_day=True)


def read_ods(archive: Archive) -> list[Grid]:
    """The sheets in their order.

    Raises:
        UnreadableBundleError: it is damaged, too large, or protected with a password.
    """
    manifest = "META-INF/manifest.xml"
    if manifest in archive.names and b"encryption-data" in archive.read(manifest):
        raise encrypted()
    content = archive.read("content.xml")
    parts = [archive.read("styles.xml")] if "styles.xml" in archive.names else []
    grids = _Reading(OdsStyles([*parts, content])).grids(content)
    if not grids:
        raise damaged()
    for grid in grids:
        grid.fill_merged()
    return grids


class _Reading:
    """The sheets of a file one after the other, and how many cells may still be read."""

    def __init__(self, styles: OdsStyles) -> None:
        self.styles = styles
        self.day_zero = DAY_ZERO
        self.sheet: _Sheet | None = None
        # The groups of rows that are open, each with whether it is folded up.
        self.groups: list[Element] = []

    def grids(self, content: bytes) -> list[Grid]:
        found: list[Grid] = []
        for element in elements(content, _PARTS, starts={"table", "table-row-group"}):
            if local_name(element.tag) != "table":
                self._keep(element)
                continue
            if len(found) >= MAX_SHEETS:
                break
            is_hidden = self.styles.is_hidden(attribute(element, "style-name"))
            found.append(
                Grid(attribute(element, "name"), is_hidden=is_hidden, day_zero=self.day_zero)
            )
            left = self.sheet.cells_left if self.sheet is not None else MAX_CELLS
            self.sheet, self.groups = _Sheet(found[-1], self.styles, left), []
        return found

    def _keep(self, element: Element) -> None:
        kind = local_name(element.tag)
        if kind == "null-date":
            first = _date(attribute(element, "date-value"))
            if first is not None:
                self.day_zero = datetime(first.year, first.month, first.day)  # noqa: DTZ001
        elif kind == "table-row-group":
            self._fold(element)
        elif self.sheet is None:
            return
        elif kind == "table-column":
            self.sheet.keep_column(element)
        elif kind == "condition":
            name = attribute(element, "apply-style-name")
            self.sheet.grid.has_rules |= self.styles.changes_what_is_read(name)
        else:
            is_folded = any(attribute(each, "display") == "false" for each in self.groups)
            self.sheet.add_row(element, is_folded=is_folded)
            element.clear()  # the rows of a group would stay until its end

    def _fold(self, group: Element) -> None:
        """A group comes twice: when it begins and when it ends."""
        if self.groups and self.groups[-1] is group:
            self.groups.pop()
        else:
            self.groups.append(group)


class _Sheet:
    """One sheet that is being read, and the row and the column that come next."""

    def __init__(self, grid: Grid, styles: OdsStyles, cells_left: int) -> None:
        self.grid = grid
        self.styles = styles
        self.row = 1
        self.column = 1
        self.cells_left = cells_left
        self.column_styles: dict[int, str] = {}

    def keep_column(self, element: Element) -> None:
        """What a column, as often as it is repeated, says of its cells."""
        first = self.column
        self.column += _count(attribute(element, "number-columns-repeated"))
        columns = range(first, min(self.column, MAX_COLUMNS + 1))
        if attribute(element, "visibility") in _NOT_SHOWN:
            self.grid.hidden_columns.update(columns)
        style = attribute(element, "default-cell-style-name")
        self.column_styles.update(dict.fromkeys(columns, style))

    def add_row(self, element: Element, *, is_folded: bool) -> None:
        """A row, as often as it is repeated; a repeated row is blank, or somebody's mistake."""
        times = _count(attribute(element, "number-rows-repeated"))
        cells = self._cells(element)
        first = self.row
        self.row += times
        if not cells:
            return
        is_hidden = is_folded or attribute(element, "visibility") in _NOT_SHOWN
        for row in range(first, first + times):
            self.cells_left -= len(cells)
            if len(self.grid.rows) >= MAX_ROWS or self.cells_left < 0:
                self.grid.is_cut = True
                return
            if is_hidden:
                self.grid.hidden_rows.add(row)
            for column, cell in cells.items():
                self.grid.set_cell(row, column, cell)

    def _cells(self, row: Element) -> dict[int, Cell]:
        found: dict[int, Cell] = {}
        column = 1
        of_row = attribute(row, "default-cell-style-name")
        for element in row:
            name = local_name(element.tag)
            if name not in _CELLS:
                continue
            times = _count(attribute(element, "number-columns-repeated"))
            cell = None
            if name != "covered-table-cell":
                own = attribute(element, "style-name") or of_row
                cell = self._cell(element, own or self.column_styles.get(column, ""))
            if cell is not None:
                last = min(column + times, MAX_COLUMNS + 1)
                found.update(dict.fromkeys(range(column, last), cell))
                self._remember_merge(column, element)
            column += times
            if column > MAX_COLUMNS:
                break
        return found

    def _cell(self, element: Element, style: str) -> Cell | None:
        text = self._text_of(element)
        cell = _cell(element, text.whole, self.styles.moment_format(style))
        if cell is None:
            return None
        self.grid.has_rules |= self.styles.has_rules_that_matter(style)
        is_struck = self.styles.is_struck(CELL, style)
        struck = text.struck + text.unmarked if is_struck else text.struck
        if is_struck and not text.whole:
            struck = cell.text
        return replace(cell, struck=struck) if cleaned(struck) else cell

    def _text_of(self, cell: Element) -> _Text:
        """The paragraphs of a cell as lines; notes beside the cell are not its text."""
        pieces: list[tuple[str, bool | None]] = []
        paragraphs = [each for each in cell if local_name(each.tag) == "p"]
        for number, each in enumerate(paragraphs):
            if number:
                pieces.append(("\n", None))
            pieces.extend(_pieces(each, self.styles))
        return _Text(
            "".join(text for text, _struck in pieces),
            "".join(text for text, struck in pieces if struck),
            "".join(text for text, struck in pieces if struck is None),
        )

    def _remember_merge(self, column: int, element: Element) -> None:
        rows = _count(attribute(element, "number-rows-spanned"))
        columns = _count(attribute(element, "number-columns-spanned"))
        if (rows > 1 or columns > 1) and len(self.grid.merged) < MAX_ROWS:
            last = (self.row + rows - 1, column + columns - 1)
            self.grid.merged.append((self.row, column, *last))


@dataclass(frozen=True, slots=True)
class _Text:
    """A text: `struck` is what is struck out of it, `unmarked` what looks as its cell does."""

    whole: str
    struck: str
    unmarked: str


def _count(written: str) -> int:
    return max(int(written), 1) if written.isdigit() and len(written) <= 9 else 1


def _cell(element: Element, text: str, shows: MomentFormat | None) -> Cell | None:
    kind = attribute(element, "value-type")
    formula = attribute(element, "formula")
    if formula and (_is_error(element) or _ERROR.fullmatch(text)):
        message = _("The cell shows the error %(error)s. Correct its formula, or type a value.")
        return Cell(text[:20] or "#", message % {"error": text[:20]})
    if not kind and formula and not text:
        message = _(
            "The cell has a formula whose result is not in the file. Open the workbook in your "
            "spreadsheet program and save it, or type the value."
        )
        return Cell(formula[:60], message)
    is_shown = any(local_name(each.tag) == "p" for each in element)
    cell = _value_cell(kind, element, text if is_shown else None, shows or _ALL_PARTS)
    return None if cell.value == "" else cell


def _is_error(element: Element) -> bool:
    return any(
        local_name(key) == "value-type" and value == "error" for key, value in element.items()
    )


def _value_cell(kind: str, element: Element, shown: str | None, shows: MomentFormat) -> Cell:
    """What a cell holds; `shown` is its text, None where the file has none."""
    if kind in {"float", "percentage", "currency"}:
        number = number_of(attribute(element, "value"))
        return Cell(shown or "") if number is None else Cell(number, shown=shown)
    if kind == "boolean":
        return Cell(attribute(element, "boolean-value") == "true", shown=shown or None)
    found: date | datetime | time | None = None
    if kind == "date":
        found = _date(attribute(element, "date-value"))
    elif kind == "time":
        found = _time(attribute(element, "time-value"))
    if found is None:
        return Cell(attribute(element, "string-value") if shown is None else shown)
    part = shown_part(found, day=shows.day, clock=shows.time, seconds=shows.seconds)
    return Cell(part, is_partial=isinstance(part, date) and not shows.is_whole_day)


def _time(written: str) -> time | None:
    """A duration of less than a day as the time that it stands for."""
    match = _DURATION.fullmatch(written)
    if match is None or int(match.group(1)) >= 24:
        return None
    hour, minute, second = (min(int(each), 59) for each in match.groups())
    return time(hour, minute, second)


def _date(written: str) -> date | datetime | None:
    """A date or a date with a time; without a zone, as spreadsheets have none."""
    try:
        if "T" in written:
            return datetime.fromisoformat(written[:26]).replace(microsecond=0, tzinfo=None)
        return date.fromisoformat(written)
    except ValueError:
        return None


def _pieces(paragraph: Element, styles: OdsStyles) -> Iterator[tuple[str, bool | None]]:
    """Its text, in which runs of blanks count as one and elements stand for further ones.

    Each piece comes with whether it is struck out; None where that is as in its cell.
    """
    waiting: list[tuple[Element | str, bool | None]] = [(paragraph, None)]
    while waiting:
        part, struck = waiting.pop()
        if isinstance(part, str):
            yield _SPACES.sub(" ", part), struck
            continue
        name = local_name(part.tag)
        if name == "s":
            yield " " * min(_count(attribute(part, "c")), _MAX_SPACES), struck
        elif name in {"tab", "line-break"}:
            yield "\t" if name == "tab" else "\n", struck
        elif name not in {"annotation", "note"}:
            own = styles.is_struck(TEXT, attribute(part, "style-name")) if name == "span" else None
            inside = struck if own is None else own
            for child in reversed(part):
                waiting.append((child.tail or "", inside))
                waiting.append((child, inside))
            waiting.append((part.text or "", inside))

"""OpenDocument spreadsheets (.ods) as grids.

The format repeats cells and rows by a number, so that a line of XML can stand for a thousand
million cells: repeated ones are counted before they are made. OASIS OpenDocument 1.3, part 3,
chapter 9.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from workflows.workbooks.archive import (
    Archive,
    attribute,
    damaged,
    elements,
    encrypted,
    local_name,
)
from workflows.workbooks.grid import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    CellValue,
    Grid,
)
from workflows.workbooks.xlsx_reading import number_of

_DURATION: Final = re.compile(r"PT([0-9]{1,4})H([0-9]{1,2})M([0-9]{1,2})(?:[.,][0-9]+)?S")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_ERROR: Final = re.compile(r"#[A-Z/0!?]{2,10}[!?]?|Err:[0-9]{3}")
_CELLS: Final = frozenset({"table-cell", "covered-table-cell"})
_MAX_SPACES = 1_000


def read_ods(archive: Archive) -> list[Grid]:
    """The sheets in their order.

    Raises:
        UnreadableBundleError: it is damaged, too large, or protected with a password.
    """
    manifest = "META-INF/manifest.xml"
    if manifest in archive.names and b"encryption-data" in archive.read(manifest):
        raise encrypted()
    content = archive.read("content.xml")
    hidden_styles = {
        attribute(style, "name")
        for style in elements(content, {"style"})
        if any(attribute(each, "display") == "false" for each in style)
    }
    grids: list[Grid] = []
    reading: _Sheet | None = None
    cells_left = MAX_CELLS
    for element in elements(content, {"table-row"}, starts={"table"}):
        if local_name(element.tag) == "table":
            if len(grids) >= MAX_SHEETS:
                break
            is_hidden = attribute(element, "style-name") in hidden_styles
            grids.append(Grid(attribute(element, "name"), is_hidden=is_hidden))
            cells_left = reading.cells_left if reading is not None else cells_left
            reading = _Sheet(grids[-1], cells_left)
        elif reading is not None:
            reading.keep_row(element)
    if not grids:
        raise damaged()
    for grid in grids:
        grid.fill_merged()
    return grids


class _Sheet:
    """One sheet that is being read, and the row that comes next."""

    def __init__(self, grid: Grid, cells_left: int) -> None:
        self.grid = grid
        self.row = 1
        self.cells_left = cells_left

    def keep_row(self, element: Element) -> None:
        """A row, as often as it is repeated; a repeated row is blank, or somebody's mistake."""
        times = _count(attribute(element, "number-rows-repeated"))
        cells = self._cells(element)
        first = self.row
        self.row += times
        if not cells:
            return
        for row in range(first, first + times):
            self.cells_left -= len(cells)
            if len(self.grid.rows) >= MAX_ROWS or self.cells_left < 0:
                self.grid.is_cut = True
                return
            for column, cell in cells.items():
                self.grid.put(row, column, cell)

    def _cells(self, row: Element) -> dict[int, Cell]:
        found: dict[int, Cell] = {}
        column = 1
        for element in row:
            name = local_name(element.tag)
            if name not in _CELLS:
                continue
            times = _count(attribute(element, "number-columns-repeated"))
            cell = None if name == "covered-table-cell" else _cell(element)
            if cell is not None:
                last = min(column + times, MAX_COLUMNS + 1)
                found.update(dict.fromkeys(range(column, last), cell))
                self._keep_merged(column, element)
            column += times
            if column > MAX_COLUMNS:
                break
        return found

    def _keep_merged(self, column: int, element: Element) -> None:
        rows = _count(attribute(element, "number-rows-spanned"))
        columns = _count(attribute(element, "number-columns-spanned"))
        if (rows > 1 or columns > 1) and len(self.grid.merged) < MAX_ROWS:
            last = (self.row + rows - 1, column + columns - 1)
            self.grid.merged.append((self.row, column, *last))


def _count(written: str) -> int:
    return max(int(written), 1) if written.isdigit() and len(written) <= 9 else 1


def _cell(element: Element) -> Cell | None:
    kind = attribute(element, "value-type")
    formula = attribute(element, "formula")
    text = _text_of(element)
    if formula and (_is_error(element) or _ERROR.fullmatch(text)):
        message = _("The cell shows the error %(error)s. Correct its formula, or type a value.")
        return Cell(text[:20] or "#", message % {"error": text[:20]})
    if not kind and formula and not text:
        message = _(
            "The cell has a formula whose result is not in the file. Open the workbook in your "
            "spreadsheet program and save it, or type the value."
        )
        return Cell(formula[:60], message)
    value = _value(kind, element, text)
    return None if value == "" else Cell(value)


def _is_error(element: Element) -> bool:
    return any(
        local_name(key) == "value-type" and value == "error" for key, value in element.items()
    )


def _value(kind: str, element: Element, text: str) -> CellValue:
    if kind in {"float", "percentage", "currency"}:
        number = number_of(attribute(element, "value"))
        return text if number is None else number
    if kind == "boolean":
        return attribute(element, "boolean-value") == "true"
    if kind == "date":
        return _date(attribute(element, "date-value")) or text
    if kind == "time":
        match = _DURATION.fullmatch(attribute(element, "time-value"))
        if match and int(match.group(1)) < 24:
            hour, minute, second = (min(int(each), 59) for each in match.groups())
            return time(hour, minute, second)
        return text
    return text


def _date(written: str) -> date | datetime | None:
    """A date or a date with a time; without a zone, as spreadsheets have none."""
    try:
        if "T" in written:
            return datetime.fromisoformat(written[:26]).replace(microsecond=0, tzinfo=None)
        return date.fromisoformat(written)
    except ValueError:
        return None


def _text_of(cell: Element) -> str:
    """The paragraphs of a cell as lines; notes beside the cell are not its text."""
    return "\n".join(_paragraph(each) for each in cell if local_name(each.tag) == "p")


def _paragraph(element: Element) -> str:
    """Its text, in which runs of blanks count as one and elements stand for further ones."""
    pieces: list[str] = []
    waiting: list[Element | str] = [element]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            pieces.append(_SPACES.sub(" ", part))
            continue
        name = local_name(part.tag)
        if name == "s":
            count = min(_count(attribute(part, "c")), _MAX_SPACES)
            pieces.append(" " * count)
        elif name in {"tab", "line-break"}:
            pieces.append("\t" if name == "tab" else "\n")
        elif name not in {"annotation", "note"}:
            for child in reversed(part):
                waiting.append(child.tail or "")
                waiting.append(child)
            waiting.append(part.text or "")
    return "".join(pieces)

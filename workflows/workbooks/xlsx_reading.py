"""Excel's workbooks (.xlsx) as grids.

Read here rather than by openpyxl because uploads are hostile: openpyxl makes a cell for each
cell of a merged range (one line of XML can name seventeen thousand million), needs two passes
to tell a formula without a value from a blank cell, and raises whatever it likes on broken
files. The format is ECMA-376, part 1, chapter 18.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from workflows.errors import UnreadableBundleError
from workflows.workbooks.archive import Archive, attribute, damaged, local_name
from workflows.workbooks.grid import (
    MAX_CELLS,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    CellValue,
    Grid,
    column_number,
)

_REFERENCE: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_DATE_CODE: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
# The numbers of the built-in formats for dates and times (18.8.30).
_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
# Excel counts days from here; it believes that 1900 was a leap year.
DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - cells know no time zone
_DAY_ZERO_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_SERIAL: Final = 2_958_466  # 9999-12-31


def read_xlsx(archive: Archive) -> list[Grid]:
    """The worksheets in their order.

    Raises:
        UnreadableBundleError: it is damaged, too large, or holds macros.
    """
    _refuse_macros(archive)
    workbook, base_year = _workbook_part(archive), 1900
    sheets: list[tuple[str, str, bool]] = []
    for element in archive.elements(workbook, {"sheet", "workbookPr"}):
        if local_name(element.tag) == "workbookPr":
            base_year = 1904 if attribute(element, "date1904") in {"1", "true"} else 1900
        else:
            is_hidden = attribute(element, "state") in {"hidden", "veryHidden"}
            sheets.append((attribute(element, "name"), _relation_id(element), is_hidden))
    targets = _targets(archive, workbook)
    reading = _Reading(archive, workbook, base_year)
    grids = [
        reading.grid(name, targets[relation], is_hidden=is_hidden)
        for name, relation, is_hidden in sheets[:MAX_SHEETS]
        if targets.get(relation) in archive.names
    ]
    if not grids:
        raise damaged()
    return grids


def _refuse_macros(archive: Archive) -> None:
    types = archive.read("[Content_Types].xml") if "[Content_Types].xml" in archive.names else b""
    if b"macroEnabled" in types or any(each.endswith("vbaProject.bin") for each in archive.names):
        raise UnreadableBundleError(
            _("This workbook holds macros, which are not accepted. Save it as .xlsx without them.")
        )
    if any(each.endswith("workbook.bin") for each in archive.names):
        raise UnreadableBundleError(
            _("Binary workbooks (.xlsb) are not read. Save it as .xlsx and try again.")
        )


def _workbook_part(archive: Archive) -> str:
    """Where the workbook is; other programs put it elsewhere than Excel does."""
    if "_rels/.rels" in archive.names:
        for element in archive.elements("_rels/.rels", {"Relationship"}):
            if attribute(element, "Type").endswith("/officeDocument"):
                name = attribute(element, "Target").lstrip("/")
                if name in archive.names:
                    return name
    return "xl/workbook.xml"


def _relation_id(sheet: Element) -> str:
    return next(
        (value for key, value in sheet.items() if key.startswith("{") and key.endswith("}id")), ""
    )


def _targets(archive: Archive, workbook: str) -> dict[str, str]:
    """The part behind each relation of the workbook."""
    folder, name = posixpath.split(workbook)
    relations = f"{folder}/_rels/{name}.rels".lstrip("/")
    if relations not in archive.names:
        raise damaged()
    found = {}
    for element in archive.elements(relations, {"Relationship"}):
        target = attribute(element, "Target")
        part = target[1:] if target.startswith("/") else posixpath.join(folder, target)
        kind = attribute(element, "Type").rpartition("/")[2]
        found[attribute(element, "Id")] = posixpath.normpath(part)
        found.setdefault(f"kind:{kind}", posixpath.normpath(part))
    return found


class _Reading:
    """The parts that all sheets share, and how many cells may still be read."""

    def __init__(self, archive: Archive, workbook: str, base_year: int) -> None:
        self.archive = archive
        targets = _targets(archive, workbook)
        self.texts = list(self._shared_texts(targets.get("kind:sharedStrings", "")))
        self.date_styles = frozenset(self._date_styles(targets.get("kind:styles", "")))
        self.day_zero = _DAY_ZERO_1904 if base_year == 1904 else DAY_ZERO
        self.cells_left = MAX_CELLS

    def _shared_texts(self, part: str) -> Iterator[str]:
        if part in self.archive.names:
            for element in self.archive.elements(part, {"si"}):
                yield _text_of(element)

    def _date_styles(self, part: str) -> Iterator[int]:
        """The numbers of the cell styles that show a number as a date or a time."""
        if part not in self.archive.names:
            return
        codes: dict[str, str] = {}
        for element in self.archive.elements(part, {"numFmt", "cellXfs"}):
            if local_name(element.tag) == "numFmt":
                codes[attribute(element, "numFmtId")] = attribute(element, "formatCode")
                continue
            for index, style in enumerate(element):
                number = attribute(style, "numFmtId")
                if number in codes:
                    if set("dmyhs") & set(_NOT_DATE_CODE.sub("", codes[number]).lower()):
                        yield index
                elif number.isdigit() and int(number[:4]) in _DATE_FORMATS:
                    yield index

    def grid(self, name: str, part: str, *, is_hidden: bool) -> Grid:
        grid = Grid(name, is_hidden=is_hidden)
        row_number = 0
        for element in self.archive.elements(part, {"row", "mergeCell"}):
            if local_name(element.tag) == "mergeCell":
                _keep_merged(grid, attribute(element, "ref"))
                continue
            given = attribute(element, "r")
            row_number = int(given) if given.isdigit() and len(given) <= 7 else row_number + 1
            self.cells_left -= len(element)
            if len(grid.rows) >= MAX_ROWS or self.cells_left < 0:
                grid.is_cut = True
                break
            self._keep_row(grid, row_number, element)
        grid.fill_merged()
        return grid

    def _keep_row(self, grid: Grid, row_number: int, row: Element) -> None:
        column = 0
        for element in row:
            if local_name(element.tag) != "c":
                continue
            match = _REFERENCE.fullmatch(attribute(element, "r"))
            column = column_number(match.group(1)) if match else column + 1
            cell = self._cell(element)
            if cell is not None:
                grid.put(row_number, column, cell)

    def _cell(self, element: Element) -> Cell | None:
        parts = {local_name(each.tag): each for each in element}
        kind = attribute(element, "t")
        if kind == "inlineStr":
            return Cell(_text_of(parts["is"])) if "is" in parts else None
        written = parts["v"].text if "v" in parts else None
        if not written:
            return _without_value(parts.get("f"), is_text=kind == "str")
        if kind == "e":
            message = _("The cell shows the error %(error)s. Correct its formula, or type a value.")
            return Cell(written[:20], message % {"error": written[:20]})
        value = self._value(kind, written, attribute(element, "s"))
        return None if value is None else Cell(value)

    def _value(self, kind: str, written: str, style: str) -> CellValue | None:
        if kind == "s":
            index = int(written) if written.isdigit() and len(written) < 9 else -1
            return self.texts[index] if 0 <= index < len(self.texts) else None
        if kind in {"str", "d"}:
            return _unescaped(written)
        if kind == "b":
            return written.strip() in {"1", "true"}
        number = number_of(written)
        if number is None:
            return _unescaped(written)
        if style.isdigit() and int(style[:6]) in self.date_styles:
            return moment(number, self.day_zero)
        return number


def _without_value(formula: Element | None, *, is_text: bool) -> Cell | None:
    if formula is None or is_text:
        return None
    message = _(
        "The cell has a formula whose result is not in the file. Open the workbook in your "
        "spreadsheet program and save it, or type the value."
    )
    return Cell(f"={(formula.text or '')[:60]}", message)


def _keep_merged(grid: Grid, reference: str) -> None:
    first, _colon, last = reference.partition(":")
    start, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last)
    if start and end and len(grid.merged) < MAX_ROWS:
        grid.merged.append(
            (
                int(start.group(2)),
                column_number(start.group(1)),
                int(end.group(2)),
                column_number(end.group(1)),
            )
        )


def _text_of(element: Element) -> str:
    """The text of a shared or inline string: of its runs, but not of its reading aids (rPh)."""
    found: list[str] = []
    waiting = list(reversed(element))
    while waiting:
        each = waiting.pop()
        name = local_name(each.tag)
        if name == "t":
            found.append(each.text or "")
        elif name == "r":
            waiting.extend(reversed(each))
    return _unescaped("".join(found))


def _unescaped(text: str) -> str:
    """Characters that XML cannot hold are written as _x000D_."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text) if "_x" in text else text


def number_of(written: str) -> int | float | None:
    """The number behind the text of a cell; whole ones as int."""
    text = written.strip()
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if not re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", text[:400]):
        return None
    number = float(text[:400])
    if number.is_integer() and abs(number) <= 2**53:
        return int(number)
    return number


def moment(number: int | float, day_zero: datetime) -> CellValue:
    """A serial number as the date, the time or both that it stands for."""
    if not 0 <= number < _LAST_SERIAL:
        return number
    exact = day_zero + timedelta(days=number)
    rounded = exact + timedelta(microseconds=500_000)
    rounded = rounded.replace(microsecond=0)
    if number < 1:
        return rounded.time()
    is_day = isinstance(number, int) or number.is_integer()
    return rounded.date() if is_day else rounded

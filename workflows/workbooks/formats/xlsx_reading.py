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
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from workflows.errors import UnreadableBundleError
from workflows.workbooks.formats.archive import Archive, attribute, damaged, local_name
from workflows.workbooks.formats.grid import (
    DAY_ZERO,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    Grid,
    cleaned,
    column_number,
    moment,
)
from workflows.workbooks.formats.number_format import (
    GENERAL,
    MomentFormat,
    moment_format,
    shown_number,
    shown_text,
)
from workflows.workbooks.formats.seen import shown_part
from workflows.workbooks.formats.xlsx_styles import Style, is_off, read_styles

_REFERENCE: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_RUN_PIECES: Final = frozenset({"t", "r"})
_DAY_ZERO_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - cells know no time zone


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


@dataclass(frozen=True, slots=True)
class _Text:
    """A text: `struck` is what is struck out of it, `unmarked` what looks as its cell does."""

    whole: str
    struck: str
    unmarked: str


class _Reading:
    """The parts that all sheets share, and how many cells may still be read."""

    def __init__(self, archive: Archive, workbook: str, base_year: int) -> None:
        self.archive = archive
        targets = _targets(archive, workbook)
        self.texts = list(self._shared_texts(targets.get("kind:sharedStrings", "")))
        self.styles = read_styles(archive, targets.get("kind:styles", ""))
        self.day_zero = _DAY_ZERO_1904 if base_year == 1904 else DAY_ZERO
        self.cells_left = MAX_CELLS

    def _shared_texts(self, part: str) -> Iterator[_Text]:
        if part in self.archive.names:
            for element in self.archive.elements(part, {"si"}):
                yield _text_of(element)

    def grid(self, name: str, part: str, *, is_hidden: bool) -> Grid:
        grid = Grid(name, is_hidden=is_hidden, day_zero=self.day_zero)
        row_number = 0
        hides_zeros = False
        for element in self.archive.elements(part, _PARTS_OF_SHEETS):
            kind = local_name(element.tag)
            if kind != "row":
                hides_zeros |= self._keep_setting(grid, kind, element)
                continue
            given = attribute(element, "r")
            row_number = int(given) if given.isdigit() and len(given) <= 7 else row_number + 1
            self.cells_left -= len(element)
            if len(grid.rows) >= MAX_ROWS or self.cells_left < 0:
                grid.is_cut = True
                break
            if len(element) and (
                _is_on(element, "hidden") or _is_nothing(attribute(element, "ht"))
            ):
                grid.hidden_rows.add(row_number)
            self._add_row(grid, row_number, element, hides_zeros=hides_zeros)
        grid.fill_merged()
        return grid

    def _keep_setting(self, grid: Grid, kind: str, element: Element) -> bool:
        """What a sheet says besides its rows; whether it shows no zeros."""
        if kind == "mergeCell":
            _remember_merge(grid, attribute(element, "ref"))
        elif kind == "col" and (
            _is_on(element, "hidden") or _is_nothing(attribute(element, "width"))
        ):
            _hide_columns(grid, attribute(element, "min"), attribute(element, "max"))
        elif kind == "cfRule":
            grid.has_rules |= attribute(element, "dxfId") in self.styles.rules_that_matter
        return kind == "sheetView" and attribute(element, "showZeros") in {"0", "false"}

    def _add_row(self, grid: Grid, row_number: int, row: Element, *, hides_zeros: bool) -> None:
        column = 0
        for element in row:
            if local_name(element.tag) != "c":
                continue
            match = _REFERENCE.fullmatch(attribute(element, "r"))
            column = column_number(match.group(1)) if match else column + 1
            cell = self._cell(element)
            if cell is not None:
                if hides_zeros and cell.value == 0 and not isinstance(cell.value, bool):
                    cell = replace(cell, shown="")
                grid.set_cell(row_number, column, cell)

    def _cell(self, element: Element) -> Cell | None:
        parts = {local_name(each.tag): each for each in element}
        kind, style = attribute(element, "t"), self.styles.of(attribute(element, "s"))
        if kind == "inlineStr":
            return _text_cell(_text_of(parts["is"]), style) if "is" in parts else None
        written = parts["v"].text if "v" in parts else None
        if not written:
            return _without_value(parts.get("f"), is_text=kind == "str")
        if kind == "e":
            message = _("The cell shows the error %(error)s. Correct its formula, or type a value.")
            return Cell(written[:20], message % {"error": written[:20]})
        if kind == "s":
            index = int(written) if written.isdigit() and len(written) < 9 else -1
            return _text_cell(self.texts[index], style) if 0 <= index < len(self.texts) else None
        return self._cell_of_value(kind, written, style)

    def _cell_of_value(self, kind: str, written: str, style: Style) -> Cell:
        if kind == "b":
            is_true = written.strip() in {"1", "true"}
            return _marked(Cell(is_true), style)
        if kind == "d":
            found = _iso_moment(written)
            return _marked(_moment_cell(found, style.code), style) if found else Cell(written)
        number = None if kind == "str" else number_of(written)
        if number is None:
            text = _unescaped(written)
            return _text_cell(_Text(text, "", text), style)
        return _marked(_number_cell(number, style.code, self.day_zero), style)


_PARTS_OF_SHEETS: Final = frozenset({"row", "mergeCell", "col", "cfRule", "sheetView"})


def _is_on(element: Element, name: str) -> bool:
    return attribute(element, name) in {"1", "true"}


def _is_nothing(size: str) -> bool:
    """Whether a height or a width is given, and nothing."""
    number = number_of(size) if size else None
    return number is not None and number <= 0


def _hide_columns(grid: Grid, first: str, last: str) -> None:
    if first.isdigit() and last.isdigit() and len(first) <= 6 and len(last) <= 6:
        grid.hidden_columns.update(range(int(first), min(int(last), MAX_COLUMNS) + 1))


def _text_cell(text: _Text, style: Style) -> Cell:
    shown = None if style.code == GENERAL else shown_text(style.code, text.whole)
    struck = text.struck + text.unmarked if style.is_struck else text.struck
    is_plain = shown is None or shown == text.whole
    return Cell(
        text.whole, shown=None if is_plain else shown, struck=struck if cleaned(struck) else ""
    )


def _marked(cell: Cell, style: Style) -> Cell:
    return replace(cell, struck=cell.text) if style.is_struck else cell


def _number_cell(number: int | float, code: str, day_zero: datetime) -> Cell:
    """A number as its format shows it: a date, a time, or a text."""
    if code in {GENERAL, "@"}:
        return Cell(number)
    parts = moment_format(code)
    found = moment(number, day_zero) if parts is not None else None
    if found is None:
        shown = shown_number(code, number)
        return Cell(number, shown=shown, is_unclear=shown is None)
    if parts is not None and parts.is_elapsed and number >= 1:
        minutes = int(number * 24 * 60 + 0.5)
        return Cell(f"{minutes // 60}:{minutes % 60:02}")
    return _moment_cell(found, code)


def _moment_cell(found: date | datetime | time, code: str) -> Cell:
    parts = moment_format(code) or MomentFormat(True, True, True, True)
    shown = shown_part(found, day=parts.day, clock=parts.time, seconds=parts.seconds)
    return Cell(shown, is_partial=isinstance(shown, date) and not parts.is_whole_day)


def _iso_moment(written: str) -> date | datetime | time | None:
    text = written.strip()[:26]
    for read in (date.fromisoformat, _moment_of, _time_of):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)


def _time_of(text: str) -> time:
    return time.fromisoformat(text).replace(tzinfo=None, microsecond=0)


def _without_value(formula: Element | None, *, is_text: bool) -> Cell | None:
    if formula is None or is_text:
        return None
    message = _(
        "The cell has a formula whose result is not in the file. Open the workbook in your "
        "spreadsheet program and save it, or type the value."
    )
    return Cell(f"={(formula.text or '')[:60]}", message)


def _remember_merge(grid: Grid, reference: str) -> None:
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


def _text_of(element: Element) -> _Text:
    """A shared or inline string: its own text and that of its runs, but no reading aids (rPh)."""
    found: list[str] = []
    struck: list[str] = []
    unmarked: list[str] = []
    for each in element:
        name = local_name(each.tag)
        if name not in _RUN_PIECES:
            continue
        pieces = [each] if name == "t" else [e for e in each if local_name(e.tag) == "t"]
        text = "".join(piece.text or "" for piece in pieces)
        found.append(text)
        looks = next((e for e in each if local_name(e.tag) == "rPr"), None)
        if looks is None:
            unmarked.append(text)
        elif any(local_name(e.tag) == "strike" and not is_off(e) for e in looks):
            struck.append(text)
    return _Text(*(_unescaped("".join(each)) for each in (found, struck, unmarked)))


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

"""The kinds of files that lists are exchanged in, read without trusting them.

Others that django-import-export knows are left out: they run code, read without bounds, or
show what is in them as HTML. A cell is a text here, whatever program wrote it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

import tablib
from django.utils.translation import gettext as _
from import_export.formats import base_formats

from workflows.bundles import read_bundle
from workflows.engine.values.storable import unstorable
from workflows.errors import UnreadableBundleError
from workflows.flat.formulas import unescape_formulas
from workflows.flat.long_texts import put_long_texts_back
from workflows.flat.writing import (
    CsvFile,
    JsonFile,
    ListFile,
    XlsxFile,
    ZippedCsvFile,
    written,
)
from workflows.workbooks.formats.archive import Archive, damaged
from workflows.workbooks.formats.grid import Cell, Grid, cleaned, column_letters
from workflows.workbooks.formats.seen import Want, as_seen, struck_out
from workflows.workbooks.formats.xlsx_reading import read_xlsx

MOST_COLUMNS: Final = 100
MOST_CHARACTERS: Final = csv.field_size_limit()  # of a text: 131,072


class Table(tablib.Dataset):
    """A table with the number that each row has in its file."""

    def __init__(self, headers: Sequence[str]) -> None:
        super().__init__(headers=list(headers))
        self.row_numbers: list[int] = []

    def add(self, number: int, values: Sequence[str]) -> None:
        self.append(list(values))
        self.row_numbers.append(number)


class Xlsx(base_formats.XLSX):
    """Workbooks. Reading goes through the same bounded reader as whole workflows."""

    def create_dataset(self, in_stream: bytes, **_options: Any) -> Table:
        sheets = [each for each in read_xlsx(Archive(in_stream)) if each.rows]
        put_long_texts_back(sheets)
        sheet = next((each for each in sheets if not each.is_hidden), None)
        if sheet is None:
            raise UnreadableBundleError(_("The workbook is empty."))
        rows = sorted(sheet.rows.items())
        _refuse_hidden(sheet)
        width = max(max(cells) for _number, cells in rows)
        return _table(
            (number, [_text(cells.get(at), sheet, number, at) for at in range(1, width + 1)])
            for number, cells in rows
        )

    def begin(self, *, has_many_tables: bool) -> ListFile:
        return XlsxFile()


class Csv(base_formats.CSV):
    """Tables as text, which spreadsheet programs open and save with commas or semicolons."""

    def create_dataset(self, in_stream: bytes, **_options: Any) -> Table:
        try:
            text = in_stream.decode("utf-16" if in_stream[:2] in _UTF16 else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableBundleError(
                _("This is not text in UTF-8. Save it as .xlsx, or as CSV in UTF-8.")
            ) from error
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter)
        rows: list[tuple[int, list[str]]] = []
        try:
            rows.extend(
                (reader.line_num, [unescape_formulas(cleaned(each)) for each in row])
                for row in reader
            )
        except csv.Error as error:
            raise UnreadableBundleError(
                _("The file cannot be read as a table from line %(line)d on.")
                % {"line": reader.line_num}
            ) from error
        return _table(rows)

    def begin(self, *, has_many_tables: bool) -> ListFile:
        return ZippedCsvFile() if has_many_tables else CsvFile()

    def is_binary(self) -> bool:
        return True  # bytes in, bytes out: the encoding is settled here


class Json(base_formats.JSON):
    """A list of objects. Nothing takes its texts for formulas."""

    def create_dataset(self, in_stream: bytes, **_options: Any) -> Table:
        entries = read_bundle(in_stream)
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise UnreadableBundleError(_("The file must hold a list of objects: [{…}, {…}]."))
        for _path, message in unstorable(entries):  # half a character, which no page can show
            raise UnreadableBundleError(message)
        objects = [each for each in entries if isinstance(each, dict)]
        headers = list(dict.fromkeys(name for each in objects for name in each))
        rows = [
            (number, [_json_text(each.get(name), number, name) for name in headers])
            for number, each in enumerate(objects, 1)
        ]
        return _table([(0, headers), *rows] if headers else [])

    def begin(self, *, has_many_tables: bool) -> ListFile:
        return JsonFile()

    def is_binary(self) -> bool:
        return True


FORMATS: Final[list[type[base_formats.Format]]] = [Xlsx, Csv, Json]
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def format_of(content: bytes, filename: str) -> base_formats.Format:
    """The format of a file: by what is in it, not by what it is called.

    Raises:
        UnreadableBundleError: it is a workbook of another kind.
    """
    if content.startswith(b"PK"):
        return Xlsx()
    if filename.lower().endswith((".xlsx", ".xls", ".ods")):
        raise damaged()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
        return Json()
    return Csv()


def _table(rows: Iterable[tuple[int, list[str]]]) -> Table:
    """The rows as a table whose headings are in the first; blank rows are left out.

    Raises:
        UnreadableBundleError: there are no rows, or a cell holds too much.
    """
    filled = [(number, row) for number, row in rows if any(row)]
    if not filled:
        raise UnreadableBundleError(_("The file has no rows."))
    headings = filled[0][1]
    while headings and not headings[-1]:
        headings.pop()
    if not headings or len(headings) > MOST_COLUMNS:
        raise UnreadableBundleError(_("The first row must have the headings of the columns."))
    table = Table(headings)
    for number, row in filled[1:]:
        if any(row[len(headings) :]):
            raise UnreadableBundleError(
                _("Row %(row)d has more cells than there are headings.") % {"row": number}
            )
        if any(len(each) > MOST_CHARACTERS for each in row):
            raise UnreadableBundleError(
                _("A text in row %(row)d is longer than any that is kept.") % {"row": number}
            )
        table.add(number, (row + [""] * len(headings))[: len(headings)])
    return table


def _refuse_hidden(sheet: Grid) -> None:
    """What nobody sees is not imported behind their back, nor left out."""
    row = next((each for each in sorted(sheet.rows) if each in sheet.hidden_rows), None)
    if row is not None:
        raise UnreadableBundleError(
            _("Row %(row)d is hidden, perhaps by a filter. Show it, or delete it.") % {"row": row}
        )
    used = {at for cells in sheet.rows.values() for at in cells}
    column = next((each for each in sorted(used) if each in sheet.hidden_columns), None)
    if column is not None:
        raise UnreadableBundleError(
            _("Column %(column)s is hidden. Show it, or delete it.")
            % {"column": column_letters(column)}
        )


def _text(cell: Cell | None, sheet: Grid, row: int, column: int) -> str:
    """What a person sees in a cell.

    Raises:
        UnreadableBundleError: that is not known, or cannot be what was meant.
    """
    if cell is None:
        return ""
    seen = as_seen(cell, Want.TEXT, sheet.day_zero)
    if problem := seen.error or struck_out(cell):
        raise UnreadableBundleError(
            _("Cell %(cell)s: %(error)s")
            % {"cell": f"{column_letters(column)}{row}", "error": problem}
        )
    return cleaned(written(cell.value if isinstance(cell.value, bool) else seen.value))


def _json_text(value: object, number: int, name: str) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    if isinstance(value, list | dict):
        raise UnreadableBundleError(
            _("Entry %(number)d: “%(name)s” must be a text, not a list or an object.")
            % {"number": number, "name": name[:60]}
        )
    return cleaned(written(value))

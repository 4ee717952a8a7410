"""Workbooks as people and their programs leave them, made from a small bundle."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.worksheet.datavalidation import DataValidationList
from openpyxl.worksheet.worksheet import Worksheet

from workflows.bundles import canonical
from workflows.bundles.document.problems import Problem
from workflows.engine.process import JsonObject
from workflows.workbooks import FileType, Reading, read_document, write_document

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


def shipped(name: str) -> JsonObject:
    """A shipped bundle in canonical form."""
    document = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return canonical(document)


def workbook(name: str = "it_help") -> Workbook:
    return load_workbook(io.BytesIO(_written(name)))


@cache
def _written(name: str) -> bytes:
    return write_document(shipped(name), FileType.XLSX)


@cache
def _bare(name: str) -> bytes:
    """Without what only helps people to fill it in: that is most of what a file takes here."""
    book = workbook(name)
    for sheet in book.worksheets:
        for cell in chain.from_iterable(sheet.iter_rows()):
            cell.comment = None
        sheet.legacy_drawing = None
        sheet.data_validations = DataValidationList()
        sheet.conditional_formatting = ConditionalFormattingList()
    return saved(book)


def saved(book: Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def changed(change: Callable[[Workbook], object], name: str = "it_help") -> Reading:
    """The reading of a shipped bundle's workbook after somebody changed it."""
    book = load_workbook(io.BytesIO(_bare(name)))
    change(book)
    return read_document(saved(book), "changed.xlsx")


def column_of(sheet: Worksheet, heading: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == heading)


def row_of(sheet: Worksheet, **values: str) -> int:
    """The row that has these values under these headings (with _ for blanks)."""
    for row in range(2, sheet.max_row + 1):
        found = {
            key: sheet.cell(row, column_of(sheet, key.replace("_", " "))).value for key in values
        }
        if found == values:
            return row
    raise LookupError(values)


def rewritten(content: bytes, parts: Mapping[str, str | bytes | None]) -> bytes:
    """An archive with some of its parts replaced, added, or (None) left out."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            if data is not None:
                new.writestr(name, data)
    return made.getvalue()


def part(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name).decode()


def sheet_part(content: bytes, sheet: str) -> str:
    """The name of the part that holds a sheet of an .xlsx file that openpyxl wrote."""
    names = re.findall(r'<sheet [^>]*name="([^"]+)"', part(content, "xl/workbook.xml"))
    return f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"


def reported(reading: Reading) -> list[tuple[str, str]]:
    """Each problem as its place in the file and its message."""
    return [(str(reading.place_of(each.path)), each.message) for each in reading.check()]


def problem_at(reading: Reading, place: str) -> Problem:
    """The only problem whose place in the file is this one."""
    found = [each for each in reading.check() if str(reading.place_of(each.path)) == place]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} problems at {place}: {reported(reading)}")
    return found[0]

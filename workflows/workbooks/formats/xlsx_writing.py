"""Pages as an Excel workbook."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from workflows.workbooks.formats.sheet import Page, PageColumn, Written

# Lists reach so far below what is there, for the rows that people add.
ROWS_TO_COME = 500
_FONT: Final = "Calibri"
_LINE_HEIGHT = 15  # points
_HIGHEST_ROW = 300
_HEADING_FONT: Final = Font(name=_FONT, bold=True, color="FFFFFF")
_HEADING_FILL: Final = PatternFill("solid", fgColor="4F46E5")
_BOLD: Final = Font(name=_FONT, bold=True)
_TITLE: Final = Font(name=_FONT, bold=True, size=16)
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")
# The same content gives nearly the same file, whenever it is made.
_MADE: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - the format knows no time zone


def write_xlsx(pages: list[Page]) -> bytes:
    """The workbook as the content of an .xlsx file. Texts are written as texts, not formulas."""
    book = Workbook()
    if book.active is not None:
        book.remove(book.active)
    book.properties.creator = "TicketFlower"
    book.properties.created = book.properties.modified = _MADE
    for page in pages:
        sheet = book.create_sheet(page.name)
        if page.is_text:
            _write_text(sheet, page)
        else:
            _write_table(sheet, page)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _write_text(sheet: Worksheet, page: Page) -> None:
    sheet.column_dimensions["A"].width = page.columns[0].width
    sheet.sheet_view.showGridLines = False
    for number, row in enumerate(page.rows, start=1):
        _put(sheet, number, 1, row[0])
        text = str(row[0])
        sheet.row_dimensions[number].height = _height(page, row)
        if number == 1:
            sheet.cell(number, 1).font = _TITLE
            sheet.row_dimensions[number].height = 24
        elif " " not in text or len(text) < 12:
            sheet.cell(number, 1).font = _BOLD


def _write_table(sheet: Worksheet, page: Page) -> None:
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    for number, column in enumerate(page.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width
        _put(sheet, 1, number, column.heading)
        heading = sheet.cell(1, number)
        heading.font, heading.fill = _HEADING_FONT, _HEADING_FILL
        if column.note:
            heading.comment = Comment(column.note, "TicketFlower", width=320, height=110)
    for at, row in enumerate(page.rows, start=2):
        for number, value in enumerate(row, start=1):
            if value is not None:
                _put(sheet, at, number, value)
        sheet.row_dimensions[at].height = _height(page, row)
        if page.labels:
            sheet.cell(at, 1).font = _BOLD
    for number, column in enumerate(page.columns, start=1):
        _add_list(sheet, number, column, len(page.rows) + ROWS_TO_COME)


def _height(page: Page, row: list[Written]) -> int:
    """High enough for the wrapped text: not every program makes rows fit when it opens a file."""
    lines = 1
    for column, value in zip(page.columns, row, strict=False):
        if isinstance(value, str):
            wrapped = (len(each) // column.width + 1 for each in value.split("\n"))
            lines = max(lines, sum(wrapped))
    return min(lines * _LINE_HEIGHT, _HIGHEST_ROW)


def _put(sheet: Worksheet, row: int, column: int, value: str | int | float | None) -> None:
    cell = sheet.cell(row, column)
    cell.value = value
    cell.alignment = _WRAPPED
    if isinstance(value, str):
        # openpyxl takes “=…” for a formula and “#REF!” for an error. The format “@” and the
        # prefix keep it text where a person edits it too.
        cell.data_type = "s"
        cell.number_format = "@"
        if value.startswith(("=", "+", "-", "@", "\t")):
            cell.quotePrefix = True


def _add_list(sheet: Worksheet, number: int, column: PageColumn, last_row: int) -> None:
    if not column.options and not column.options_from:
        return
    has_options = bool(column.options)
    formula = (
        '"{}"'.format(",".join(column.options))
        if has_options
        else f"'{column.options_from}'!$A$2:$A${ROWS_TO_COME}"
    )
    validation = DataValidation(type="list", formula1=formula, allow_blank=True)
    validation.showErrorMessage = has_options and not column.is_open
    validation.errorTitle = column.heading
    validation.error = ", ".join(column.options)[:250]
    letters = get_column_letter(number)
    validation.add(f"{letters}2:{letters}{last_row}")
    sheet.add_data_validation(validation)

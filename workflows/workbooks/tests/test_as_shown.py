"""What a person sees in a cell is what is read, or it is reported at the cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from django.test import SimpleTestCase
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from workflows.bundles.document.problems import Problem
from workflows.engine.process import Json, JsonObject
from workflows.workbooks import FileType, Reading, read_document, write_template
from workflows.workbooks.tests.workbook_files import (
    changed,
    column_of,
    part,
    problem_at,
    rewritten,
    sheet_part,
)

DATE = "yyyy-mm-dd"


def last_field(reading: Reading) -> JsonObject:
    document: Any = reading.document
    found: JsonObject = document["workflow"]["fields"][-1]
    return found


def problems_in(reading: Reading, place: str) -> list[Problem]:
    return [each for each in reading.check() if place in str(reading.place_of(each.path))]


class ShownTestCase(SimpleTestCase):
    def field(
        self, kind: str, change: Callable[[Workbook], object] = bool, **cells: Any
    ) -> Reading:
        """A workbook with one more question; a cell is a value, or a value and its format."""

        def add(book: Workbook) -> None:
            sheet = book["Fields"]
            row = sheet.max_row + 1
            values = {"Form": "ticket", "Name": "probe", "Type": kind, **cells}
            for heading, given in values.items():
                cell = sheet.cell(row, column_of(sheet, heading))
                value, code = given if isinstance(given, tuple) else (given, None)
                cell.value = value
                if code is not None:
                    cell.number_format = code
            change(book)

        return changed(add, "vacation")

    def assert_read(self, reading: Reading, heading: str, expected: Json) -> None:
        self.assertEqual([each.message for each in problems_in(reading, f"({heading})")], [])
        self.assertEqual(last_field(reading)[heading.lower()], expected)

    def assert_reported(
        self, reading: Reading, heading: str, sentence: str, *, is_error: bool = True
    ) -> None:
        """The reading itself reports it, at the cell."""
        found = problems_in(reading, f"({heading})")
        self.assertEqual(len(found), 1, [each.message for each in found])
        self.assertIn(sentence, found[0].message)
        self.assertEqual(found[0].is_error, is_error)


class TextTests(ShownTestCase):
    """Columns of texts: what the program made of what was typed."""

    def test_numbers_are_read_as_they_are_shown(self) -> None:
        for value, code, expected in (
            (123, "General", "123"),
            (123, "00000", "00123"),
            (7, '"KST-"000', "KST-007"),
            (0.5, "0%", "50%"),
            (12345678, "0000 0000", "1234 5678"),
        ):
            with self.subTest(code=code):
                self.assert_read(self.field("choice", Choices=(value, code)), "Choices", [expected])
                self.assert_read(self.field("text", Default=(value, code)), "Default", expected)

    def test_a_date_of_the_program_is_told(self) -> None:
        for value in (date(2026, 2, 1), datetime(2026, 2, 1, 8, 30), time(1, 2)):  # noqa: DTZ001
            for code in ("d-mmm", DATE, "h:mm"):
                with self.subTest(value=value, code=code):
                    reading = self.field("choice", Choices=(value, code))
                    self.assert_reported(reading, "Choices", "made a date or a time of this cell")

    def test_formats_that_cannot_be_text_are_told(self) -> None:
        for value, code in ((0.5, "# ?/?"), (1234, "#,##0"), (5, "[>3]0;0"), (5, "0x")):
            with self.subTest(code):
                reading = self.field("choice", Choices=(value, code))
                self.assert_reported(reading, "Choices", "Format the cell as text")

    def test_a_fraction_and_a_truth_are_noted(self) -> None:
        for value, code, text in (
            (2.5, "General", "2.5"),
            (2.5, "0.00", "2.50"),
            (True, "", "TRUE"),
        ):
            with self.subTest(text):
                reading = self.field("text", Default=(value, code or "General"))
                self.assert_reported(reading, "Default", f"“{text}”", is_error=False)
                self.assertEqual(last_field(reading)["default"], text)

    def test_digits_that_the_program_has_dropped_are_told(self) -> None:
        reading = self.field("text", Default=1234567890123450)
        self.assert_reported(reading, "Default", "15 digits")
        self.assert_read(self.field("text", Default=123456789012345), "Default", "123456789012345")

    def test_what_looks_empty_is_told(self) -> None:
        for value in (5, "x"):
            with self.subTest(value):
                reading = self.field("text", Default=(value, ";;;"))
                self.assert_reported(reading, "Default", "looks empty")

    def test_a_format_may_add_to_a_text(self) -> None:
        self.assert_read(self.field("text", Help=("5", '"No. "@')), "Help", "No. 5")

    def test_a_text_is_what_it_is(self) -> None:
        for text in ("00123", "1-2", "1/2", "12:30", "1.000", "'x", "TRUE", "50%", "2026-01-31"):
            with self.subTest(text):
                self.assert_read(self.field("choice", Choices=(text, "@")), "Choices", [text])

    def test_truths_may_be_numbers_that_show_words(self) -> None:
        for value, expected in ((1, True), (0, False)):
            reading = self.field("text", Required=(value, '"yes";;"no"'))
            self.assertEqual(last_field(reading)["required"], expected)
        self.assert_reported(self.field("text", Required=(0.5, "0%")), "Required", "yes or no")


class NumberTests(ShownTestCase):
    """Columns of numbers: what is shown says the same as what is kept."""

    def test_formats_that_show_the_number(self) -> None:
        for value, code in (
            (2.5, "0.00"),
            (1234, "#,##0"),
            (-5, "0.0"),
            (-5, "(0);(0)"),
            (5, "00000"),
            (1234.5, "#,##0.00 [$\u20ac-407]"),
            (120000, "0.0E+00"),
            (5, 'General" kg"'),
        ):
            with self.subTest(code):
                self.assert_read(self.field("number", Default=(value, code)), "Default", value)

    def test_formats_that_show_another_number_are_told(self) -> None:
        for value, code, shown in (
            (2.5, "0", "3"),
            (0.5, "0%", "50%"),
            (1234567, "#,##0,", "1,235"),
            (123456, "0.0E+00", "1.2E+05"),
            (-5, "0;0", "5"),
            (5, '"high"', "high"),
            (12345, "00-000", "12-345"),
        ):
            for heading in ("Default", "Min", "Max"):
                with self.subTest(code=code, heading=heading):
                    reading = self.field("number", bool, **{heading: (value, code)})
                    self.assert_reported(reading, heading, f"shows “{shown}”")

    def test_numbers_that_look_empty_are_told(self) -> None:
        reading = self.field("number", Default=(0, "0;-0;;@"))
        self.assert_reported(reading, "Default", "looks empty")

        def hide_zeros(book: Workbook) -> None:
            book["Fields"].sheet_view.showZeros = False

        found = problems_in(self.field("number", hide_zeros, Max=0), "(Max)")
        self.assertEqual([each.message for each in found if "looks empty" not in each.message], [])
        self.assertEqual(len(found), 1)

    def test_formats_that_are_not_known_are_noted(self) -> None:
        reading = self.field("number", Default=(0.5, "# ?/?"))
        self.assert_reported(reading, "Default", "not known here", is_error=False)
        self.assertEqual(last_field(reading)["default"], 0.5)

    def test_a_date_of_the_program_is_told(self) -> None:
        reading = self.field("number", Max=(date(2026, 1, 30), DATE))
        self.assert_reported(reading, "Max", "made a date or a time of this cell")

    def test_numbers_in_texts(self) -> None:
        for text, expected in (
            ("1,5", 1.5),
            ("1 234,5", 1234.5),
            ("\u22125", -5),
            ("0.125", 0.125),
        ):
            self.assert_read(self.field("number", Default=text), "Default", expected)
            self.assert_read(self.field("number", Min=text), "Min", expected)
        for heading in ("Default", "Min", "More than"):
            reading = self.field("number", bool, **{heading: "1.000"})
            self.assert_reported(reading, heading, "Write 1000 or 1.0.")
        self.assert_reported(
            self.field("integer", Default="2,5"), "Default", "Enter a whole number."
        )
        self.assert_reported(self.field("text", Max="1,000"), "Max", "Write 1000 or 1.")


class MomentTests(ShownTestCase):
    def test_only_what_is_shown_counts(self) -> None:
        moment = datetime(2026, 1, 31, 14, 30, 45)  # noqa: DTZ001
        for kind, code, expected in (
            ("datetime", "yyyy-mm-dd h:mm", "2026-01-31T14:30:00Z"),
            ("datetime", "yyyy-mm-dd h:mm:ss", "2026-01-31T14:30:45Z"),
            ("datetime", DATE, "2026-01-31T00:00:00Z"),
            ("date", DATE, "2026-01-31"),
            ("time", "h:mm", "14:30"),
        ):
            with self.subTest(kind=kind, code=code):
                self.assert_read(self.field(kind, Min=(moment, code)), "Min", expected)

    def test_a_part_of_a_date_is_noted(self) -> None:
        reading = self.field("date", Min=(date(2026, 1, 31), "mmm yy"))
        self.assert_reported(reading, "Min", "It is read as 2026-01-31", is_error=False)

    def test_hours_beyond_a_day_are_no_time(self) -> None:
        self.assert_reported(
            self.field("time", Min=(1.1041666667, "[h]:mm")), "Min", "Enter a time"
        )

    def test_serial_numbers_count_from_the_day_of_their_book(self) -> None:
        def of_a_mac(book: Workbook) -> None:
            book.epoch = CALENDAR_MAC_1904

        for change, serial in ((bool, 46023), (of_a_mac, 44561)):
            with self.subTest(serial):
                reading = self.field("date", change, Min=serial)
                self.assert_reported(reading, "Min", "It is read as 2026-01-01", is_error=False)
                self.assertEqual(last_field(reading)["min"], "2026-01-01")
                dated = self.field("date", change, Min=(serial, DATE))
                self.assert_read(dated, "Min", "2026-01-01")


class HiddenTests(ShownTestCase):
    def hidden(self, change: Callable[[Worksheet], object]) -> Reading:
        return changed(lambda book: change(book["Fields"]))

    def test_rows_that_are_filtered_away(self) -> None:
        def hide(sheet: Worksheet) -> None:
            sheet.auto_filter.ref = f"A1:N{sheet.max_row}"
            sheet.row_dimensions[5].hidden = True

        problem = problem_at(self.hidden(hide), "sheet Fields, row 5")
        self.assertIn("hidden, perhaps by a filter", problem.message)
        self.assertFalse(problem.is_error)

    def test_several_rows_are_told_once(self) -> None:
        def hide(sheet: Worksheet) -> None:
            for row in (3, 4, 5, 8, 900):
                sheet.row_dimensions[row].hidden = True

        reading = self.hidden(hide)
        self.assertIn("rows 3 to 5", problem_at(reading, "sheet Fields, row 3").message)
        problem_at(reading, "sheet Fields, row 8")
        self.assertEqual(len(reading.check()), 2)

    def test_what_has_no_height_or_width(self) -> None:
        content = write_template()
        name = sheet_part(content, "Fields")
        xml = part(content, name)
        for old, new, place in (
            ('<row r="2"', '<row r="2" ht="0"', "sheet Fields, row 2"),
            ('<col width="20"', '<col width="0"', "sheet Fields, cell A1 (Form)"),
        ):
            with self.subTest(new):
                self.assertIn(old, xml)
                made = re.sub(r' ht="[0-9.]+"', "", xml) if "ht" in new else xml
                reading = read_document(rewritten(content, {name: made.replace(old, new, 1)}))
                self.assertIn("hidden", problem_at(reading, place).message)

    def test_columns(self) -> None:
        def hide(sheet: Worksheet) -> None:
            sheet.column_dimensions["E"].hidden = True
            sheet.column_dimensions["M"].hidden = True  # nothing stands in it

        reading = self.hidden(hide)
        self.assertIn("hidden", problem_at(reading, "sheet Fields, cell E1 (Required)").message)
        self.assertEqual(len(reading.check()), 1)

    def test_the_sheet_of_names_and_values(self) -> None:
        def hide(book: Workbook) -> None:
            book["Workflow"].row_dimensions[4].hidden = True
            book["Workflow"].cell(2, 2).font = Font(strike=True)

        reading = changed(hide)
        self.assertFalse(problem_at(reading, "sheet Workflow, row 4").is_error)
        self.assertTrue(problem_at(reading, "sheet Workflow, cell B2 (Value)").is_error)

    def test_what_lies_below_joined_cells(self) -> None:
        def join(sheet: Worksheet) -> None:
            sheet.merged_cells.add("C2:D3")

        reading = self.hidden(join)
        document: Any = reading.document
        first, second = document["workflow"]["fields"][:2]
        self.assertEqual(second["label"], first["label"])
        self.assertNotIn("type", first)
        self.assertNotIn("type", second)


class StruckTests(ShownTestCase):
    STRUCK = Font(strike=True)

    def test_a_row(self) -> None:
        def strike(book: Workbook) -> None:
            for cell in book["Fields"][5]:
                cell.font = self.STRUCK

        problem = problem_at(changed(strike), "sheet Fields, row 5")
        self.assertIn("This row is struck out", problem.message)
        self.assertTrue(problem.is_error)

    def test_a_cell(self) -> None:
        def strike(book: Workbook) -> None:
            sheet = book["Fields"]
            sheet.cell(sheet.max_row, column_of(sheet, "Max")).font = self.STRUCK
            sheet.cell(1, column_of(sheet, "Help")).font = self.STRUCK
            sheet.cell(2, column_of(sheet, "Pattern")).font = self.STRUCK  # nothing stands in it

        reading = self.field("number", strike, Max=5)
        self.assert_reported(reading, "Max", "“5” is struck out")
        self.assert_reported(reading, "Help", "“Help” is struck out")
        self.assertEqual(len(reading.check()), 2)

    def test_a_part_of_a_text(self) -> None:
        gone = TextBlock(InlineFont(strike=True), "unpaid\n")
        for text in (CellRichText("annual\n", gone, "sick"), CellRichText(gone, "sick")):
            with self.subTest(str(text)):
                reading = self.field("choice", Choices=text)
                self.assert_reported(reading, "Choices", "“unpaid” is struck out")

    def test_a_part_that_is_not_struck_in_a_cell_that_is(self) -> None:
        def strike(book: Workbook) -> None:
            sheet = book["Fields"]
            sheet.cell(sheet.max_row, column_of(sheet, "Choices")).font = self.STRUCK

        text = CellRichText("annual\n", TextBlock(InlineFont(b=True), "sick"))
        reading = self.field("choice", strike, Choices=text)
        self.assert_reported(reading, "Choices", "“annual” is struck out")

    def test_what_is_not_struck_out(self) -> None:
        for text in (
            CellRichText(TextBlock(InlineFont(strike=False, b=True), "annual"), "\nsick"),
            CellRichText("annual\nsick", TextBlock(InlineFont(strike=True), " \n")),
        ):
            with self.subTest(str(text)):
                reading = self.field("choice", Choices=text)
                self.assert_read(reading, "Choices", ["annual", "sick"])

    def test_rules_that_strike_out(self) -> None:
        def add(look: DifferentialStyle) -> Reading:
            def change(book: Workbook) -> None:
                rule = Rule("expression", dxf=look, formula=["TRUE"])
                book["Fields"].conditional_formatting.add("A2:N9", rule)

            return changed(change)

        for look in (
            DifferentialStyle(font=Font(strike=True)),
            DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode=";;;")),
        ):
            problem = problem_at(add(look), "sheet Fields")
            self.assertIn("conditional formatting", problem.message)
        self.assertEqual(add(DifferentialStyle(font=Font(bold=True))).check(), [])


END_OF_HEADINGS = "</table:table-header-rows>"
STYLES = """
<style:style style:name="gone" style:family="table-cell" style:parent-style-name="Default">
  <style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="also" style:family="table-cell" style:parent-style-name="gone"/>
<style:style style:name="back" style:family="table-cell" style:parent-style-name="gone">
  <style:text-properties style:text-line-through-style="none"/></style:style>
<style:style style:name="run" style:family="text">
  <style:text-properties style:text-line-through-type="single"/></style:style>
<number:date-style xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"
  style:name="N9"><number:month/><number:year/></number:date-style>
<style:style style:name="month" style:family="table-cell" style:data-style-name="N9"/>
<style:style style:name="ruled" style:family="table-cell">
  <style:map style:condition="is-true-formula(1)" style:apply-style-name="gone"/></style:style>
</office:automatic-styles>"""


class OpenDocumentTests(SimpleTestCase):
    """The same in files of LibreOffice and its kin, which say what each cell shows."""

    def with_fields(self, rows: str, columns: str = "", *, null_date: str = "") -> Reading:
        """A workbook whose sheet Fields has these rows below its headings."""
        content = write_template(FileType.ODS)
        xml = part(content, "content.xml").replace("</office:automatic-styles>", STYLES)
        start = xml.index('<table:table table:name="Fields"')
        end = xml.index("</table:table>", start)
        heading_end = xml.index(END_OF_HEADINGS, start) + len(END_OF_HEADINGS)
        head = xml[start:heading_end]
        if columns:
            first = head.index("<table:table-column")
            head = head[:first] + columns + head[head.index("<table:table-header-rows") :]
        if null_date:
            setting = f'<table:null-date table:date-value="{null_date}"/>'
            xml_start = xml[:start].replace(
                "<office:spreadsheet>",
                "<office:spreadsheet><table:calculation-settings>"
                f"{setting}</table:calculation-settings>",
            )
        else:
            xml_start = xml[:start]
        made = f"{xml_start}{head}{rows}{xml[end:]}"
        return read_document(rewritten(content, {"content.xml": made}), "a.ods")

    def cell(self, text: str, attributes: str = "") -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    def row(self, kind: str, *cells: str, attributes: str = "", name: str = "probe") -> str:
        """Form, Name, Label, Type, Required, and then Choices, Help, Default, Min, Max."""
        texts = ["ticket", name, "Probe", kind, "no"]
        return (
            f"<table:table-row {attributes}>"
            + "".join(self.cell(each, 'office:value-type="string"') for each in texts)
            + "".join(cells)
            + "</table:table-row>"
        )

    def number(self, value: str, text: str, kind: str = "float", more: str = "") -> str:
        return self.cell(text, f'office:value-type="{kind}" office:value="{value}" {more}')

    def assert_reported(self, reading: Reading, sentence: str, *, is_error: bool = True) -> None:
        found = [
            each for each in reading.problems if "sheet Fields" in str(reading.place_of(each.path))
        ]
        self.assertEqual(len(found), 1, [each.message for each in reading.problems])
        self.assertIn(sentence, found[0].message)
        self.assertEqual(found[0].is_error, is_error)

    BLANK = "<table:table-cell/>"

    def default(self, kind: str, cell: str) -> Reading:
        return self.with_fields(self.row(kind, self.BLANK, self.BLANK, cell))

    def test_numbers_are_read_as_they_are_shown(self) -> None:
        for value, text, kind in (("123", "00123", "float"), ("0.5", "50 %", "percentage")):
            reading = self.with_fields(self.row("choice", self.number(value, text, kind)))
            self.assertEqual(reading.problems, [])
            self.assertEqual(last_field(reading)["choices"], [text])
        reading = self.with_fields(self.row("choice", self.number("2.5", "2,5")))
        self.assert_reported(reading, "Format the cell as text")

    def test_numbers_say_what_they_show_in_any_language(self) -> None:
        for value, text in (
            ("2.5", "2,50"),
            ("1234.5", "1.234,50 \u20ac"),
            ("1000", "1.000"),
            ("-5", "\u22125"),
            ("0.3333333333333333", "0,3333333333"),
        ):
            with self.subTest(text):
                reading = self.default("number", self.number(value, text))
                self.assertEqual(reading.problems, [])
                self.assertEqual(last_field(reading)["default"], float(value))
        for value, text, kind in (("2.5", "3", "float"), ("0.5", "50%", "percentage")):
            with self.subTest(text):
                reading = self.default("number", self.number(value, text, kind))
                self.assert_reported(reading, f"shows “{text}”")
        self.assert_reported(self.default("number", self.number("5", "")), "looks empty")

    def test_dates(self) -> None:
        given = 'office:value-type="date" office:date-value="2026-02-01"'
        reading = self.with_fields(self.row("choice", self.cell("1. Feb", given)))
        self.assert_reported(reading, "made a date or a time of this cell")
        part_of = self.cell("Feb 26", f'{given} table:style-name="month"')
        self.assert_reported(self.default("date", part_of), "only a part", is_error=False)

    def test_serial_numbers_count_from_the_day_of_their_book(self) -> None:
        row = self.row("date", self.BLANK, self.BLANK, self.number("44561", "44561"))
        reading = self.with_fields(row, null_date="1904-01-01")
        self.assert_reported(reading, "It is read as 2026-01-01", is_error=False)
        self.assertEqual(last_field(reading)["default"], "2026-01-01")

    def test_rows_that_are_hidden(self) -> None:
        for attributes in ('table:visibility="filter"', 'table:visibility="collapse"'):
            reading = self.with_fields(self.row("text", attributes=attributes))
            self.assert_reported(reading, "hidden", is_error=False)
        folded = f'<table:table-row-group table:display="false">{self.row("text")}'
        for inner in ("", "<table:table-row-group></table:table-row-group>"):
            rows = f"{folded}{inner}</table:table-row-group>{self.row('text', name='seen')}"
            reading = self.with_fields(rows)
            self.assert_reported(reading, "This row is hidden", is_error=False)
            self.assertEqual(last_field(reading)["name"], "seen")

    def test_columns_that_are_hidden(self) -> None:
        columns = (
            '<table:table-column table:number-columns-repeated="2"/>'
            '<table:table-column table:visibility="collapse"/>'
        )
        reading = self.with_fields(self.row("text"), columns)
        self.assert_reported(reading, "This column is hidden", is_error=False)

    def test_what_is_struck_out(self) -> None:
        text = 'office:value-type="string"'
        part_of = '<text:span text:style-name="run">b</text:span>\n c'
        for cell, sentence in (
            (self.cell("a", f'{text} table:style-name="gone"'), "“a” is struck out"),
            (self.cell("a", f'{text} table:style-name="also"'), "“a” is struck out"),
            (self.cell(part_of, text), "“b” is struck out"),
            (self.number("5", "5", more='table:style-name="gone"'), "“5” is struck"),
        ):
            with self.subTest(cell):
                reading = self.with_fields(self.row("choice", cell))
                self.assert_reported(reading, sentence)
        kept = self.cell("a", f'{text} table:style-name="back"')
        self.assertEqual(self.with_fields(self.row("choice", kept)).problems, [])

    def test_cells_look_as_their_row_or_column_says(self) -> None:
        style = 'table:default-cell-style-name="gone"'
        reading = self.with_fields(self.row("text", attributes=style))
        self.assert_reported(reading, "This row is struck out")
        columns = f"<table:table-column/><table:table-column/><table:table-column {style}/>"
        reading = self.with_fields(self.row("text"), columns)
        self.assertIn("“Probe” is struck out", " ".join(each.message for each in reading.problems))

    def test_rules_that_strike_out(self) -> None:
        text = self.cell("a", 'office:value-type="string" table:style-name="ruled"')
        reading = self.with_fields(self.row("choice", text))
        self.assert_reported(reading, "conditional formatting", is_error=False)
        rule = (
            '<calcext:conditional-formats xmlns:calcext="urn:org:documentfoundation:names:'
            'experimental:calc:xmlns:calcext:1.0"><calcext:conditional-format><calcext:condition '
            'calcext:apply-style-name="gone"/></calcext:conditional-format>'
            "</calcext:conditional-formats>"
        )
        reading = self.with_fields(self.row("text") + rule)
        self.assert_reported(reading, "conditional formatting", is_error=False)

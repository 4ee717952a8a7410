from __future__ import annotations

from django.test import SimpleTestCase

from workflows.workbooks import FileType, Reading, read_document, write_template
from workflows.workbooks.formats.archive import Archive
from workflows.workbooks.formats.grid import Grid
from workflows.workbooks.formats.ods_reading import read_ods
from workflows.workbooks.tests.workbook_files import part, problem_at, reported, rewritten

TITLE = "<text:p>Approve the request</text:p>"


class OpenDocumentTests(SimpleTestCase):
    """What LibreOffice and its kin make of cells."""

    def with_title(self, cell: str) -> Reading:
        """The reading of the template whose task's title is this cell."""
        content = write_template(FileType.ODS)
        xml = part(content, "content.xml")
        end = xml.index(TITLE) + len(TITLE) + len("</table:table-cell>")
        start = xml.rindex("<table:table-cell", 0, end - len("</table:table-cell>"))
        return read_document(rewritten(content, {"content.xml": xml[:start] + cell + xml[end:]}))

    def grid(self, rows: str) -> Grid:
        content = write_template(FileType.ODS)
        xml = part(content, "content.xml")
        start, end = xml.index("<table:table "), xml.rindex("</table:table>")
        made = f'{xml[:start]}<table:table table:name="A">{rows}{xml[end:]}'
        return read_ods(Archive(rewritten(content, {"content.xml": made})))[0]

    def test_texts_with_blanks_lines_and_notes(self) -> None:
        grid = self.grid(
            '<table:table-row><table:table-cell office:value-type="string">'
            "<office:annotation><text:p>a note</text:p></office:annotation>"
            '<text:p>a<text:s text:c="3"/>b   c<text:tab/><text:span>d</text:span></text:p>'
            "<text:p>e<text:line-break/>f</text:p></table:table-cell></table:table-row>"
        )
        self.assertEqual(grid.rows[1][1].value, "a   b c\td\ne\nf")

    def test_numbers_dates_times_and_truth(self) -> None:
        grid = self.grid(
            "<table:table-row>"
            '<table:table-cell office:value-type="float" office:value="5"/>'
            '<table:table-cell office:value-type="percentage" office:value="0.5"/>'
            '<table:table-cell table:number-columns-repeated="2"/>'
            '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
            '<table:table-cell office:value-type="date" office:date-value="2026-01-31"/>'
            '<table:table-cell office:value-type="date" office:date-value="2026-01-31T14:30:00"/>'
            '<table:table-cell office:value-type="time" office:time-value="PT14H30M00S"/>'
            '<table:table-cell office:value-type="date" office:date-value="nonsense"/>'
            "</table:table-row>"
        )
        self.assertEqual(
            {column: str(cell.value) for column, cell in grid.rows[1].items()},
            {
                1: "5",
                2: "0.5",
                5: "True",
                6: "2026-01-31",
                7: "2026-01-31 14:30:00",
                8: "14:30:00",
            },
        )

    def test_repeated_and_joined_cells(self) -> None:
        text = (
            '<table:table-cell office:value-type="string"{0}>'
            "<text:p>{1}</text:p></table:table-cell>"
        )
        grid = self.grid(
            '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
            "<table:table-row>"
            + text.format(' table:number-rows-spanned="2"', "form")
            + text.format(' table:number-columns-repeated="2"', "x")
            + "</table:table-row><table:table-row><table:covered-table-cell/>"
            + text.format("", "y")
            + "</table:table-row>"
        )
        found = {row: {at: c.value for at, c in cells.items()} for row, cells in grid.rows.items()}
        self.assertEqual(found, {4: {1: "form", 2: "x", 3: "x"}, 5: {2: "y", 1: "form"}})

    def test_the_result_of_a_formula_is_read(self) -> None:
        reading = self.with_title(
            '<table:table-cell table:formula="of:=[.A1]" office:value-type="string">'
            "<text:p>Decide</text:p></table:table-cell>"
        )
        self.assertEqual(reported(reading), [])

    def test_a_formula_without_a_result_is_told(self) -> None:
        reading = self.with_title('<table:table-cell table:formula="of:=[.A1]"/>')
        problem = problem_at(reading, "sheet Tasks, cell B2 (Title)")
        self.assertIn("formula whose result is not in the file", problem.message)

    def test_an_error_in_a_cell_is_told(self) -> None:
        for text in ("#REF!", "Err:502", "#DIV/0!"):
            reading = self.with_title(
                '<table:table-cell table:formula="of:=[.A1]" office:value-type="string">'
                f"<text:p>{text}</text:p></table:table-cell>"
            )
            with self.subTest(text):
                problem = problem_at(reading, "sheet Tasks, cell B2 (Title)")
                self.assertIn(f"shows the error {text}", problem.message)

    def test_hidden_sheets_are_told(self) -> None:
        content = write_template(FileType.ODS)
        style = (
            '<style:style style:name="ta9" style:family="table">'
            '<style:table-properties table:display="false"/></style:style>'
            "</office:automatic-styles>"
        )
        xml = part(content, "content.xml").replace("</office:automatic-styles>", style)
        xml = xml.replace(
            '<table:table table:name="Tasks"',
            '<table:table table:name="Tasks" table:style-name="ta9"',
        )
        reading = read_document(rewritten(content, {"content.xml": xml}))
        self.assertIn("hidden", problem_at(reading, "sheet Tasks").message)

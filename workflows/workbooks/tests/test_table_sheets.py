"""Decision tables as sheets of a workbook."""

from __future__ import annotations

import io
from typing import Any

from django.test import SimpleTestCase
from openpyxl import Workbook, load_workbook

from workflows.bundles import canonical
from workflows.bundles.document.canonical import as_text
from workflows.bundles.tests.test_decision_tables import document
from workflows.workbooks import FileType, read_document, write_document
from workflows.workbooks.reading import Reading


def save(book: Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


class TableSheetTests(SimpleTestCase):
    def setUp(self) -> None:
        self.document: Any = canonical(document())
        self.book = load_workbook(io.BytesIO(write_document(self.document, FileType.XLSX)))
        self.sheet: Any = self.book["Table offer"]

    def read(self) -> Reading:
        return read_document(save(self.book), "file.xlsx")

    def table(self) -> Any:
        reading = self.read()
        assert isinstance(reading.document, dict)
        made: Any = canonical(reading.document)
        return made["tasks"][0]["table"]

    def test_every_format_gives_the_same_document(self) -> None:
        for file_type in FileType:
            with self.subTest(file_type):
                reading = read_document(write_document(self.document, file_type), f"f.{file_type}")
                self.assertEqual([each.message for each in reading.check()], [])
                assert isinstance(reading.document, dict)
                self.assertEqual(as_text(canonical(reading.document)), as_text(self.document))

    def test_it_reads_as_the_table_does(self) -> None:
        rows = [[cell.value for cell in row] for row in self.sheet.iter_rows()]
        self.assertEqual(rows[0][:2], ["Decision table", "offer"])
        self.assertEqual(rows[2], ["Column", *["input"] * 5, *["output"] * 2, "note"])
        self.assertEqual(rows[5][1:3], ["ticket.country", "ticket.weight"])
        expected = [3, "de", "<= 5", "no", "> 500", None, "Insured parcel", 9.9]
        self.assertEqual(rows[9], [*expected, "Insured from 500 on"])

    def test_columns_may_be_moved_and_left_out(self) -> None:
        self.sheet.move_range("B1:I30", cols=2)
        self.sheet["B1"].value = "offer"
        self.sheet.move_range("K1:K30", cols=-9)
        self.sheet["B1"].value = "offer"
        self.sheet.delete_rows(2)
        found, expected = self.table(), self.document["tasks"][0]["table"]
        self.assertEqual(as_text(found), as_text(expected))

    def test_what_a_person_types(self) -> None:
        cases: list[tuple[Any, str]] = [
            (5, "5"),
            (5.5, "5.5"),
            (">5", "> 5"),
            ("5 .. 10,5", "5..10.5"),
            ("< 5; > 10", "< 5, > 10"),
            ("-", ""),
            (None, ""),
        ]
        for typed, expected in cases:
            with self.subTest(typed):
                self.sheet["C8"].value = typed
                self.assertEqual(self.table()["rows"][0]["when"][1], expected)

    def test_what_is_wrong_is_told_at_its_cell(self) -> None:
        self.sheet["C8"].value = "heavy"
        self.sheet["H9"].value = "dear"
        self.sheet["B6"].value = "ticket.contry"
        reading = self.read()
        found = {str(reading.place_of(each.path)) for each in reading.check() if each.is_error}
        expected = {
            "sheet Table offer, cell C8 (Weight)",
            "sheet Table offer, cell H9 (Price)",
            "sheet Table offer, cell B6 (Value)",
        }
        self.assertEqual(found, expected)

    def test_a_formula_that_cannot_be_read(self) -> None:
        self.sheet["B6"].value = "contry.x +"
        reading = self.read()
        (problem,) = [each for each in reading.check() if each.is_error]
        self.assertEqual(str(reading.place_of(problem.path)), "sheet Table offer, cell B6 (Value)")

    def test_a_gap_is_told_at_the_sheet(self) -> None:
        self.sheet.delete_rows(21)
        reading = self.read()
        (problem,) = reading.check()
        self.assertIn("No row covers this: Country: other, Value: > 5000", problem.message)
        self.assertEqual(str(reading.place_of(problem.path)), "sheet Table offer")

    def test_a_table_of_no_task(self) -> None:
        self.sheet["B1"].value = "ofer"
        messages = [each.message for each in self.read().check() if each.is_error]
        self.assertIn("Did you mean “offer”?", messages[0])

    def test_two_tables_of_one_task(self) -> None:
        self.book.copy_worksheet(self.sheet)
        messages = [each.message for each in self.read().check() if each.is_error]
        self.assertEqual(len(messages), 1)
        self.assertIn("two decision tables", messages[0])

    def test_columns_that_nobody_knows(self) -> None:
        self.sheet["B3"].value = "inptu"
        messages = [each.message for each in self.read().check() if each.is_error]
        self.assertIn("Did you mean “input”?", messages[0])
        self.sheet.delete_rows(3)
        messages = [each.message for each in self.read().check() if each.is_error]
        self.assertIn("no row “Column”", messages[0])

    def test_long_keys_have_sheets_of_their_own(self) -> None:
        long = "x" * 60
        for number, task in enumerate(self.document["tasks"]):
            task["key"] = f"{long}{number}"
        self.document["tasks"][1] = {**self.document["tasks"][0], "key": f"{long}1", "title": "B"}
        content = write_document(self.document, FileType.XLSX)
        names = load_workbook(io.BytesIO(content)).sheetnames
        self.assertEqual(len([each for each in names if each.startswith("Table ")]), 2)
        reading = read_document(content, "f.xlsx")
        assert isinstance(reading.document, dict)
        made: Any = canonical(reading.document)
        self.assertEqual(made["tasks"][0]["table"], made["tasks"][1]["table"])

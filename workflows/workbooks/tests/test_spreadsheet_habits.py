from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.test import SimpleTestCase
from openpyxl import Workbook

from workflows.bundles import canonical, differences
from workflows.bundles.document.canonical import as_text
from workflows.engine.process import Json
from workflows.workbooks import FileType, Reading, read_document, write_document
from workflows.workbooks.tests.workbook_files import (
    changed,
    column_of,
    part,
    problem_at,
    reported,
    rewritten,
    row_of,
    saved,
    sheet_part,
    shipped,
    workbook,
)


def at(document: Json, *path: str | int) -> Json:
    value: Any = document
    for step in path:
        value = value[step]
    found: Json = value
    return found


class HabitTests(SimpleTestCase):
    """What people and their spreadsheet programs do to a workbook."""

    def assert_same(self, reading: Reading, name: str = "it_help") -> None:
        self.assertEqual(reported(reading), [])
        self.assert_same_document(reading, name)

    def assert_same_document(self, reading: Reading, name: str = "it_help") -> None:
        assert isinstance(reading.document, dict)
        made, expected = canonical(reading.document), shipped(name)
        changes = [(each.place, each.old, each.new) for each in differences(expected, made)]
        self.assertEqual(changes, [])
        self.assertEqual(as_text(made), as_text(expected))

    def test_blank_rows_and_cells(self) -> None:
        def change(book: Workbook) -> None:
            for name in ("Fields", "Tasks", "Transitions"):
                book[name].insert_rows(3, 4)
                book[name].insert_rows(1)
                book[name].cell(5, 2).value = "  \xa0 "
                book[name].cell(900, 3).value = " "
            book["Workflow"].insert_rows(2, 2)

        self.assert_same(changed(change))

    def test_a_title_above_the_headings(self) -> None:
        def change(book: Workbook) -> None:
            book["Tasks"].insert_rows(1, 2)
            book["Tasks"].cell(1, 1).value = "All our tasks"

        self.assert_same(changed(change))

    def test_columns_in_another_order_and_case(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
            sheet.delete_rows(1, sheet.max_row)
            for row in rows:
                sheet.append(list(reversed(row)))
            for cell in sheet[1]:
                cell.value = f" {str(cell.value).upper().replace(' ', '_')}\xa0"

        self.assert_same(changed(change))

    def test_columns_that_are_not_needed_may_be_missing(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            for heading in ("Pattern", "More than", "Less than"):
                sheet.delete_cols(column_of(sheet, heading))
            del book["Read me"]

        self.assert_same(changed(change))

    def test_spaces_and_capitals(self) -> None:
        def change(book: Workbook) -> None:
            for row in book["Transitions"].iter_rows(min_row=2, max_col=2):
                for cell in row:
                    cell.value = f"\xa0{str(cell.value).capitalize()} "
            for sheet in (book["Fields"], book["Tasks"], book["Workflow"]):
                for row in sheet.iter_rows(min_row=2):
                    for cell in row:
                        if isinstance(cell.value, str):
                            cell.value = f" {cell.value} \xa0\r\n"

        self.assert_same(changed(change))

    def test_numbers_as_text(self) -> None:
        def change(book: Workbook) -> None:
            for name in ("Fields", "Transitions"):
                for row in book[name].iter_rows(min_row=2):
                    for cell in row:
                        if isinstance(cell.value, int):
                            cell.value, cell.data_type = f" {cell.value}", "s"

        self.assert_same(changed(change))

    def test_a_thousand_with_a_space(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            row = row_of(sheet, Form="solve", Name="minutes")
            sheet.cell(row, column_of(sheet, "Max")).value = "10\u202f000"

        self.assert_same(changed(change))

    def test_true_and_false(self) -> None:
        for yes in (True, "TRUE", "True", "Y", "x", 1, "YES"):

            def change(book: Workbook, yes: Any = yes) -> None:
                sheet = book["Fields"]
                for row in range(2, sheet.max_row + 1):
                    cell = sheet.cell(row, column_of(sheet, "Required"))
                    cell.value = yes if cell.value == "yes" else False

            with self.subTest(yes=yes):
                self.assert_same(changed(change))

    def test_smart_quotes_in_conditions(self) -> None:
        def change(book: Workbook) -> None:
            for row in book["Transitions"].iter_rows(min_row=2, min_col=4, max_col=4):
                for cell in row:
                    if isinstance(cell.value, str):
                        opening = cell.value.replace(' "', " “").replace('("', "(“")
                        cell.value = opening.replace('"', "”").replace(" ", "\xa0")

        reading = changed(change)
        self.assert_same(reading)
        self.assertTrue(any("condition" in each for each in at(reading.document, "transitions")))  # type: ignore[operator, union-attr]

    def test_merged_cells(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            rows = [
                row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value == "solve"
            ]
            sheet.merge_cells(start_row=rows[0], end_row=rows[-1], start_column=1, end_column=1)
            book["Tasks"].insert_rows(1)
            book["Tasks"].cell(1, 1).value = "Tasks"
            book["Tasks"].merge_cells("A1:H1")

        self.assert_same(changed(change))

    def test_hidden_sheets_are_read_and_told(self) -> None:
        def change(book: Workbook) -> None:
            book["Tasks"].sheet_state = "veryHidden"

        reading = changed(change)
        self.assert_same_document(reading)
        self.assertIn("hidden", problem_at(reading, "sheet Tasks").message)
        self.assertFalse(problem_at(reading, "sheet Tasks").is_error)

    def test_sheets_and_columns_of_ones_own_are_told_and_not_read(self) -> None:
        def change(book: Workbook) -> None:
            book.create_sheet("Calculations").append(["anything", 1])
            sheet = book["Tasks"]
            sheet.cell(1, sheet.max_column + 1).value = "My remarks about it"
            sheet.cell(2, sheet.max_column).value = "ask Bob"

        reading = changed(change)
        self.assert_same_document(reading)
        self.assertEqual([each.is_error for each in reading.check()], [False, False])

    def test_a_sheet_without_rows(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Ticket types"]
            sheet.delete_rows(1, sheet.max_row)

        messages = [message for _place, message in reported(changed(change))]
        self.assertTrue(any("No ticket type starts" in each for each in messages))


class CellValueTests(SimpleTestCase):
    """What a cell holds is not always what a person typed."""

    def field(self, kind: str, **cells: Any) -> Reading:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            row = sheet.max_row + 1
            for heading, value in {
                "Form": "ticket",
                "Name": "probe",
                "Type": kind,
                **cells,
            }.items():
                cell = sheet.cell(row, column_of(sheet, heading.replace("_", " ")))
                cell.value = value

        return changed(change)

    def test_dates_and_times(self) -> None:
        cases: list[tuple[str, Any, str]] = [
            ("date", date(2026, 1, 31), "2026-01-31"),
            ("date", datetime(2026, 1, 31), "2026-01-31"),  # noqa: DTZ001
            ("date", 46053, "2026-01-31"),
            ("date", " 2026-01-31 ", "2026-01-31"),
            ("time", time(14, 30), "14:30"),
            ("time", 0.5, "12:00"),
            ("time", "14:30", "14:30"),
            ("datetime", datetime(2026, 1, 31, 14, 30), "2026-01-31T14:30:00Z"),  # noqa: DTZ001
            ("datetime", date(2026, 1, 31), "2026-01-31T00:00:00Z"),
            ("datetime", "2026-01-31T14:30:00+01:00", "2026-01-31T14:30:00+01:00"),
        ]
        for kind, value, expected in cases:
            with self.subTest(kind=kind, value=value):
                reading = self.field(kind, Default=value, Min=value)
                self.assertEqual([each for each in reading.check() if each.is_error], [])
                spec = at(reading.document, "workflow", "fields", -1)
                self.assertEqual(at(spec, "default"), expected)
                self.assertEqual(at(spec, "min"), expected)

    def test_values_by_the_type_of_their_field(self) -> None:
        cases: list[tuple[str, Any, Json]] = [
            ("text", 5, "5"),
            ("text", "yes", "yes"),
            ("integer", "5", 5),
            ("number", "2.50", 2.5),
            ("number", 2.0, 2),
            ("boolean", True, True),
            ("boolean", "No", False),
        ]
        for kind, value, expected in cases:
            with self.subTest(kind=kind, value=value):
                reading = self.field(kind, Default=value)
                self.assertEqual([each for each in reading.check() if each.is_error], [])
                found = at(reading.document, "workflow", "fields", -1, "default")
                self.assertEqual(as_text(found), as_text(expected))

    def test_choices_by_lines_commas_or_semicolons(self) -> None:
        labelled: Json = [{"value": "a", "label": "Apple, red"}, "b"]
        cases: list[tuple[str, Json]] = [
            ("a, b", ["a", "b"]),
            ("a; b, c", ["a", "b, c"]),
            ("a\n\n b \n", ["a", "b"]),
            ("a: Apple, red\nb", labelled),
            ('"a": "Apple, red", b', labelled),
            ("“yes, please”, no", ["yes, please", "no"]),
            ("10:30, 11:30", ["10:30", "11:30"]),
        ]
        for text, expected in cases:
            with self.subTest(text):
                reading = self.field("choice", Choices=text)
                self.assertEqual([each for each in reading.check() if each.is_error], [])
                found = at(reading.document, "workflow", "fields", -1, "choices")
                self.assertEqual(found, expected)

    def test_types_as_people_call_them(self) -> None:
        for text, expected in (
            ("Yes/No", "boolean"),
            ("Long text", "long_text"),
            ("E-mail", "email"),
            ("Whole number", "integer"),
            ("Date and time", "datetime"),
        ):
            with self.subTest(text):
                reading = self.field(text)
                self.assertEqual(at(reading.document, "workflow", "fields", -1, "type"), expected)

    def test_the_fields_of_a_record(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            # The fields of the record may even stand before it.
            sheet.append(["ticket.items", "what", "What?", "text", "yes"])
            sheet.append(["Ticket", "items", "Items", "records"])
            sheet.append(["ticket.items", "amount", "How many?", "integer"])

        reading = changed(change)
        self.assertEqual([each for each in reading.check() if each.is_error], [])
        inner = at(reading.document, "workflow", "fields", -1, "fields")
        self.assertEqual(
            inner,
            [
                {"name": "what", "label": "What?", "type": "text", "required": True},
                {"name": "amount", "label": "How many?", "type": "integer"},
            ],
        )


class FormulaTests(SimpleTestCase):
    def with_cell(self, xml: str) -> Reading:
        """The reading of a workbook whose first task's title is this cell."""
        content = saved(workbook())
        name = sheet_part(content, "Tasks")
        sheet = part(content, name)
        start = sheet.index('<c r="B2"')
        end = sheet.index("</c>", start) + len("</c>")
        return read_document(
            rewritten(content, {name: sheet[:start] + xml + sheet[end:]}), "a.xlsx"
        )

    def test_the_result_of_a_formula_is_read(self) -> None:
        for xml in (
            '<c r="B2" t="str"><f>"Sort"&amp;" it"</f><v>Sort it</v></c>',
            '<c r="B2" t="inlineStr"><is><r><t>Sort</t></r><r><t xml:space="preserve"> it</t></r>'
            "<rPh><t>no</t></rPh></is></c>",
        ):
            with self.subTest(xml):
                reading = self.with_cell(xml)
                self.assertEqual(reported(reading), [])
                self.assertEqual(at(reading.document, "tasks", 0, "title"), "Sort it")

    def test_a_formula_without_a_result_is_told(self) -> None:
        reading = self.with_cell('<c r="B2"><f>1+1</f></c>')
        problem = problem_at(reading, "sheet Tasks, cell B2 (Title)")
        self.assertTrue(problem.is_error)
        self.assertIn("formula whose result is not in the file", problem.message)
        self.assertEqual(problem.found, "=1+1")

    def test_an_error_in_a_cell_is_told(self) -> None:
        reading = self.with_cell('<c r="B2" t="e"><f>A1/0</f><v>#REF!</v></c>')
        problem = problem_at(reading, "sheet Tasks, cell B2 (Title)")
        self.assertIn("shows the error #REF!", problem.message)

    def test_a_formula_written_by_a_program_is_never_run(self) -> None:
        def change(book: Workbook) -> None:
            book["Tasks"]["B2"].value = '=HYPERLINK("http://example.com","Sort")'

        problem = problem_at(changed(change), "sheet Tasks, cell B2 (Title)")
        self.assertTrue(problem.is_error)


class WritingTests(SimpleTestCase):
    def test_no_text_becomes_a_formula(self) -> None:
        document = shipped("it_help")
        texts = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            '=HYPERLINK("http://evil.example")',
            "#REF!",
        ]
        for text in texts:
            tasks = at(document, "tasks")
            assert isinstance(tasks, list)
            assert isinstance(tasks[0], dict)
            tasks[0]["title"] = tasks[0]["description"] = text
            content = write_document(document, FileType.XLSX)
            sheet = part(content, sheet_part(content, "Tasks"))
            with self.subTest(text):
                self.assertNotIn("<f>", sheet)
                self.assertNotIn('t="e"', sheet)
                reading = read_document(content, "a.xlsx")
                self.assertEqual(at(reading.document, "tasks", 0, "description"), text)
                # A title is a name: blanks around it are none of it.
                self.assertEqual(at(reading.document, "tasks", 0, "title"), text.strip())
                ods = part(write_document(document, FileType.ODS), "content.xml")
                self.assertNotIn("formula", ods)

    def test_it_helps_whoever_fills_it_in(self) -> None:
        book = workbook()
        self.assertEqual(book.sheetnames[0], "Read me")
        sheet = book["Fields"]
        self.assertEqual(sheet.freeze_panes, "B2")
        self.assertIsNotNone(sheet["A1"].comment)
        self.assertTrue(sheet["C2"].alignment.wrap_text)
        lists = {
            str(each.sqref).split(":")[0]: each for each in sheet.data_validations.dataValidation
        }
        self.assertIn("long_text", lists["D2"].formula1)
        self.assertTrue(lists["D2"].showErrorMessage)
        self.assertEqual(lists["E2"].formula1, '"yes,no"')
        self.assertIn("'Tasks'!$A$2", lists["A2"].formula1)
        self.assertFalse(lists["A2"].showErrorMessage)

    def test_conditions_are_readable(self) -> None:
        sheet = workbook()["Transitions"]
        conditions = [row[0].value for row in sheet.iter_rows(min_row=2, min_col=4, max_col=4)]
        self.assertIn('ticket.priority in ("high", "critical")', conditions)
        self.assertIn("solve.solved = yes", conditions)

    def test_forms_have_no_json(self) -> None:
        for name in ("it_help", "invoice", "vacation"):
            for sheet in workbook(name).worksheets:
                for row in sheet.iter_rows(values_only=True):
                    for value in row:
                        self.assertFalse(str(value).startswith(("{", "[", "json:")), value)

from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase
from openpyxl import Workbook

from workflows.bundles import check_bundle
from workflows.bundles.document.errors import InvalidBundleError
from workflows.workbooks import FileType, Reading, read_document, write_document
from workflows.workbooks.tests.workbook_files import (
    changed,
    column_of,
    problem_at,
    reported,
    row_of,
    shipped,
)


class PlaceTests(SimpleTestCase):
    """Every problem is shown at the cell that must be changed."""

    def with_cell(self, sheet_name: str, heading: str, value: Any, **row: str) -> Reading:
        def change(book: Workbook) -> None:
            sheet = book[sheet_name]
            number = row_of(sheet, **row)
            sheet.cell(number, column_of(sheet, heading)).value = value

        return changed(change)

    def test_a_type_that_there_is_not(self) -> None:
        reading = self.with_cell("Fields", "Type", "numbr", Form="solve", Name="minutes")
        problem = problem_at(reading, "sheet Fields, cell D15 (Type)")
        self.assertEqual((problem.found, problem.nearest), ("numbr", "number"))

    def test_a_condition_that_cannot_be_read(self) -> None:
        reading = self.with_cell("Transitions", "Condition", "solv.solved = yes", Label="solved")
        problem = problem_at(reading, "sheet Transitions, cell D6 (Condition)")
        self.assertEqual(problem.nearest, "solve.solved")
        self.assertIn("column 1", problem.message)
        self.assertEqual(len(reported(reading)), 1)

    def test_a_condition_that_reads_what_is_not_there(self) -> None:
        reading = self.with_cell("Transitions", "Condition", "solve.slved = yes", Label="solved")
        problem = problem_at(reading, "sheet Transitions, cell D6 (Condition)")
        self.assertEqual(problem.nearest, "tasks.solve.solved")

    def test_a_task_that_there_is_not(self) -> None:
        reading = self.with_cell("Transitions", "To", "triag", Label="not urgent")
        self.assertEqual(problem_at(reading, "sheet Transitions, cell B3 (To)").nearest, "triage")

    def test_a_form_that_there_is_not(self) -> None:
        reading = self.with_cell("Fields", "Form", "trage", Form="triage", Name="note")
        problem = problem_at(reading, "sheet Fields, cell A12 (Form)")
        self.assertEqual((problem.found, problem.nearest), ("trage", "triage"))

    def test_a_record_that_there_is_not(self) -> None:
        reading = self.with_cell("Fields", "Form", "triage.itms", Form="triage", Name="note")
        self.assertIn("itms", problem_at(reading, "sheet Fields, cell A12 (Form)").message)

    def test_a_role_that_there_is_not(self) -> None:
        reading = self.with_cell("Tasks", "Company role", "IT Helpdesk", Key="triage")
        places = [place for place, _message in reported(reading)]
        self.assertIn("sheet Tasks, cell E2 (Company role)", places)

    def test_a_time_that_the_task_does_not_have(self) -> None:
        late = {"Step": "solve", "After": "2 days"}
        reading = self.with_cell("Tests", "After", "3 days", **late)
        problem = problem_at(reading, "sheet Tests, cell F15 (After)")
        self.assertEqual((problem.found, problem.nearest), ("P3D", "P2D"))
        self.assertIn("after 3 days", problem.message)

    def test_a_time_that_cannot_be_read(self) -> None:
        reading = self.with_cell("Tests", "After", "soon", Step="solve", After="2 days")
        problem = problem_at(reading, "sheet Tests, cell F15 (After)")
        self.assertEqual(problem.found, "soon")

    def test_a_time_of_the_ticket_is_not_lost(self) -> None:
        reading = self.with_cell("Tests", "After", "2 days", Step="ticket", Ticket_type="it_outage")
        self.assertIn(
            (
                "sheet Tests, cell F7 (After)",
                "Only a task has this. Write the key of the task under Step.",
            ),
            reported(reading),
        )

    def test_neither_yes_nor_no(self) -> None:
        reading = self.with_cell("Fields", "Required", "maybe", Form="solve", Name="solved")
        problem = problem_at(reading, "sheet Fields, cell E13 (Required)")
        self.assertEqual((problem.found, problem.expected), ("maybe", "yes or no"))

    def test_a_number_that_is_none(self) -> None:
        for typed, sentence in (
            ("lots", "Enter a whole number."),
            ("1,5", "Enter a whole number."),
            ("1.500", "Write 1500 if that is meant."),
            ("1,000", "Write 1000 or 1."),
            ("1.2.3", "is not written as a number"),
        ):
            with self.subTest(typed):
                reading = self.with_cell("Fields", "Max", typed, Form="solve", Name="minutes")
                problem = problem_at(reading, "sheet Fields, cell J15 (Max)")
                self.assertIn(sentence, problem.message)

    def test_a_preset_that_the_form_refuses(self) -> None:
        reading = self.with_cell("Ticket types", "Presets", "priority = urgent", Key="it_outage")
        place = "sheet Ticket types, cell D4 (Presets)"
        self.assertEqual(problem_at(reading, place).found, "urgent")

    def test_a_blank_cell_that_must_not_be(self) -> None:
        reading = self.with_cell("Tasks", "Title", None, Key="solve")
        problem_at(reading, "sheet Tasks, cell B3 (Title)")

    def test_the_sheet_of_names_and_values(self) -> None:
        def change(book: Workbook) -> None:
            book["Workflow"]["B2"].value = "Not a key"
            book["Workflow"]["A3"].value = "Titel"

        reading = changed(change)
        problem_at(reading, "sheet Workflow, cell B2 (Key)")
        self.assertEqual(problem_at(reading, "sheet Workflow, cell A3").nearest, "Title")

    def test_a_column_that_is_misspelt(self) -> None:
        def change(book: Workbook) -> None:
            sheet = book["Fields"]
            sheet.cell(1, column_of(sheet, "Required")).value = "Reqired"

        problem = problem_at(changed(change), "sheet Fields, cell E1 (Reqired)")
        self.assertTrue(problem.is_error)
        self.assertEqual(problem.nearest, "Required")

    def test_a_column_twice(self) -> None:
        def change(book: Workbook) -> None:
            book["Fields"].cell(1, 20).value = "label"

        self.assertIn(
            "two columns", problem_at(changed(change), "sheet Fields, cell T1 (Label)").message
        )

    def test_a_sheet_that_is_misspelt(self) -> None:
        def change(book: Workbook) -> None:
            book["Transitions"].title = "Transition list"

        reading = changed(change)
        self.assertEqual(problem_at(reading, "sheet Transition list").nearest, "Transitions")
        self.assertIn(
            "There is no sheet “Transitions”", dict(reported(reading))["sheet Transitions"]
        )

    def test_a_sheet_without_headings(self) -> None:
        def change(book: Workbook) -> None:
            book["Tasks"].delete_rows(1)

        message = problem_at(changed(change), "sheet Tasks, row 1").message
        self.assertIn("no row of headings", message)

    def test_all_problems_at_once(self) -> None:
        def change(book: Workbook) -> None:
            book["Tasks"]["D2"].value = "FROM"
            book["Transitions"]["D2"].value = "ticket.priority ="
            book["Transitions"]["E3"].value = "soon"
            book["Fields"]["D2"].value = "chioce"

        places = {place for place, _message in reported(changed(change))}
        self.assertLessEqual(
            {
                "sheet Tasks, cell D2 (Type)",
                "sheet Transitions, cell D2 (Condition)",
                "sheet Transitions, cell E3 (Priority)",
                "sheet Fields, cell D2 (Type)",
            },
            places,
        )

    def test_what_could_not_be_read_is_refused_by_every_check(self) -> None:
        for sheet, heading, row in (
            ("Transitions", "Condition", 2),
            ("Transitions", "Priority", 3),
            ("Fields", "Required", 2),
            ("Fields", "Shown when", 6),
            ("Fields", "Min", 2),
            ("Ticket types", "Presets", 3),
            ("Tasks", "Given to", 2),
            ("Tasks", "Earlier answers", 2),
            ("Tasks", "Input transform", 2),
            ("Tasks", "Input schema", 2),
            ("Tasks", "Due in", 2),
            ("Tasks", "Reminders", 2),
            ("Tasks", "Most", 2),
            ("Tasks", "Approvers", 2),
        ):

            def change(
                book: Workbook, sheet: str = sheet, heading: str = heading, row: int = row
            ) -> None:
                page = book[sheet]
                column = [each.value for each in page[1]].index(heading) + 1
                page.cell(row, column).value = "json: {" if sheet == "Fields" else "not (readable"

            with self.subTest(sheet=sheet, heading=heading):
                reading = changed(change)
                self.assertTrue(any(each.is_error for each in reading.problems))
                self.assertTrue(any(each.is_error for each in check_bundle(reading.document)))
                with self.assertRaises(InvalidBundleError):
                    reading.checked()

    def test_the_document_of_a_good_workbook(self) -> None:
        content = write_document(shipped("it_help"), FileType.XLSX)
        reading = read_document(content, "a.xlsx")
        self.assertEqual(reading.checked(), reading.document)

    def test_the_lines_of_yaml(self) -> None:
        text = write_document(shipped("it_help"), FileType.YAML).decode()
        reading = read_document(text.replace("type: phone", "type: fone").encode(), "a.yaml")
        ((place, _message),) = reported(reading)
        line = text.split("\n").index("      type: phone") + 1
        self.assertEqual(place, f"line {line}")

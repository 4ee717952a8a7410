from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from tenants.testing import CompanyTestCase
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.bundles import canonical
from workflows.models import WorkflowDefinition
from workflows.workbooks import FileType, read_file


class BundleFilesTest(CompanyTestCase):
    """The bundle commands with files of every format."""

    def setUp(self) -> None:
        super().setUp()
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_command(self, *arguments: str | Path) -> str:
        out = io.StringIO()
        call_command(*map(str, arguments), stdout=out)
        return out.getvalue()

    def spoilt(self) -> Path:
        path = self.folder / "spoilt.xlsx"
        self.run_command("convert_bundle", path)
        book = load_workbook(path)
        book["Fields"]["D2"].value = "numbr"
        book["Transitions"]["D3"].value = "approve.approved ="
        book.save(path)
        return path

    def test_exporting_and_importing_changes_nothing_in_any_format(self) -> None:
        workflow = import_fixture("it_help", self.carla)
        for file_type in FileType:
            path = self.folder / f"it_help.{file_type}"
            with self.subTest(file_type):
                self.run_command(
                    "export_bundle", "--company=acme", "it_help_request", f"--output={path}"
                )
                out = self.run_command("import_bundle", "--company=acme", path)
                self.assertIn("has the same content already", out)
        self.assertEqual(WorkflowDefinition.objects.count(), 1)
        self.assertEqual(export_bundle(workflow=workflow), canonical(fixture_document("it_help")))

    def test_a_workbook_makes_a_draft(self) -> None:
        path = self.folder / "template.xlsx"
        self.run_command("convert_bundle", path)
        self.run_command("import_bundle", "--company=acme", path)
        self.assertEqual(WorkflowDefinition.objects.get().key, "my_workflow")

    def test_problems_are_shown_at_their_cells_and_nothing_is_imported(self) -> None:
        path = self.spoilt()
        for command in (
            ("check_bundle", path),
            ("import_bundle", "--company=acme", path),
            ("convert_bundle", path, self.folder / "out.json"),
        ):
            out = io.StringIO()
            with self.subTest(command[0]), self.assertRaises(CommandError) as caught:
                call_command(*map(str, command), stdout=out)
            self.assertIn("2 errors", str(caught.exception))
            self.assertIn("(sheet Fields, cell D2 (Type))", out.getvalue())
            self.assertIn("(sheet Transitions, cell D3 (Condition))", out.getvalue())
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_a_file_that_cannot_be_read_ends_with_2(self) -> None:
        path = self.folder / "a.xlsx"
        path.write_text("no workbook", encoding="utf-8")
        for command in (("check_bundle",), ("import_bundle", "--company=acme")):
            with self.subTest(command), self.assertRaises(CommandError) as caught:
                self.run_command(*command, path)
            self.assertEqual(caught.exception.returncode, 2)

    def test_converting_from_format_to_format(self) -> None:
        last = self.folder / "it_help.json"
        self.run_command("convert_bundle", "fixtures/it_help.json", last)
        for ending in ("xlsx", "yml", "ods", "yaml", "json"):
            path = self.folder / f"next.{ending}"
            self.run_command("convert_bundle", last, path)
            last = path
        self.assertEqual(read_file(last).document, canonical(fixture_document("it_help")))

    def test_a_name_without_a_format(self) -> None:
        with self.assertRaises(CommandError) as caught:
            self.run_command("convert_bundle", "fixtures/it_help.json", self.folder / "it_help.txt")
        self.assertIn("Let it end with one of: .xlsx", str(caught.exception))

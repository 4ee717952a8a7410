from __future__ import annotations

import json
from pathlib import Path

from django.test import SimpleTestCase
from hypothesis import given

from tenants.testing_tools.examples import examples
from workflows.bundles import canonical, check_bundle, differences
from workflows.bundles.document.canonical import as_text
from workflows.bundles.tests.bundle_strategies import bundles as valid_bundles
from workflows.engine.process import JsonObject
from workflows.workbooks import FileType, read_document, write_document, write_template
from workflows.workbooks.tests.bundles import bundles

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


class RoundTripTests(SimpleTestCase):
    def assert_unchanged(self, document: JsonObject, file_type: FileType) -> None:
        made = canonical(document)
        reading = read_document(write_document(made, file_type), f"file.{file_type}")
        self.assertEqual([each.message for each in reading.problems], [])
        self.assertIsInstance(reading.document, dict)
        assert isinstance(reading.document, dict)
        again = canonical(reading.document)
        if as_text(again) != as_text(made):
            changes = [(each.place, each.old, each.new) for each in differences(made, again)]
            self.fail(f"{file_type}: {changes}")

    def test_no_shipped_bundle_changes_in_any_format(self) -> None:
        paths = sorted(FIXTURES.glob("*.json"))
        self.assertGreater(len(paths), 2)
        for path in paths:
            document = json.loads(path.read_text(encoding="utf-8"))
            for file_type in FileType:
                with self.subTest(bundle=path.name, file_type=file_type):
                    self.assert_unchanged(document, file_type)

    def test_the_shipped_workbooks_say_what_the_shipped_json_says(self) -> None:
        for path in sorted(FIXTURES.glob("*.json")):
            with self.subTest(path.name):
                workbook = path.with_suffix(".xlsx")
                reading = read_document(workbook.read_bytes(), workbook.name)
                assert isinstance(reading.document, dict)
                document = json.loads(path.read_text(encoding="utf-8"))
                self.assertEqual(
                    as_text(canonical(reading.document)),
                    as_text(canonical(document)),
                    "Make it anew: manage.py convert_bundle fixtures/x.json fixtures/x.xlsx",
                )

    @given(bundles())
    @examples(40)
    def test_no_generated_bundle_changes_in_a_workbook(self, document: JsonObject) -> None:
        self.assert_unchanged(document, FileType.XLSX)
        self.assert_unchanged(document, FileType.ODS)

    @given(bundles())
    @examples(60)
    def test_no_generated_bundle_changes_as_text(self, document: JsonObject) -> None:
        self.assert_unchanged(document, FileType.JSON)
        self.assert_unchanged(document, FileType.YAML)

    @given(valid_bundles())
    @examples(15)
    def test_no_valid_bundle_changes_or_gets_problems(self, document: JsonObject) -> None:
        for file_type in FileType:
            self.assert_unchanged(document, file_type)

    def test_texts_that_are_longer_than_a_cell(self) -> None:
        document = json.loads((FIXTURES / "vacation.json").read_text(encoding="utf-8"))
        document["workflow"]["display_layout"] = "x = ' 😀\n' " * 15_000 + "end"
        document["tasks"][0]["edit_layout"] = " y \x01" * 20_000
        document["tasks"][0]["display_layout"] = "\ttab" * 20_000
        for file_type in FileType:
            with self.subTest(file_type):
                self.assert_unchanged(document, file_type)

    def test_the_template_can_be_imported_as_it_is(self) -> None:
        for file_type in FileType:
            with self.subTest(file_type):
                reading = read_document(write_template(file_type), f"template.{file_type}")
                self.assertEqual(reading.check(), [])
                self.assertEqual(check_bundle(reading.document), [])

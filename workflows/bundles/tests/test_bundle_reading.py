from __future__ import annotations

import json
import tempfile
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.bundles import MAX_BYTES, canonical, read_bundle, read_bundle_file, write_bundle
from workflows.engine.process import JsonObject
from workflows.errors import UnreadableBundleError


class ReadBundleTest(SimpleTestCase):
    def assert_refused(self, data: bytes, words: str) -> None:
        with self.assertRaises(UnreadableBundleError) as caught:
            read_bundle(data)
        self.assertIn(words, str(caught.exception))

    def test_it_reads_json_in_utf_8_with_and_without_a_mark(self) -> None:
        text = '{"a": "ä"}'
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
            with self.subTest(encoding):
                self.assertEqual(read_bundle(text.encode(encoding)), {"a": "ä"})

    def test_a_mistake_is_told_with_line_and_column(self) -> None:
        self.assert_refused(b'{\n  "a": 1\n  "b": 2\n}', "line 3, column 3, a comma")
        self.assert_refused(b'{"a": }', "line 1, column 7, a value is missing")
        self.assert_refused(b"{'a': 1}", "double quotes")
        self.assert_refused(b'{"a" 1}', "colon")
        self.assert_refused(b'{"a": "x}', "no closing quotation mark")
        self.assert_refused(b"{} {}", "something follows")
        self.assert_refused(b'{"a": "x\ny"}', "line break")

    def test_a_name_that_stands_twice_is_refused(self) -> None:
        self.assert_refused(b'{"a": 1, "a": 2}', "stands twice")

    def test_what_is_not_a_json_number_is_refused(self) -> None:
        for number in (b"NaN", b"Infinity", b"-Infinity", b"9" * 5_000):
            with self.subTest(number[:9]):
                self.assert_refused(b'{"a": ' + number + b"}", "number")

    def test_deep_nesting_is_refused(self) -> None:
        self.assert_refused(b"[" * 200_000, "nested too deeply")

    def test_other_encodings_are_refused(self) -> None:
        self.assert_refused('{"a": "ä"}'.encode("latin-1"), "UTF-8")
        self.assert_refused(b"PK\x03\x04\xff\xfe", "UTF-8")
        self.assert_refused("{}".encode("utf-16-le"), "not JSON")

    def test_an_empty_file_is_refused(self) -> None:
        self.assert_refused(b"", "empty")
        self.assert_refused(b" \n ", "empty")

    def test_a_large_file_is_refused(self) -> None:
        self.assert_refused(b" " * (MAX_BYTES + 1), "larger than 5 MB")

    def test_a_file_that_is_not_there_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path, words in ((Path(folder) / "no.json", "no file"), (Path(folder), "cannot be")):
                with self.assertRaises(UnreadableBundleError) as caught:
                    read_bundle_file(path)
                self.assertIn(words, str(caught.exception))

    @given(st.binary(max_size=60))
    @examples(200)
    def test_any_bytes_are_read_or_refused(self, data: bytes) -> None:
        try:
            read_bundle(data)
        except UnreadableBundleError as error:
            self.assertTrue(str(error))


class CanonicalTest(SimpleTestCase):
    def test_the_shipped_bundles_are_canonical(self) -> None:
        for path in sorted((settings.BASE_DIR / "fixtures").glob("*.json")):
            with self.subTest(path.name):
                document = json.loads(path.read_text(encoding="utf-8"))
                self.assertEqual(write_bundle(canonical(document)), write_bundle(document))

    def test_what_is_written_is_what_is_read(self) -> None:
        for path in sorted((settings.BASE_DIR / "fixtures").glob("*.json")):
            with self.subTest(path.name):
                document = read_bundle_file(path)
                assert isinstance(document, dict)
                self.assertEqual(read_bundle(write_bundle(document).encode()), document)

    def test_defaults_are_left_out_and_numbers_spelt_one_way(self) -> None:
        document: JsonObject = {
            "transitions": [
                {"to": "end", "from": "a", "priority": 0, "label": "", "condition": {}},
            ],
            "tasks": [
                {
                    "title": "A",
                    "key": "a",
                    "retries": 3.0,
                    "timeout_seconds": 5.0,
                    "task_type": "FORM",
                    "ext_ref": [],
                    "fields": [
                        {
                            "type": "choice",
                            "name": "x",
                            "required": False,
                            "help": None,
                            "choices": [
                                {"value": "1", "label": "1"},
                                {"value": "2", "label": "Two"},
                            ],
                        }
                    ],
                }
            ],
            "workflow": {"title": "W", "key": "w", "description": ""},
            "ticket_types": [],
            "company_roles": [{"name": "Z"}, {"name": "A", "description": ""}],
        }
        self.assertEqual(
            write_bundle(canonical(document)),
            write_bundle(
                {
                    "workflow": {"key": "w", "title": "W"},
                    "tasks": [
                        {
                            "key": "a",
                            "title": "A",
                            "fields": [
                                {
                                    "name": "x",
                                    "type": "choice",
                                    "choices": ["1", {"value": "2", "label": "Two"}],
                                }
                            ],
                            "timeout_seconds": 5,
                        }
                    ],
                    "transitions": [{"from": "a", "to": "end"}],
                    "company_roles": [{"name": "A"}, {"name": "Z"}],
                }
            ),
        )

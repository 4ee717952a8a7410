from __future__ import annotations

import json
from functools import partial
from typing import Any

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.engine.process import Json
from workflows.errors import UnreadableBundleError
from workflows.workbooks import (
    FileType,
    read_document,
    read_yaml,
    write_template,
    write_yaml,
)
from workflows.workbooks.tests.bundles import texts

_NUMBERS = """
workflow:
  fields:
    - {name: code, type: text, default: 1 000, max: 1 000}
    - name: price
      type: number
      default: 12,5
      min: -1'000
      more_than: \u22121 000,5
      label: 1,5
    - name: pieces
      type: integer
      default: 12,5
    - name: rows
      type: records
      default:
        - price: 12,5
          pieces: 1 000
          code: 1 000
      fields:
        - name: price
          type: number
          max: 9,5
        - {name: pieces, type: integer}
tasks:
  - key: pay
    timeout_seconds: 1 000
    retries: 2,5
    fields: [{name: sum, type: number}]
transitions:
  - {from: start, to: pay, priority: 1 000, label: 1 000}
ticket_types:
  - key: a
    presets:
      price: 12,5
      code: 1 000
      unknown: 1 000
tests:
  - ticket:
      price: 12,5
      rows: [{pieces: 1 000}]
    answers:
      - task: pay
        output:
          sum: 9 999,5
      - {task: none, output: {sum: 9 999}}
"""
_READ = """{
"workflow": {"fields": [
 {"name": "code", "type": "text", "default": "1 000", "max": 1000},
 {"name": "price", "type": "number", "default": 12.5, "min": -1000, "more_than": -1000.5,
  "label": "1,5"},
 {"name": "pieces", "type": "integer", "default": "12,5"},
 {"name": "rows", "type": "records",
  "default": [{"price": 12.5, "pieces": 1000, "code": "1 000"}],
  "fields": [{"name": "price", "type": "number", "max": 9.5},
   {"name": "pieces", "type": "integer"}]}]},
"tasks": [{"key": "pay", "timeout_seconds": 1000, "retries": "2,5",
 "fields": [{"name": "sum", "type": "number"}]}],
"transitions": [{"from": "start", "to": "pay", "priority": 1000, "label": "1 000"}],
"ticket_types": [{"key": "a", "presets": {"price": 12.5, "code": "1 000", "unknown": "1 000"}}],
"tests": [{"ticket": {"price": 12.5, "rows": [{"pieces": 1000}]},
 "answers": [{"task": "pay", "output": {"sum": 9999.5}},
  {"task": "none", "output": {"sum": "9 999"}}]}]
}"""


class YamlTests(SimpleTestCase):
    def assert_refused(self, text: str, sentence: str) -> None:
        with self.assertRaises(UnreadableBundleError) as caught:
            read_yaml(text.encode("utf-8", "surrogatepass"))
        self.assertIn(sentence, str(caught.exception))

    def test_only_what_json_can_say(self) -> None:
        cases: list[tuple[str, Json]] = [
            ("a: 2026-01-31", "2026-01-31"),
            ("a: 14:30", "14:30"),
            ("a: yes", "yes"),
            ("a: on", "on"),
            ("a: 0777", "0777"),
            ("a: 1_000", "1_000"),
            ("a: .inf", ".inf"),
            ("a: true", True),
            ("a: 5", 5),
            ("a: -5.5e3", -5500.0),
            ("a: '5'", "5"),
            ("a: ~", None),
            ("a:", None),
            ("a: [1, {b: c}]", [1, {"b": "c"}]),
            ("a: |\n  x\n  y", "x\ny"),
            ("a: &name x", "x"),
            ("a: =", "="),
        ]
        for text, expected in cases:
            with self.subTest(text):
                self.assertEqual(read_yaml(text.encode()).document, {"a": expected})

    def test_a_name_twice(self) -> None:
        self.assert_refused("a: 1\nb: 2\na: 3", "Line 3: the name “a” stands twice")

    def test_aliases_and_their_bombs(self) -> None:
        self.assert_refused("a: &x [1]\nb: *x", "Line 2: aliases (*x) are not read")
        lines = ["a0: &a0 [x, x]"] + [
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)
        ]
        self.assert_refused("\n".join(lines), "aliases")

    def test_tags(self) -> None:
        for tag in ("!!python/object/apply:os.system", "!x", "!!binary", "!!set"):
            self.assert_refused(f"a: {tag} [x]", "tags")

    def test_what_is_no_yaml(self) -> None:
        self.assert_refused("a: [1", "This is not YAML: in line")
        self.assert_refused("a: b: c", "line 1, column 5")
        self.assert_refused("a: \x01", "not YAML")
        self.assert_refused("", "empty")
        self.assert_refused("a: 1\n---\nb: 2", "a second document")
        self.assert_refused("[a]: 1", "a name must be text")
        self.assert_refused("? {a: 1}\n: 2", "a name must be text")
        self.assert_refused("a: " + "9" * 40, "too large")
        with self.assertRaises(UnreadableBundleError):
            read_yaml(b"a: \xff")

    def test_deep_nesting(self) -> None:
        for text in ("[" * 100_000, "- " * 50_000):
            refuse = partial(self.assert_refused, text, "nested too deeply")
            self.assertLess(steps_of(refuse), 100_000)

    @given(st.text(max_size=40) | st.text("ab:-[]{}&*!|>'\"#%@,? \n", max_size=40))
    @examples(200)
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            read_yaml(text.encode("utf-8", "surrogatepass"))
        except UnreadableBundleError as error:
            self.assertTrue(str(error))

    @given(texts | st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
    @examples(300)
    def test_any_text_comes_back(self, text: str) -> None:
        written = write_yaml({"a": text, text or "x": [text]})
        self.assertEqual(read_yaml(written.encode()).document, {"a": text, text or "x": [text]})

    def test_long_texts_are_written_as_lines(self) -> None:
        self.assertEqual(write_yaml({"a": "one\ntwo\n\nthree"}), "a: |-\n  one\n  two\n\n  three\n")

    def test_numbers_as_people_write_them(self) -> None:
        document: Any = read_yaml(_NUMBERS.encode()).document
        self.assertEqual(document, json.loads(_READ))

    def test_what_is_no_number_is_told_in_its_line(self) -> None:
        template = write_template(FileType.YAML).decode().replace("type: text", "type: number")
        for written, sentence in (
            ("1 00", "is not written as a number"),
            ("'12,5'", "leave them out"),
            ("'1.000'", "Write 1000 or 1.0."),
            ("1,000", "Write 1000 or 1,0."),
        ):
            with self.subTest(written):
                text = template.replace("max: 200", f"default: {written}")
                reading = read_document(text.encode(), "a.yaml")
                line = text[: text.index("default:")].count("\n") + 1
                reported = {
                    str(reading.place_of(each.path)): each.message for each in reading.check()
                }
                self.assertIn(sentence, reported[f"line {line}"])

    def test_a_text_without_a_name_is_json_or_yaml(self) -> None:
        self.assertEqual(read_document(b' {"a": 1}').document, {"a": 1})
        self.assertEqual(read_document(b"a: 1").document, {"a": 1})
        self.assertEqual(read_document(b"a: 1", "x.yml").document, {"a": 1})
        self.assertEqual(read_document(b"a: 1", "x.txt").document, {"a": 1})
        with self.assertRaises(UnreadableBundleError):
            read_document(b"a: 1", "x.json")

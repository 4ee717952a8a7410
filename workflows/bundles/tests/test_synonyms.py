"""Other people's words for what stands in a bundle, in every format."""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase
from openpyxl import Workbook

from workflows.bundles import canonical, check_bundle
from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.document.synonyms import (
    FIELD_TYPES,
    SYNONYMS,
    TASK_TYPES,
    field_type_of,
    names_of,
    part_of_entries,
    plain,
    synonyms_of,
    task_type_of,
)
from workflows.engine.process import Json
from workflows.engine.task_types import TaskType
from workflows.fields.registry import TYPES
from workflows.workbooks import FileType, read_document, write_document
from workflows.workbooks.sheets.all_sheets import SHEETS
from workflows.workbooks.sheets.sheet import headings
from workflows.workbooks.tests.workbook_files import changed, reported, shipped

PROCESSES = ("invoice", "it_help", "vacation")


def camel(name: str) -> str:
    """field_name as FieldName."""
    return "".join(each.capitalize() for each in name.split("_"))


# How names are spelt.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    camel,
    str.upper,
    lambda name: name.replace("_", " ").capitalize(),
    lambda name: name.replace("_", "-"),
)


class _Disguise:
    """The same document in other people's words; `number` chooses which."""

    def __init__(self, number: int) -> None:
        self.number = number

    def part(self, value: Any, part: str) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            self.word(part, name): self.inside(each, part, name) for name, each in value.items()
        }

    def word(self, part: str, name: str) -> str:
        if part == "bundle" and name in ("format", "format_version"):
            return name
        words = [name, *synonyms_of(part, name)]
        spell = SPELLINGS[self.number % len(SPELLINGS)]
        return spell(words[self.number % len(words)])

    def inside(self, value: Any, part: str, name: str) -> Any:
        lists = {"tasks", "transitions", "ticket_types", "company_roles", "tests", "fields"}
        if (part, name) == ("bundle", "workflow"):
            return self.part(value, "workflow")
        if name in lists and isinstance(value, list):
            return [self.part(each, part_of_entries(name)) for each in value]
        if name == "ext_ref":
            return [self.part(each, "link") for each in value]
        if name == "choices" and isinstance(value, list):
            return [self.part(each, "choice") for each in value]
        if name in ("condition", "visible_when", "input_schema", "output_schema"):
            return value if value is None else json.dumps(value)
        if (part, name) == ("field", "type"):
            words = [word for word, meant in FIELD_TYPES.items() if meant == value]
            return camel(words[self.number % len(words)]) if words else value.upper()
        if name in ("from", "to") and value in ("start", "end"):
            return None if self.number % 2 else value.capitalize()
        return value


class SynonymsTest(SimpleTestCase):
    def assert_means(self, document: Json, expected: Json) -> None:
        self.assertEqual(check_bundle(document), [])
        assert isinstance(document, dict)
        self.assertEqual(as_text(canonical(document)), as_text(expected))

    def test_every_word_in_every_spelling_means_the_same_in_json_and_yaml(self) -> None:
        most = max(len(words) for part in SYNONYMS.values() for words in part.values()) + 1
        for name, number in itertools.product(PROCESSES, range(most * len(SPELLINGS))):
            disguised = _Disguise(number).part(copy.deepcopy(shipped(name)), "bundle")
            for file_type in (FileType.JSON, FileType.YAML) if number < most else (FileType.JSON,):
                with self.subTest(name, number=number, file_type=file_type):
                    content = write_document(disguised, file_type)
                    reading = read_document(content, f"theirs.{file_type}")
                    self.assertEqual(reading.problems, [])
                    self.assert_means(reading.document, shipped(name))

    def test_every_heading_in_every_spelling_means_the_same(self) -> None:
        most = max(len(words) for part in SYNONYMS.values() for words in part.values()) + 1
        for name, number in itertools.product(PROCESSES, range(most)):
            with self.subTest(name, number=number):
                reading = changed(partial(disguise_headings, words=_Disguise(number)), name)
                self.assertEqual(reported(reading), [])
                self.assert_means(reading.document, shipped(name))

    def test_the_words_of_a_part_are_told_apart(self) -> None:
        for part, words in SYNONYMS.items():
            with self.subTest(part):
                self.assertLessEqual(set(words), set(names_of(part)))
                all_words = [*names_of(part), *itertools.chain(*words.values())]
                self.assertEqual(len({plain(each) for each in all_words}), len(all_words))

    def test_types_are_told_in_other_words(self) -> None:
        self.assertLessEqual(set(FIELD_TYPES.values()), set(TYPES))
        for word, meant in FIELD_TYPES.items():
            self.assertEqual(field_type_of(camel(word)), meant)
        for key in TYPES:
            self.assertEqual(field_type_of(key.upper()), key)
        for word, task_type in TASK_TYPES.items():
            self.assertEqual(task_type_of(word.upper()), task_type)
        for each_type in TaskType:
            self.assertEqual(task_type_of(camel(each_type.value)), each_type.value)
        self.assertEqual(field_type_of("Colour"), "Colour")

    def test_two_spellings_that_differ_are_refused_with_their_place(self) -> None:
        text = write_document(shipped("it_help"), FileType.YAML).decode()
        head, key, tail = text.partition("workflow:\n")
        reading = read_document(f"{head}{key}  Name: Another\n{tail}".encode(), "two.yaml")
        (problem,) = reading.check()
        self.assertEqual(problem.place, "workflow.title")
        self.assertEqual(
            problem.message,
            "“Name” and “title” mean the same, but differ. Remove one of them.",
        )
        self.assertIsNotNone(reading.place_of(problem.path))

    def test_two_spellings_that_say_the_same_are_one(self) -> None:
        document: dict[str, Any] = copy.deepcopy(shipped("it_help"))
        document["workflow"]["Title"] = document["workflow"]["title"]
        reading = read_document(json.dumps(document).encode(), "same.json")
        self.assertEqual(reading.check(), [])

    def test_a_text_that_is_no_json_is_refused_once_and_says_why(self) -> None:
        document: dict[str, Any] = copy.deepcopy(shipped("invoice"))
        for text in ('{"==": [1, 1]', "{'==': [1, 1]}", "amount > 5"):
            with self.subTest(text):
                document["transitions"][0]["condition"] = text
                problems = read_document(json.dumps(document).encode(), "no.json").check()
                place = "transitions[0].condition"
                (problem,) = [each for each in problems if each.place.startswith(place)]
                self.assertEqual(problem.place, place)
                self.assertIn("a text that should hold JSON", problem.message)
                self.assertIn("column", problem.message)

    def test_data_of_the_company_is_left_alone(self) -> None:
        """Names of fields, of outputs and of schemas are no words of ours."""
        document: Json = {
            "ticket_types": [{"presets": {"Desc": 1, "FieldName": 2}}],
            "tasks": [
                {"input_transform": {"URI": "x", "Label": "y"}, "output_schema": {"Type": 1}}
            ],
            "tests": [{"ticket": {"Name": "a"}, "answers": [{"output": {"Desc": 1}}]}],
        }
        self.assertEqual(in_our_words(copy.deepcopy(document)).document, document)

    def test_it_survives_any_value(self) -> None:
        deep: Any = {"fields": []}
        for _level in range(400):
            deep = {"FieldType": "Records", "Fields": [deep]}
        values: tuple[Any, ...] = (
            None, 3, [], [1], {}, {"Tasks": 1}, {"Tasks": [1, None, "x"]}, {"workflow": []},
            {"Workflow": {"fields": {"FieldName": 1}}}, {"Tasks": [{"Fields": [[{"Desc": 1}]]}]},
            {"Transitions": [{"From": {}, "Condition": []}]}, {"Tasks": [{"type": ["FORM"]}]},
            {"Workflow": {"Fields": [deep]}},
        )  # fmt: skip
        for value in values:
            with self.subTest(str(value)[:80]):
                check_bundle(in_our_words(value).document)

    def test_the_guides_list_every_word(self) -> None:
        guide = (settings.BASE_DIR / "docs" / "bundle-format.md").read_text(encoding="utf-8")
        section = guide.partition("## Other words")[2].partition("\n## ")[0]
        words = set(re.findall(r"`([^`]+)`", section))
        for part, named in SYNONYMS.items():
            for name, others in named.items():
                self.assertLessEqual({name, *others}, words, part)
        self.assertLessEqual({*FIELD_TYPES, *TASK_TYPES}, words)


def disguise_headings(book: Workbook, words: _Disguise) -> None:
    for sheet in SHEETS:
        if sheet.name not in book.sheetnames:
            continue
        names = {each.heading: each.name for each in sheet.columns}
        rows = book[sheet.name]
        part = part_of_entries(sheet.part)
        known = headings(sheet)
        cells = rows["A"] if sheet.part == "workflow" else rows[1]
        for cell in cells:
            if cell.value in names and sheet.part != "tests":
                word = words.word(part, names[str(cell.value)])
                if (plain(word) in known and plain(word) != "name") or sheet.part != "workflow":
                    cell.value = word
        title = words.word("bundle", sheet.part)
        if title.casefold() != sheet.name.casefold():
            rows.title = title

"""A document in one spelling: names that look alike are one name in every part of it."""

from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase
from hypothesis import given

from tenants.testing_tools.examples import examples
from workflows.bundles import canonical, check_bundle
from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.problems import Problem
from workflows.bundles.document.spelling import as_spelt
from workflows.bundles.tests.bundle_strategies import JSON
from workflows.bundles.trying.cases import run_document_test_cases
from workflows.bundles.unfinished import storage_problems, with_named_roles
from workflows.workbooks import FileType, read_document, write_document
from workflows.workbooks.tests.test_spreadsheet_habits import at

WIDE_ROLE = "Ａｃｃｏｕｎｔｉｎｇ"  # noqa: RUF001


def document() -> dict[str, Any]:
    urgency = {"name": "urgency", "type": "choice", "choices": [{"value": "high", "label": "Very urgent"}, "low"]}  # noqa: E501 # fmt: skip
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow", "fields": [{**urgency, "default": "LOW"}]},
        "tasks": [
            {
                "key": "check",
                "title": "Check",
                "candidate_role": "ACCOUNTING\u200b",
                "fields": [{**urgency, "name": "really"}],
            }
        ],
        "transitions": [
            {"from": "start", "to": "check"},
            {"from": "check", "to": "end", "label": "Do\u00adne"},
        ],
        "ticket_types": [
            {
                "key": "thing",
                "title": "\u200bThing ",
                "presets": {"urgency": "Very\u00a0Urgent"},
                "roles_with_access": ["accounting", WIDE_ROLE],
            },
            {"key": "other", "title": "Other"},
        ],
        "company_roles": [{"name": "Accounting"}],
        "tests": [
            {
                "name": "A case",
                "ticket_type": "other",
                "ticket": {"urgency": "ＬＯＷ"},  # noqa: RUF001
                "answers": [{"task": "check", "output": {"really": "hi\u00adgh"}}],
                "expect": {"path": ["check"], "end": "DONE"},
            }
        ],
    }


def messages(found: list[Problem]) -> list[tuple[tuple[str | int, ...], str]]:
    return [(each.path, each.message) for each in found]


# How long it takes is a matter of the machine's load.
SETTINGS = examples(60)


class SpellingTests(SimpleTestCase):
    def test_every_reader_gives_the_one_spelling(self) -> None:
        made = canonical(document())
        for file_type in FileType:
            again = read_document(write_document(document(), file_type), f"a.{file_type.value}")
            with self.subTest(file_type):
                self.assertEqual(as_text(canonical(again.document)), as_text(made))  # type: ignore[arg-type]
        self.assertEqual(at(made, "tasks", 0, "candidate_role"), "Accounting")
        self.assertEqual(at(made, "ticket_types", 0, "roles_with_access"), ["Accounting"])
        self.assertEqual(at(made, "ticket_types", 0, "title"), "Thing")
        self.assertEqual(at(made, "ticket_types", 0, "presets"), {"urgency": "high"})
        self.assertEqual(at(made, "workflow", "fields", 0, "default"), "low")
        self.assertEqual(at(made, "tests", 0, "ticket"), {"urgency": "low"})
        self.assertEqual(at(made, "tests", 0, "answers", 0, "output"), {"really": "high"})

    def test_it_is_checked_as_it_is_meant(self) -> None:
        self.assertEqual(messages(check_bundle(document())), [])
        (result,) = run_document_test_cases(canonical(document()))
        self.assertTrue(result.has_passed, result.reason)

    def test_a_workbook_may_write_them_in_every_way(self) -> None:
        book = read_document(write_document(document(), FileType.XLSX), "a.xlsx").document
        made: Any = book
        made["tests"][0]["ticket"]["urgency"] = " low\u00a0"
        made["tests"][0]["answers"][0]["output"]["really"] = "VERY URGENT"
        self.assertEqual(messages(check_bundle(made)), [])
        self.assertEqual(as_text(canonical(made)), as_text(canonical(document())))

    def test_what_is_meant_by_none_of_them_is_still_told(self) -> None:
        wrong = document()
        wrong["tasks"][0]["candidate_role"] = "Acounting"
        wrong["ticket_types"][0]["presets"]["urgency"] = "hgh"
        paths = [each.path for each in check_bundle(wrong)]
        self.assertIn(("tasks", 0, "candidate_role"), paths)
        self.assertIn(("ticket_types", 0, "presets", "urgency"), paths)

    def test_twice_the_same_is_told_however_it_is_written(self) -> None:
        for part, name, first, second in (
            ("company_roles", "name", "Accounting", WIDE_ROLE),
            ("company_roles", "name", "Accounting", "Ac\u00adcounting"),
            ("tests", "name", "A case", "A\u00a0CASE"),
            ("tasks", "title", "Check", "CHECK\u200b"),
            ("ticket_types", "title", "Thing", "thing"),
        ):
            wrong = document()
            one = {**wrong[part][0], name: first}
            wrong[part] = [one, {**one, name: second, **({"key": "b"} if "key" in one else {})}]
            with self.subTest(part=part, second=ascii(second)):
                self.assertIn((part, 1, name), [each.path for each in check_bundle(wrong)])

    def test_a_name_of_nothing_visible_is_none(self) -> None:
        for part, name in (
            ("company_roles", "name"), ("tasks", "title"), ("ticket_types", "title"),
        ):  # fmt: skip
            wrong = document()
            wrong[part][0][name] = "\u200b\u3164"
            with self.subTest(part):
                self.assertIn((part, 0, name), [each.path for each in check_bundle(wrong)])
                self.assertIn((part, 0, name), [each.path for each in storage_problems(wrong)])

    def test_a_draft_makes_one_role_of_what_looks_alike(self) -> None:
        draft = document()
        draft["company_roles"] = []
        made = with_named_roles(draft)
        self.assertEqual(made["company_roles"], [{"name": "ACCOUNTING"}])
        self.assertEqual(at(made, "ticket_types", 0, "roles_with_access", 1), "ACCOUNTING")

    @SETTINGS
    @given(JSON)
    def test_any_document_is_survived(self, value: Any) -> None:
        names = ("workflow", "tasks", "transitions", "ticket_types", "company_roles", "tests")
        as_spelt(dict.fromkeys(names, value))
        as_spelt({name: [value, {"name": value, "fields": value}] for name in names})

"""Formulas and checks of questions at every place that knows of definitions."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase

from workflows.bundles import (
    canonical,
    check_bundle,
    errors_of,
    read_bundle_file,
    run_document_test_cases,
)
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.bundles.telling.readable import readable_rules
from workflows.bundles.trying.trial import Trial
from workflows.engine.rules.clock import Clock
from workflows.engine.simulate import Answer
from workflows.workbooks import FileType, read_document, write_document

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "gallery"
TOTAL = {"+": [{"map": [{"var": ["lines", []]}, {"*": [{"var": "quantity"}, {"var": "price"}]}]}]}


def purchase() -> dict[str, Any]:
    document = read_bundle_file(FOLDER / "purchase_request.json")
    assert isinstance(document, dict)
    return copy.deepcopy(document)


def loan() -> dict[str, Any]:
    """What is lent for 14 days at most."""
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "loan",
            "title": "Loan",
            "fields": [
                {"name": "from", "label": "From", "type": "date", "required": True,
                 "min": "today", "default": {"var": "today"}},
                {"name": "until", "label": "Until", "type": "date", "required": True,
                 "checks": [{"condition": "until <= from + 14 days",
                             "message": "14 days at the latest."}]},
                {"name": "reason", "label": "Why?", "type": "text",
                 "required": "working_days(from, until) > 5"},
                {"name": "days", "label": "Days", "type": "integer",
                 "computed": "days(from, until)"},
            ],
        },
        "tasks": [{"key": "hand_out", "title": "Hand it out",
                   "fields": [{"name": "shelf", "type": "text"}]}],
        "transitions": [
            {"from": "start", "to": "hand_out", "priority": 1, "label": "today",
             "condition": {"<=": [{"var": "ticket.from"}, {"var": "today"}]}},
            {"from": "start", "to": "end", "priority": 2, "label": "later"},
            {"from": "hand_out", "to": "end", "label": "lent"},
        ],
        "tests": [
            {"name": "Today", "today": "2026-10-30",
             "ticket": {"from": "2026-10-30", "until": "2026-11-06"},
             "expect": {"path": ["hand_out"], "status": "WAITING"}},
            {"name": "Later", "today": "2026-10-30",
             "ticket": {"from": "2026-10-31", "until": "2026-11-01"},
             "expect": {"path": [], "end": "later"}},
        ],
    }  # fmt: skip


class FormulasTests(SimpleTestCase):
    def ours(self) -> dict[str, Any]:
        made = in_our_words(loan())
        self.assertEqual(made.problems, [])
        assert isinstance(made.document, dict)
        return made.document

    def test_formulas_are_read_as_people_write_them(self) -> None:
        fields = {each["name"]: each for each in self.ours()["workflow"]["fields"]}
        self.assertEqual(fields["from"]["min"], {"var": "today"})
        self.assertEqual(
            fields["days"]["computed"], {"date_diff": [{"var": "until"}, {"var": "from"}, "days"]}
        )
        self.assertEqual(errors_of(check_bundle(self.ours())), [])

    def test_a_test_case_says_its_today(self) -> None:
        document = canonical(self.ours())
        self.assertEqual([each.reason for each in run_document_test_cases(document)], ["", ""])
        for case in document["tests"]:  # type: ignore[union-attr]
            case["today"] = "2026-11-02"  # type: ignore[index,call-overload]
        reasons = [each.reason for each in run_document_test_cases(document)]
        self.assertTrue(all("2026-11-02 or later" in each for each in reasons), reasons)

    def test_a_step_is_decided_by_the_day_on_which_it_happens(self) -> None:
        document = self.ours()
        document["transitions"][2]["condition"] = {
            "<=": [{"var": "today"}, {"var": "ticket.until"}]
        }
        trial = Trial(canonical(document))
        clock = Clock.at_noon(date(2026, 10, 30))
        facts = trial.facts({"from": "2026-10-30", "until": "2026-11-06"}, clock=clock)
        for day, is_in_time in ((6, True), (7, False)):
            back = Answer("hand_out", at=datetime(2026, 11, day, 12, tzinfo=UTC))
            found = trial.run(facts=facts, answers=[back], clock=clock)
            decision = found.last_step.decision
            assert decision is not None
            self.assertEqual(decision.today, f"2026-11-0{day}")
            self.assertIs(decision.is_end, is_in_time)

    def test_no_such_day(self) -> None:
        document = self.ours()
        document["tests"][0]["today"] = "2026-02-30"
        found = [each.message for each in check_bundle(document) if each.place.endswith("today")]
        self.assertIn("no such day", found[0])

    def test_wrong_kinds_and_missing_answers_are_found(self) -> None:
        document = canonical(self.ours())
        fields: Any = document["workflow"]["fields"]  # type: ignore[index,call-overload]
        fields[3]["computed"] = {"cat": ["a", "b"]}
        fields[1]["checks"][0]["condition"] = {"+": [1, 2]}
        fields[2]["checks"] = [
            {"condition": {"==": [{"var": "amount"}, 1]}, "message": "x"},
        ]
        fields.append({"name": "amount", "type": "number"})
        words = " ".join(each.message for each in check_bundle(document))
        self.assertIn("this formula gives a text", words)
        self.assertIn("A condition must be true or false", words)
        self.assertIn("“amount”, which may have no answer: it is not made then", words)

    def test_they_go_through_workbook_and_yaml(self) -> None:
        for document in (canonical(self.ours()), canonical(purchase())):
            for file_type in (FileType.XLSX, FileType.YAML, FileType.ODS):
                with self.subTest(file_type=file_type):
                    made = write_document(document, file_type)
                    read = read_document(made, f"x.{file_type.value}")
                    self.assertEqual(read.problems, [])
                    assert isinstance(read.document, dict)
                    self.assertEqual(canonical(read.document), document)

    def test_they_are_said_in_words(self) -> None:
        rules = {each.path: each for each in readable_rules(canonical(self.ours()))}
        self.assertEqual(len([path for path in rules if path[0] == "workflow"]), 5)
        for each in rules.values():
            self.assertIsNotNone(each.text, each)
            self.assertNotIn("{", each.sentence)
        check = next(each for path, each in rules.items() if "checks" in path)
        self.assertEqual(check.text, "until <= from + 14 days")

    def test_a_comparison_says_what_changed(self) -> None:
        old, new = canonical(self.ours()), canonical(self.ours())
        fields: Any = new["workflow"]["fields"]  # type: ignore[index,call-overload]
        fields[1]["checks"][0]["message"] = "Another."
        fields[3]["computed"] = {"date_diff": [{"var": "until"}, {"var": "from"}, "months"]}
        found = describe_changes(differences(old, new), old=old, new=new)
        words = " ".join(f"{each.old} {each.new}" for each in found)
        self.assertIn("Another.", words)
        self.assertIn("months from From to Until", words)

    def test_what_is_always_calculated_needs_no_default(self) -> None:
        document = purchase()
        warned = [each.message for each in check_bundle(document)]
        self.assertEqual(warned, [])

"""Conditions read what came of earlier visits of a task: checked, tried, in words."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from workflows.bundles import run_document_test_cases
from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import canonical
from workflows.engine.conditions.text import parse_condition, write_condition
from workflows.engine.process import Json, JsonObject

REFUSED: Json = {"some": [{"var": "earlier.decide"}, {"==": [{"var": "decision"}, "refused"]}]}


def document(condition: Json = REFUSED) -> JsonObject:
    """What is refused twice is over."""
    again: Json = {"==": [{"var": "tasks.decide.decision"}, "refused"]}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow"},
        "tasks": [
            {"key": "decide", "title": "Decide", "fields": [
                {"name": "decision", "label": "Decision", "type": "choice", "required": True,
                 "choices": ["approved", "refused"]},
                {"name": "hours", "label": "Hours", "type": "number"}]},
            {"key": "correct", "title": "Correct", "fields": [{"name": "x", "type": "text"}]},
        ],
        "transitions": [
            {"from": "start", "to": "decide"},
            {"from": "decide", "to": "end", "label": "refused twice",
             "condition": {"and": [again, condition]}},
            {"from": "decide", "to": "correct", "condition": again, "priority": 1},
            {"from": "decide", "to": "end", "label": "fine", "priority": 2},
            {"from": "correct", "to": "decide"},
        ],
        "ticket_types": [{"key": "flow", "title": "Flow"}],
        "tests": [{
            "name": "Twice",
            "answers": [
                {"task": "decide", "output": {"decision": "refused"}},
                {"task": "correct", "output": {}},
                {"task": "decide", "output": {"decision": "refused"}},
            ],
            "expect": {"path": ["decide", "correct", "decide"], "end": "refused twice"},
        }],
    }  # fmt: skip


class EarlierVisitsTests(TestCase):
    def found(self, condition: Json) -> list[str]:
        made: dict[str, Any] = {**document(condition), "tests": []}
        return [each.message for each in check_bundle(made)]

    def test_what_is_right_is_not_told_and_its_test_case_passes(self) -> None:
        self.assertEqual([each.message for each in check_bundle(document())], [])
        results = run_document_test_cases(canonical(document()))
        self.assertEqual([each.reason for each in results], [""])

    def test_mistakes_are_named(self) -> None:
        table: list[tuple[Json, str]] = [
            ({"var": "earlier.decied"}, "Did you mean “earlier.decide”"),
            ({"==": [{"var": "earlier.decide.decision"}, "refused"]}, "each earlier visit has"),
        ]
        for condition, words in table:
            with self.subTest(words=words):
                self.assertIn(words, " ".join(self.found(condition)))

    def test_it_is_written_as_rows(self) -> None:
        text = 'any(earlier.decide.decision = "refused")'
        rule = parse_condition(text, task_keys=["decide"])
        self.assertEqual(write_condition(rule, task_keys=["decide"]), text)
        self.assertIn("earlier.decide", str(rule))

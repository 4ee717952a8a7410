from __future__ import annotations

from unittest import TestCase

from workflows.bundles import Problem, check_bundle
from workflows.engine.process import Json, JsonObject


def bundle(condition: Json, *, with_default: bool = True) -> JsonObject:
    """A workflow whose one task asks for a value of each type, and one condition."""
    question: list[Json] = [
        {"name": name, "label": name.title(), "type": kind, "required": True}
        for name, kind in (("ok", "boolean"), ("sum", "number"), ("why", "text"), ("day", "date"))
    ]
    ways: list[Json] = [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "end", "label": "first", "condition": condition},
    ]
    if with_default:
        ways.append({"from": "ask", "to": "end", "label": "else", "priority": 1})
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow"},
        "tasks": [{"key": "ask", "title": "Ask", "fields": question}],
        "transitions": ways,
        "ticket_types": [{"key": "flow", "title": "Flow"}],
    }


def compare(operator: str, name: str, value: Json) -> Json:
    return {operator: [{"var": f"tasks.ask.{name}"}, value]}


class ComparisonTests(TestCase):
    def problems(self, condition: Json, *, with_default: bool = True) -> list[Problem]:
        return check_bundle(bundle(condition, with_default=with_default))

    def test_unlike_types_are_refused_at_the_condition(self) -> None:
        conditions: list[Json] = [
            compare("==", "sum", "1000"),
            compare(">", "sum", "many"),
            compare("===", "ok", "yes"),
            compare("==", "ok", 1),
            compare("<", "why", 3),
            compare("!=", "day", 20260131),
            compare("==", "why", {"var": "tasks.ask.sum"}),
            {"!": [{"and": [compare("==", "ok", True), compare("==", "ok", "true")]}]},
            {"==": [{"var": "number"}, "7"]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                (problem,) = self.problems(condition)
                self.assertTrue(problem.is_error)
                self.assertEqual(problem.path, ("transitions", 1, "condition"))

    def test_the_sentence_says_what_is_what(self) -> None:
        (problem,) = self.problems(compare("==", "sum", "1000"))
        self.assertIn("“tasks.ask.sum” is a number", problem.message)
        self.assertIn("which is a text", problem.message)
        self.assertEqual((problem.found, problem.expected), ("1000", "a number"))

    def test_like_types_and_what_is_not_known_pass(self) -> None:
        conditions: list[Json] = [
            compare("===", "ok", True),
            compare(">=", "sum", 10.5),
            compare("==", "why", "because"),
            compare("<", "day", "2026-01-31"),
            compare("==", "ok", None),
            {">": [{"+": [{"var": "tasks.ask.sum"}, 1]}, 5]},
            {"==": [{"var": "submitter.email"}, "uma@acme.example"]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                self.assertEqual(self.problems(condition), [])

    def test_a_condition_that_is_no_condition_is_refused(self) -> None:
        conditions: list[Json] = ["text", 3, [1]]
        for condition in conditions:
            with self.subTest(condition):
                self.assertTrue(any(each.is_error for each in self.problems(condition)))

    def test_conditions_without_a_default_are_refused(self) -> None:
        (problem,) = self.problems(compare(">", "sum", 10), with_default=False)
        self.assertTrue(problem.is_error)
        self.assertIn("Every way on from", problem.message)

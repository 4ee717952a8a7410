from __future__ import annotations

import unittest

from hypothesis import given

from tenants.testing_tools.examples import examples
from workflows.engine.conditions.sentence import choice_labels, describe_condition
from workflows.engine.process import Json
from workflows.engine.tests.test_conditions import json_values, var

APPROVED = var("tasks.approve.approved")
AMOUNT = var("ticket.amount")


class DescribeConditionTests(unittest.TestCase):
    def test_it_reads_as_a_sentence(self) -> None:
        cases: list[tuple[Json, str]] = [
            (None, "always"),
            (True, "always"),
            (False, "never"),
            (APPROVED, "approve.approved is yes"),
            ({"==": [APPROVED, False]}, "approve.approved is no"),
            ({"!": APPROVED}, "approve.approved is no or empty"),
            (
                {"and": [{"==": [APPROVED, True]}, {">": [AMOUNT, 1000]}]},
                "approve.approved is yes and ticket.amount is more than 1000",
            ),
            ({">": [1000, AMOUNT]}, "ticket.amount is less than 1000"),
            ({"<": [1, AMOUNT, 5]}, "ticket.amount is more than 1 and is less than 5"),
            ({"!=": [var("c"), "High"]}, 'c is not "High"'),
            ({"==": [var("c"), None]}, "c is empty"),
            ({"in": [var("c"), ["a", "b"]]}, 'c is one of "a", "b"'),
            ({"in": ["a", var("c")]}, 'c contains "a"'),
            ({"missing": ["c"]}, "c is missing"),
            ({"!": {"missing": ["c"]}}, "c is there"),
            ({"!": {"missing": ["c", "d"]}}, "c and d are there"),
            ({"<": [var("c", 0), {"+": [AMOUNT, 1]}]}, "c (or 0) is less than (ticket.amount + 1)"),
            (
                {"or": [APPROVED, {"and": [var("a"), var("b")]}]},
                "approve.approved is yes or (a is yes and b is yes)",
            ),
            (
                {"and": [APPROVED, {"some": [var("l", []), {">": [var("p"), AMOUNT]}]}]},
                "approve.approved is yes and (any row of l: p is more than ticket.amount)",
            ),
            (
                {"<": [{"+": [{"map": [var("l", []), {"*": [var("n"), var("p")]}]}]}, 5]},
                "sum over the rows of l of (n * p) is less than 5",
            ),
            (
                {"==": [{"length": [{"filter": [var("l"), {"==": [var("p"), 1]}]}]}, 2]},
                "number of rows of l with p is 1 is 2",
            ),
            ({"some": [var("l"), True]}, '{"some":[{"var":"l"},true]}'),
        ]
        for rule, expected in cases:
            with self.subTest(rule=rule):
                self.assertEqual(describe_condition(rule), expected)

    def test_it_uses_labels(self) -> None:
        labels = {"ticket.amount": "Amount"}
        self.assertEqual(describe_condition({">=": [AMOUNT, 5]}, labels), "Amount is at least 5")

    def test_choices_are_called_what_they_are_on_the_form(self) -> None:
        specs: list[Json] = [
            {"name": "decision", "choices": [{"value": "no", "label": "Not approved"}, "yes"]},
            {"name": "broken", "choices": [None, {"label": "x"}, {"value": []}]},
            "no field",
        ]
        labels = {"ticket.decision": "Your decision", **choice_labels(specs, "ticket.")}
        decision: Json = {"var": "ticket.decision"}
        cases: list[tuple[Json, str]] = [
            ({"==": [decision, "no"]}, "Your decision is “Not approved”"),
            (
                {"!=": ["no", {"val": ["ticket", "decision"]}]},
                "Your decision is not “Not approved”",
            ),
            ({"==": [decision, "yes"]}, 'Your decision is "yes"'),
            ({"in": [decision, ["no", "yes"]]}, 'Your decision is one of “Not approved”, "yes"'),
            ({"in": ["no", decision]}, "Your decision contains “Not approved”"),
            ({"==": [{"var": ["ticket.decision", "x"]}, "no"]}, 'Your decision (or "x") is "no"'),
        ]
        for rule, expected in cases:
            with self.subTest(rule):
                self.assertEqual(describe_condition(rule, labels), expected)
        self.assertEqual(choice_labels({"a": 1}), {})

    @examples(200)
    @given(rule=json_values)
    def test_it_describes_anything(self, rule: Json) -> None:
        self.assertTrue(describe_condition(rule))

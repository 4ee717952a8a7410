"""Days, dates and calculations in the language of conditions, both ways."""

from __future__ import annotations

import unittest
from typing import Any

from workflows.engine.conditions.sentence import describe_formula
from workflows.engine.conditions.text import (
    ConditionTextError,
    Names,
    parse_condition,
    parse_expression,
    write_condition,
    write_expression,
)
from workflows.engine.rules.data import prepare
from workflows.engine.rules.evaluate import evaluate_condition

FORM = Names(fields=("start", "until", "amount", "lines", "days"))
START, UNTIL, TODAY = {"var": "start"}, {"var": "until"}, {"var": "today"}


class DayWordsTests(unittest.TestCase):
    def test_both_ways(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("today", TODAY),
            ("today + 14 days", {"date_add": [TODAY, 14, "days"]}),
            ("start + 1 month", {"date_add": [START, 1, "months"]}),
            ("start - 2 working days", {"date_add": [START, -2, "working_days"]}),
            ("start + 1 working day", {"date_add": [START, 1, "working_days"]}),
            ("start + amount days", {"date_add": [START, {"var": "amount"}, "days"]}),
            (
                "start - (amount + 1) weeks",
                {"date_add": [START, {"-": [{"+": [{"var": "amount"}, 1]}]}, "weeks"]},
            ),
            (
                "start + 1 month - 1 day",
                {"date_add": [{"date_add": [START, 1, "months"]}, -1, "days"]},
            ),
            ("days(start, until)", {"date_diff": [UNTIL, START, "days"]}),
            ("working_days(start, until)", {"date_diff": [UNTIL, START, "working_days"]}),
            ("round(amount * 0.19, 2)", {"round": [{"*": [{"var": "amount"}, 0.19]}, 2]}),
            ("max(amount, 0)", {"max": [{"var": "amount"}, 0]}),
            ("days", {"var": "days"}),
            ("days + 3", {"+": [{"var": "days"}, 3]}),
            ("start + days days", {"date_add": [START, {"var": "days"}, "days"]}),
            (
                "until <= start + 14 days",
                {"<=": [UNTIL, {"date_add": [START, 14, "days"]}]},
            ),
            (
                "sum(round(lines.price * amount, 2))",
                {
                    "+": [
                        {
                            "map": [
                                {"var": ["lines", []]},
                                {"round": [{"*": [{"var": "price"}, {"val": [[2], "amount"]}]}, 2]},
                            ]
                        }
                    ]
                },
            ),
            (
                "any(lines.day < today)",
                {
                    "some": [
                        {"var": ["lines", []]},
                        {"<": [{"var": "day"}, {"val": [[2], "today"]}]},
                    ]
                },
            ),
        ]
        for text, rule in cases:
            with self.subTest(text):
                self.assertEqual(parse_expression(text, names=FORM), rule)
                self.assertEqual(write_expression(rule, names=FORM), text)
                self.assertNotIn("{", describe_formula(rule))

    def test_how_far_apart_two_dates_are_is_compared(self) -> None:
        rule = parse_condition("until - start <= 14 days", fields=FORM.fields)
        for until, expected in (("2026-11-13", True), ("2026-11-14", False)):
            data = prepare({"start": "2026-10-30", "until": until})
            self.assertIs(evaluate_condition(rule, data), expected)

    def test_a_task_that_is_called_today_is_meant_where_it_was_there_first(self) -> None:
        self.assertEqual(
            parse_condition("today.done", task_keys=("today",)), {"var": "tasks.today.done"}
        )
        rule: Any = {"<": [{"var": "ticket.until"}, TODAY]}
        self.assertEqual(write_condition(rule), "ticket.until < today")
        self.assertEqual(parse_condition("ticket.until < Today"), rule)

    def test_what_is_wrong_says_where(self) -> None:
        for text in ("days(start)", "round()", "start + 14 moons", "round(1, 2, 3)", "min(1)"):
            with self.subTest(text), self.assertRaises(ConditionTextError):
                parse_expression(text, names=FORM)

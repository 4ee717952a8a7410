"""What hostile rules and data would take is counted before it is spent; no other error escapes."""

from __future__ import annotations

import unittest
from typing import Any

from tenants.testing_tools.effort import steps_of
from workflows.engine.errors import ConditionError
from workflows.engine.evaluating.compiled import Form, compile_rule
from workflows.engine.evaluating.failures import Failed, Reason
from workflows.engine.rules.evaluate import evaluate_condition

LIST = {"var": "l"}


def nested(entry: Any, depth: int) -> Any:
    for _level in range(depth):
        entry = [entry, entry, entry]
    return entry


class WorkTests(unittest.TestCase):
    def assert_stopped(self, rule: Any, data: Any) -> None:
        with self.assertRaises(Failed) as caught:
            compile_rule(rule, Form.RULE).evaluate(data)
        self.assertEqual(caught.exception.reason, Reason.TOO_MUCH_WORK)

    def test_each_part_of_nested_cases_is_compiled_once(self) -> None:
        def effort(depth: int) -> int:
            rule: Any = [{"!": 1}] * 10
            for _level in range(depth):
                rule = {"switch": [1, [[1, rule]]]}
            return steps_of(lambda: compile_rule(rule, Form.TEMPLATE))

        self.assertLess(effort(12), 4 * effort(6))

    def test_the_form_of_a_date(self) -> None:
        written = {"format_date": ["2026-01-01", {"val": [[2], "f"]}]}
        self.assert_stopped({"all": [LIST, written]}, {"l": [1] * 100, "f": "%s" * 25_000})

    def test_lists_that_are_short_and_many(self) -> None:
        data = {"l": [1] * 10, "a": nested("x", 9), "b": nested("x", 9)}
        same = {"===": [{"val": [[2], "a"]}, {"val": [[2], "b"]}]}
        self.assert_stopped({"all": [LIST, same]}, data)

    def test_lists_in_lists_that_are_told_apart(self) -> None:
        data = {"l": [[[[]] * 100_000, n] for n in range(4)]}
        self.assert_stopped({"distinct": [LIST]}, data)
        self.assert_stopped({"group_by": [LIST, {"var": ""}]}, data)

    def test_lists_that_are_written_out(self) -> None:
        data = {"l": [1] * 200, "a": ["x" * 20] * 20_000}
        begins = {"starts_with": [{"val": [[2], "a"]}, "["]}
        self.assert_stopped({"all": [LIST, begins]}, data)

    def test_a_name_of_very_many_steps_is_missing(self) -> None:
        rule = compile_rule({"missing": [{"var": "n"}]}, Form.RULE)
        name = "a." * 100_000
        self.assertEqual(rule.evaluate({"n": name}), [name])


class ErrorTests(unittest.TestCase):
    def test_the_largest_numbers(self) -> None:
        largest: Any = {"a": "9." + "9" * 33 + "e6144"}
        for name in ("==", "===", "<", ">", "max", "min", "ceil", "floor", "abs", "+", "*"):
            for other in (1, {"var": "a"}):
                with self.subTest(name, other=other):
                    rule: Any = {"!!": [{name: [{"+": [{"var": "a"}]}, other]}]}
                    try:
                        self.assertIn(evaluate_condition(rule, largest), (True, False))
                    except ConditionError as error:
                        self.assertTrue(str(error))

    def test_the_empty_text_counts_as_nothing(self) -> None:
        for one, other in (("", 0), (0, ""), ("", False), (False, ""), ("", None)):
            with self.subTest(one=one, other=other):
                self.assertTrue(evaluate_condition({"==": [{"var": "a"}, other]}, {"a": one}))
                self.assertFalse(evaluate_condition({"===": [{"var": "a"}, other]}, {"a": one}))
        self.assertFalse(evaluate_condition({"==": [{"var": "a"}, 1]}, {"a": ""}))

    def test_a_number_equals_itself_however_it_was_made(self) -> None:
        product: Any = {"*": [{"var": "a"}, {"var": "b"}]}
        data: Any = {"a": 12345678901234567, "b": 1000000000000001, "c": "1000000000000001.0"}
        rule: Any = {"==": [product, {"*": [{"var": "a"}, {"var": "c"}]}]}
        self.assertTrue(evaluate_condition(rule, data))

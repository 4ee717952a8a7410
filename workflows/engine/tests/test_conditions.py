from __future__ import annotations

import json
import unittest
from functools import partial
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.engine.errors import ConditionError
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import check_condition, compile_condition
from workflows.engine.rules.evaluate import evaluate, evaluate_condition
from workflows.engine.rules.reads import has_computed_names, variables_read

SUITE = Path(__file__).with_name("jsonlogic-tests.json")
CONTEXT: JsonObject = {
    "ticket": {
        "amount": 500,
        "category": "Misc",
        "nothing": None,
        "digits": "10",
        "items": [{"price": 1}, {"price": 2, "note": "x"}],
        "none": [],
        "like_a_rule": {"var": "ticket.amount"},
        "list_of_rules": [{"==": [1, 1]}],
        "path": "ticket.amount",
    },
    "tasks": {"approve": {"approved": True}},
}


def var(*arguments: Json) -> JsonObject:
    return {"var": arguments[0] if len(arguments) == 1 else list(arguments)}


ABSENT = var("ticket.absent")
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["var", "val", "and", "if", "<", "==", "map", "reduce", "cat", "missing", "/",
                 "in", "substr", "merge", "sort", "date_diff", "type", "x", "??", "switch"]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=20,
)  # fmt: skip


class OfficialSuiteTests(unittest.TestCase):
    def test_it_passes_the_official_suite(self) -> None:
        cases = [
            each
            for each in json.loads(SUITE.read_text(encoding="utf-8"))
            if not isinstance(each, str)
        ]
        self.assertEqual(len(cases), 277)
        for rule, data, expected in cases:
            with self.subTest(rule=rule, data=data):
                self.assertEqual(evaluate(rule, data), expected)


class DecidedTests(unittest.TestCase):
    def test_it_is_true_or_false(self) -> None:
        cases: list[tuple[Json, bool]] = [
            (None, True),
            ({}, True),
            ("", True),
            (True, True),
            (False, False),
            (var("tasks.approve.approved"), True),
            ({">": [var("ticket.amount"), 1000]}, False),
            ({"in": [var("ticket.category"), ["Misc", "Travel"]]}, True),
            ({"==": [var("ticket.digits"), 10]}, True),
            ({"===": [var("ticket.digits"), 10]}, False),
            ({"==": [var("ticket.category"), 10]}, False),
            ({"==": [var("ticket.nothing"), None]}, True),
            ({"some": [var("ticket.items"), {">": [var("price"), 1]}]}, True),
            ({"all": [var("ticket.items"), {">": [var("price"), 1]}]}, False),
            ({"none": [var("ticket.none"), {">": [var("price"), 1]}]}, True),
            (
                {
                    "<": [
                        {"reduce": [
                            var("ticket.items"),
                            {"+": [var("accumulator"), var("current.price")]},
                            0,
                        ]},
                        4,
                    ]
                },
                True,
            ),
            ({">": [var({"cat": ["ticket", ".amount"]}), 1]}, True),
            ({">": [var(var("ticket.path")), 1]}, True),
            ({"==": [{"val": ["ticket", "amount"]}, 500]}, True),
        ]  # fmt: skip
        for rule, expected in cases:
            with self.subTest(rule=rule):
                self.assertIs(evaluate_condition(rule, CONTEXT), expected)

    def test_a_variable_with_a_fallback_may_be_absent(self) -> None:
        cases: list[tuple[Json, bool | None]] = [
            ({"<": [var("ticket.absent", 5), 1]}, False),
            ({"if": [{"missing": ["ticket.absent"]}, False, {"<": [ABSENT, 1]}]}, False),
            ({"or": [{"missing": ["ticket.absent"]}, {"<": [ABSENT, 1]}]}, None),
            ({"!": {"missing": ["ticket.absent"]}}, False),
            ({"and": [{"!": {"missing": ["ticket.absent"]}}, {"<": [ABSENT, 1]}]}, False),
            ({"!": {"missing_some": [1, ["ticket.absent", "ticket.amount"]]}}, True),
            ({"and": [{"exists": ["ticket", "absent"]}, {"<": [ABSENT, 1]}]}, False),
            ({"and": [False, {"<": [ABSENT, 1]}]}, False),
            ({"or": [True, ABSENT]}, True),
        ]
        for rule, expected in cases:
            with self.subTest(rule=rule):
                if expected is None:  # ["ticket.absent"] is neither true nor false
                    self.assertRaises(ConditionError, evaluate_condition, rule, CONTEXT)
                else:
                    self.assertIs(evaluate_condition(rule, CONTEXT), expected)

    def test_data_is_never_evaluated(self) -> None:
        for name in ("ticket.like_a_rule", "ticket.list_of_rules"):
            with self.subTest(name=name):
                self.assertRaises(ConditionError, evaluate_condition, var(name), CONTEXT)
        rule: Json = {"==": [var("ticket.like_a_rule"), 500]}
        self.assertIs(evaluate_condition(rule, CONTEXT), False)
        self.assertEqual(evaluate(var("ticket.like_a_rule"), CONTEXT), {"var": "ticket.amount"})


class RefusedTests(unittest.TestCase):
    def test_an_absent_variable_is_an_error_that_names_it(self) -> None:
        rules: list[Json] = [
            {"<": [ABSENT, 1]},
            {"==": [ABSENT, None]},
            {"!": ABSENT},
            {"!!": [ABSENT]},
            {"<": [1, ABSENT, 5]},
            {"in": ["a", ABSENT]},
            {"and": [{"==": [var("ticket.amount"), 500]}, {"<": [ABSENT, 1]}]},
            {"some": [ABSENT, True]},
            {"==": [{"val": ["ticket", "absent"]}, 1]},
            {"==": [var({"cat": ["ticket.", "absent"]}), 1]},
            {"==": [{"??": [ABSENT, 1]}, 1]},
            {"some": [var("ticket.items"), {"==": [{"val": [[2], "ticket", "absent"]}, 1]}]},
        ]
        for rule in rules:
            with self.subTest(rule=rule), self.assertRaises(ConditionError) as caught:
                evaluate_condition(rule, CONTEXT)
            self.assertIn("absent", str(caught.exception))

    def test_an_absent_value_of_an_item_is_said_to_be_the_items(self) -> None:
        rule: Json = {"some": [var("ticket.items"), {"==": [var("note"), "y"]}]}
        with self.assertRaisesRegex(ConditionError, "“note”, which an item of the list"):
            evaluate_condition(rule, CONTEXT)

    def test_anything_but_true_or_false_is_an_error(self) -> None:
        rules: list[Json] = [1, 0, "yes", [], [True], {"+": [1, 1]}, {"if": []}, var("ticket")]
        rules += [{"and": [1, 2]}, {"missing": ["x"]}, {"*": [9e18] * 20}, var("ticket.nothing")]
        for rule in rules:
            with self.subTest(rule=rule), self.assertRaisesRegex(ConditionError, "true or false"):
                evaluate_condition(rule, CONTEXT)

    def test_an_unknown_operator_is_an_error_even_where_it_is_not_reached(self) -> None:
        rules: list[Json] = [{"vr": "a"}, {"or": [True, {"vr": "a"}]}]
        for rule in rules:
            with self.subTest(rule=rule), self.assertRaisesRegex(ConditionError, "“var”"):
                evaluate_condition(rule, CONTEXT)
        for name in ("try", "throw", "zeros", "fractional", "now"):
            with self.subTest(operator=name):
                self.assertRaises(ConditionError, evaluate_condition, {name: []}, CONTEXT)

    def test_text_is_not_ordered_against_numbers(self) -> None:
        rule: Json = {"<": [var("ticket.category"), 5]}
        with self.assertRaisesRegex(ConditionError, "not a number"):
            evaluate_condition(rule, CONTEXT)

    def test_data_that_is_not_json_is_an_error(self) -> None:
        for value in (float("nan"), 10**30, 10**5000, "\ud800", object(), {1, 2}):
            with self.subTest(value=type(value)), self.assertRaises(ConditionError):
                evaluate_condition({"==": [var("x"), 1]}, {"x": value})  # type: ignore[dict-item]


class HostileTests(unittest.TestCase):
    def nested(self, depth: int, innermost: Json) -> Json:
        for _ in range(depth):
            innermost = {"!": [innermost]}
        return innermost

    def test_deep_rules_and_data_are_refused(self) -> None:
        for depth in (100, 5_000, 200_000):
            deep: Json = []
            for _ in range(depth):
                deep = [deep]
            with self.subTest(depth=depth):
                rule = self.nested(depth, var("x"))
                self.assertRaises(ConditionError, evaluate_condition, rule, {"x": True})
                if depth > 1_000:
                    rule = {"==": [var("x"), 1]}
                    self.assertRaises(ConditionError, evaluate_condition, rule, {"x": deep})

    def test_growing_work_is_stopped(self) -> None:
        doubled: Json = var("x")
        for _ in range(10):
            doubled = {"cat": [doubled, doubled]}
        twice: Json = {"cat": [var("accumulator"), var("accumulator")]}
        loop: Json = {"val": [[2], "l"]}
        rules: list[Json] = [
            {"==": [doubled, 1]},
            {"==": [{"reduce": [var("l"), twice, "x"]}, 1]},
            {"==": [{"reduce": [var("l"), {"merge": [var("accumulator")] * 2}, [1]]}, 1]},
            {"all": [var("l"), {"all": [loop, {"all": [{"val": [[4], "l"]}, True]}]}]},
        ]
        data: JsonObject = {"x": "y" * 10_000, "l": list(range(1_000))}
        for rule in rules:
            with self.subTest(rule=str(rule)[:60]):
                self.assertLess(steps_of(partial(self.assert_stopped, rule, data)), 500_000)

    def assert_stopped(self, rule: Json, data: JsonObject) -> None:
        with self.assertRaisesRegex(ConditionError, "too much work"):
            evaluate_condition(rule, data)

    def test_a_very_long_rule_is_refused(self) -> None:
        with self.assertRaisesRegex(ConditionError, "longer than"):
            evaluate_condition({"or": [False] * 100_000}, {})

    @examples(300)
    @given(rule=json_values, context=st.dictionaries(st.text(max_size=3), json_values, max_size=3))
    def test_no_rule_does_more_than_decide_or_raise(self, rule: Json, context: JsonObject) -> None:
        check_condition(rule)
        try:
            self.assertIsInstance(evaluate_condition(rule, context), bool)
        except ConditionError as error:
            self.assertTrue(str(error))

    @examples(100)
    @given(limit=st.integers(-100, 100))
    def test_an_absent_number_is_never_less_than_a_limit(self, limit: int) -> None:
        for operator in ("<", "<=", ">", ">=", "==", "!="):
            self.assertRaises(
                ConditionError, evaluate_condition, {operator: [var("a"), limit]}, {"b": 1}
            )


class FactsTests(unittest.TestCase):
    def test_it_lists_the_variables(self) -> None:
        rule: Json = {
            "and": [
                {"<": [var("ticket.amount", 0), var("tasks.a.b")]},
                {"some": [var("ticket.items"), {"==": [var("price"), 1]}]},
                {"missing": ["x"]},
            ]
        }
        self.assertEqual(variables_read(rule), {"ticket.amount", "tasks.a.b", "ticket.items", "x"})
        self.assertEqual(variables_read(None), frozenset())
        self.assertFalse(has_computed_names(rule))
        self.assertTrue(has_computed_names({"==": [var({"cat": [var("x"), "y"]}), 1]}))

    def test_equal_rules_are_compiled_once(self) -> None:
        self.assertIs(
            compile_condition({"==": [var("a"), 1]}), compile_condition({"==": [var("a"), 1]})
        )

    def test_it_reports_every_problem(self) -> None:
        problems = check_condition({"and": [{"vr": "x"}, {"==": [1]}]})
        self.assertEqual(len(problems), 2)
        self.assertEqual(check_condition({"==": [1, 1]}), ())
        self.assertEqual(check_condition(""), ())

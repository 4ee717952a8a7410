from __future__ import annotations

import json
import os
import subprocess
import sys
import unittest
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import examples
from workflows.engine.errors import ConditionError, TransformError
from workflows.engine.evaluating.compiled import CompiledRule, Form, compile_rule, mistakes_in
from workflows.engine.evaluating.failures import Failed, Unfit
from workflows.engine.evaluating.operators import OPERATORS, Makes, that_make
from workflows.engine.evaluating.values import compact
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules import evaluate as evaluating
from workflows.engine.rules import rule_cost
from workflows.engine.rules.bounds import Bound, TooLargeError, assumed
from workflows.engine.rules.compiling import Compiled, check_condition
from workflows.engine.rules.data import prepare
from workflows.engine.rules.evaluate import evaluate, evaluate_condition
from workflows.engine.rules.rule_cost import MOST_OUTPUT, check_cost
from workflows.engine.rules.transforms import apply_transform, check_transform
from workflows.engine.tests.test_conditions import var

ACCUMULATOR = var("accumulator")
DATA: JsonObject = {
    "text": "ab\"c\\d\n'ß\u0149ΐ",
    "number": 1.5e-300,
    "whole": 12,
    "nothing": None,
    "list": [1, "a\tb", [2.5e-9, None], {"name": "x"}],
    "rows": [{"name": "Anna", "price": 3}, {"name": "B", "price": 4.25}],
    "inner": {"name": "q", "deep": {"text": "ü\u0001"}},
}
leaves = st.sampled_from(
    [
        *(var(name) for name in ("", *DATA, "inner.deep", "rows.1.name", "list.2.0", "absent")),
        *(ACCUMULATOR, var("current"), var("current.name"), var("name"), var("absent", "none")),
        *({"val": [[level], name]} for level in (1, 2, 4) for name in ("text", "index", "key")),
        *({"val": ["inner", "deep"]}, {"val": ["text"]}, {"val": [[2]]}),
        *("", "text", "ab", 0, 1, 2, -1, 1e-9, None, True, [], ["x", None], "%Y-%c", ","),
        "2026-01-31T10:00:00Z",
    ]
)
NAMES = sorted(set(OPERATORS) - {"now"})


def _operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arguments = st.lists(inner, min_size=1, max_size=3)
    return (
        st.builds(lambda name, given: {name: given}, st.sampled_from(NAMES), arguments)
        | st.builds(
            lambda loop, items, body, start: {loop: [items, body, *start]},
            st.sampled_from(["map", "reduce", "filter", "group_by"]),
            st.sampled_from([var("list"), var("rows"), var("inner"), [1, 2, 3], var("current")]),
            inner,
            st.lists(inner, max_size=1),
        )
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "$map", 'q"']), inner, max_size=3)
    )


rules = st.recursive(leaves, _operations, max_leaves=14)


def reduce_over(times: int, body: Json, start: Json) -> JsonObject:
    return {"reduce": [list(range(times)), body, start]}


class UpperBoundTests(unittest.TestCase):
    def check(self, rule: Json) -> None:
        try:
            most = check_cost(rule, Bound(values=[DATA])).size
        except TooLargeError:
            return
        if any(mistakes_in(rule, Form.TEMPLATE)):
            return
        try:
            compiled = compile_rule(rule, Form.TEMPLATE, missing_is_null=True)
            made = compact(compiled.evaluate(DATA))
        except (Failed, Unfit):
            return
        self.assertLessEqual(len(made), most, made[:200])

    @examples(400)
    @given(rule=rules)
    def test_nothing_becomes_larger_than_it_was_said(self, rule: Json) -> None:
        self.check(rule)

    @examples(100)
    @given(rule=rules)
    def test_what_is_small_enough_for_any_data_is_so_for_these(self, rule: Json) -> None:
        size = len(json.dumps(DATA, ensure_ascii=False))
        try:
            any_data = check_cost(rule, assumed(size + 2)).size
        except TooLargeError:
            return
        made = check_cost(rule, Bound(values=[DATA])).size
        self.assertLessEqual(made, max(any_data, MOST_OUTPUT))

    def test_each_operator_has_a_bound(self) -> None:
        self.assertEqual(rule_cost._LOOPS.keys(), that_make(Makes.A_LOOP))
        self.assertEqual(rule_cost._MADE.keys(), that_make(Makes.ITS_OWN))

    def test_numbers_and_texts_written_out(self) -> None:
        cases: list[Any] = [
            {"cat": [var("number")]},
            {"reduce": [var("inner"), var("text")]},
            {"map": [var("list"), var("name")]},
            {"cat": [var("list")]},
            {"cat": var("list")},
            {"cat": [{"cat": [var("rows")]}]},
            [{"cat": [var("")]}],
            {"upper": [var("text")]},
            {"upper": {"cat": [var("")]}},
            {"split": [var("text"), ""]},
            {"map": [var("rows"), {"val": [[2], "text"]}]},
            {"entries": [var("inner")]},
            {"format_date": ["2026-01-31T10:00:00Z", "%c%+%v" * 50]},
        ]
        for rule in cases:
            with self.subTest(rule=rule):
                self.check(rule)


class AttackTests(unittest.TestCase):
    def test_a_long_text_that_is_written_many_times_is_not_begun(self) -> None:
        template: Json = {"copies": [var("t.x")] * 3_500}
        context: JsonObject = {"t": {"x": "x" * 1_700_000}}
        self.assertEqual(check_transform(template), ())  # of short texts it is all right
        self.assertEqual(apply_transform(template, {"t": {"x": "y"}}), {"copies": ["y"] * 3_500})
        with self.assertRaisesRegex(TransformError, "more than 10 million characters"):
            apply_transform(template, context)

    def test_what_is_too_much_for_any_data_is_refused_when_it_is_checked(self) -> None:
        both: Json = {"a": ACCUMULATOR, "b": ACCUMULATOR}
        templates: list[Json] = [
            {"x": reduce_over(60, both, 1)},
            {"x": reduce_over(60, [ACCUMULATOR, ACCUMULATOR], 1)},
            {"x": reduce_over(60, {"cat": [ACCUMULATOR, ACCUMULATOR]}, "x")},
            {"x": reduce_over(60, {"merge": [ACCUMULATOR, ACCUMULATOR]}, [1])},
            {"x": reduce_over(500, [ACCUMULATOR], 1)},
            {"x": {"map": [list(range(9_000)), {"map": [list(range(3_000)), "x" * 100]}]}},
            {"x": {"map": [list(range(900)), "y" * 20_000]}},
        ]
        for template in templates:
            with self.subTest(template=str(template)[:60]):
                problems = check_transform(template)
                self.assertRegex(" ".join(problems), "too much work|nested|longer than")
                self.assertRaises(TransformError, apply_transform, template, {})

    def test_conditions_are_bounded_too(self) -> None:
        tree = reduce_over(60, [ACCUMULATOR, ACCUMULATOR], 1)
        cases: list[Any] = [{"==": [tree, 1]}, {"!!": [{"cat": [tree]}]}, {"in": [1, tree]}]
        for rule in cases:
            with self.subTest(rule=str(rule)[-30:]):
                self.assertRegex(" ".join(check_condition(rule)), "too much work")
                self.assertRaises(ConditionError, evaluate_condition, rule, {})

    def test_nested_loops_over_data(self) -> None:
        everything: Json = {"val": [[9]]}
        template: Json = {"x": {"map": [var("l"), {"map": [var(""), {"q": everything}]}]}}
        data: JsonObject = {"l": [[{"text": "x" * 100}] * 10] * 200}
        with self.assertRaisesRegex(TransformError, "too much work"):
            apply_transform(template, data)

    def test_estimating_is_bounded_itself(self) -> None:
        data: JsonObject = {"l": [{"p": index, "t": "x" * 50} for index in range(5_000)]}
        body: Json = {"cat": [ACCUMULATOR, var("current.t")]}
        inner: Json = {"reduce": [{"val": [[2], "l"]}, body, ""]}
        rules: list[Json] = [
            {"==": [{"reduce": [var("l"), body, ""]}, 1]},
            {"==": [{"reduce": [var("l"), {"cat": [ACCUMULATOR, inner]}, ""]}, 1]},
            {"==": [{"map": [var("l"), inner]}, 1]},
        ]
        for rule in rules:
            with self.subTest(rule=str(rule)[:60]):
                self.assertLess(steps_of(partial(self._estimated, rule, data)), 3_000_000)

    def _estimated(self, rule: Json, data: JsonObject) -> None:
        try:
            check_cost(rule, Bound(values=[data]))
        except TooLargeError:
            return

    @unittest.skipUnless(os.name == "posix", "needs limits of Unix")
    def test_the_process_lives_where_memory_is_short(self) -> None:
        script = Path(__file__).with_name("rule_in_little_memory.py")
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120
        )
        self.assertEqual(done.returncode, 0, done.stderr[-2_000:])
        self.assertEqual(done.stdout.split(), ["refused"] * 4 + ["lives"])

    def test_where_memory_ends_it_is_an_error_of_ours(self) -> None:
        def too_much(_scope: object) -> NoReturn:
            raise MemoryError

        rule: Json = {"==": [var("a"), 1]}
        broken = Compiled(CompiledRule(too_much, frozenset(), False), rule, ((1_000, 0),))
        with self.assertRaisesRegex(ConditionError, "too much memory"):
            evaluating._run(broken, prepare({"a": 1}))
        self.assertTrue(evaluate_condition(rule, {"a": 1}))


class OrdinaryTests(unittest.TestCase):
    def test_loops_over_many_records_are_let_through(self) -> None:
        rows: list[Json] = [{"name": f"Part {each}", "price": each} for each in range(150)]
        context: JsonObject = {"ticket": {"rows": rows, "title": "Order", "text": "x" * 2_000}}
        row: Json = {"n": var("name"), "of": {"val": [[2], "ticket", "title"]}}
        total: Json = {"+": [ACCUMULATOR, var("current.price")]}
        names: Json = {"cat": [ACCUMULATOR, ", ", var("current.name")]}
        both: Json = {
            "sum": {"+": [var("accumulator.sum"), var("current.price")]},
            "names": {"merge": [var("accumulator.names"), [var("current.name")]]},
        }
        template: Json = {
            "rows": {"map": [var("ticket.rows"), row]},
            "total": {"reduce": [var("ticket.rows"), total, 0]},
            "names": {"reduce": [var("ticket.rows"), names, ""]},
            "both": {"reduce": [var("ticket.rows"), both, {"sum": 0, "names": []}]},
        }
        made = apply_transform(template, context)
        assert isinstance(made, dict)
        self.assertEqual(made["total"], sum(range(150)))
        self.assertEqual(len(made["both"]["names"]), 150)  # type: ignore[index, call-overload, arg-type]


class MergeTests(unittest.TestCase):
    def test_it_keeps_nulls(self) -> None:
        data: JsonObject = {"l": [1, None], "n": None, "o": {"a": None}, "plain": [1, 2]}
        cases: list[tuple[Json, Json]] = [
            ({"merge": [var("l"), [None]]}, [1, None, None]),
            ({"merge": [var("n"), var("o")]}, [None, {"a": None}]),
            ({"merge": [var("plain"), [3]]}, [1, 2, 3]),
            ({"merge": var("l")}, [1, None]),
            ({"map": [var("l"), {"merge": [var(""), 1]}]}, [[1, 1], [None, 1]]),
            ([{"$merge": [None]}, {"merge": []}], [{"merge": [None]}, []]),
        ]
        for rule, expected in cases:
            with self.subTest(rule=rule):
                self.assertEqual(apply_transform({"x": rule}, data), {"x": expected})
        self.assertEqual(evaluate({"merge": [var("l"), None]}, data), [1, None, None])
        self.assertTrue(evaluate_condition({"==": [{"length": {"merge": [var("l")]}}, 2]}, data))

    def test_an_absent_variable_in_it_has_its_place(self) -> None:
        with self.assertRaises(TransformError) as caught:
            apply_transform({"a": {"merge": [var("x"), var("y")]}}, {"x": None})
        self.assertEqual(caught.exception.pointer, "/a/merge/1")

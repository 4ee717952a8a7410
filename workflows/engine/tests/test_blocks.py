from __future__ import annotations

import unittest
from typing import Any

from workflows.engine.process import Json, JsonObject, Process, TaskSpec
from workflows.engine.steps.blocks import (
    BlockSpec,
    BranchSpec,
    BranchState,
    Order,
    Until,
    block_output,
    branch_of,
    ends_when_of,
    enter_block,
    is_over,
    outputs_after,
)
from workflows.engine.task_types import TaskType

EACH = (BranchSpec("each", "Each", "do"),)
TWO = (BranchSpec("a", "A", "do"), BranchSpec("b", "B", "do", when={"var": "ticket.too"}))


def process(**spec: Any) -> Process:
    block = TaskSpec("block", "Block", TaskType.BLOCK, block=BlockSpec(**spec))
    return Process("flow", tasks={"block": block, "do": TaskSpec("do", branch=("block", "a"))})


def state(number: int, *, ended: bool = False, cancelled: bool = False, **more: Any) -> BranchState:
    return BranchState(f"b{number}", number, ended=ended, cancelled=cancelled, **more)


class ReadingTests(unittest.TestCase):
    def test_what_a_document_says(self) -> None:
        spec = BlockSpec.of(
            {
                "branches": [{"key": "it", "title": "IT", "start": "account", "when": True}],
                "ends_when": 2,
                "for_each": {"var": "ticket.lines"},
                "order": "in_order",
                "most": 20,
                "hide_answers": True,
            }
        )
        self.assertEqual(spec.branches, (BranchSpec("it", "IT", "account", True),))
        self.assertEqual((spec.ends_when, spec.order, spec.bound), (2, Order.IN_ORDER, 20))
        self.assertTrue(spec.is_list and spec.hide_answers)

    def test_what_does_not_fit_is_as_if_it_was_not_said(self) -> None:
        nonsense: list[JsonObject] = [
            {},
            {"branches": 7, "ends_when": [], "most": True, "order": 3},
        ]
        for said in nonsense:
            with self.subTest(said):
                self.assertEqual(BlockSpec.of(said), BlockSpec())

    def test_when_it_ends(self) -> None:
        table: list[tuple[object, int | Until]] = [
            (None, Until.ALL), ("", Until.ALL), ("all", Until.ALL), ("any", Until.ANY),
            (1, 1), ("3", 3), (0, Until.ALL), ("0", Until.ALL), (-1, Until.ALL),
            (True, Until.ALL), ("some", Until.ALL), (2.5, Until.ALL),
        ]  # fmt: skip
        for said, expected in table:
            with self.subTest(said=said):
                self.assertEqual(ends_when_of(said), expected)

    def test_where_a_task_stands(self) -> None:
        self.assertEqual(branch_of("prepare.it"), ("prepare", "it"))
        for said in ("", "prepare", ".it", "prepare."):
            self.assertIsNone(branch_of(said))

    def test_the_bound_of_a_list(self) -> None:
        self.assertEqual([BlockSpec(most=most).bound for most in (None, 7, 999)], [50, 7, 200])


class EnteringTests(unittest.TestCase):
    def numbers(self, context: JsonObject, **spec: Any) -> Any:
        entered = enter_block(process(**spec), "block", context)
        if entered.error:
            return entered.error
        return [(run.key, run.number, run.item, run.begins) for run in entered.runs]

    def test_branches_whose_conditions_are_true(self) -> None:
        entered = enter_block(process(branches=TWO), "block", {"ticket": {"too": False}})
        self.assertEqual([run.key for run in entered.runs], ["a"])
        self.assertEqual(entered.left_out, ("b",))
        both = enter_block(process(branches=TWO), "block", {"ticket": {"too": True}})
        self.assertEqual([(run.key, run.number) for run in both.runs], [("a", 1), ("b", 2)])

    def test_a_condition_that_cannot_be_decided(self) -> None:
        contexts: list[JsonObject] = [{"ticket": {}}, {"ticket": {"too": 7}}]
        for context in contexts:
            entered = enter_block(process(branches=TWO), "block", context)
            self.assertIn("Which branches of “Block” begin cannot be decided.", entered.error)

    def test_one_for_each_item(self) -> None:
        lines: Json = {"var": "ticket.lines"}
        spec = {"branches": EACH, "for_each": lines}
        self.assertEqual(
            self.numbers({"ticket": {"lines": ["x", {"y": 1}]}}, **spec),
            [("each", 1, "x", True), ("each", 2, {"y": 1}, True)],
        )
        self.assertEqual(
            self.numbers({"ticket": {"lines": ["x", "y"]}}, **spec, order=Order.IN_ORDER),
            [("each", 1, "x", True), ("each", 2, "y", False)],
        )
        nothing: list[JsonObject] = [{"lines": []}, {"lines": None}, {}]
        for none in nothing:
            self.assertEqual(self.numbers({"ticket": none}, **spec), [])

    def test_what_is_no_list_too_long_or_not_there(self) -> None:
        spec = {"branches": EACH, "for_each": {"var": "ticket.lines"}, "most": 2}
        self.assertIn("is no list", self.numbers({"ticket": {"lines": "x"}}, **spec))
        self.assertIn(
            "may have 2 items, but its list has 3",
            self.numbers({"ticket": {"lines": [1, 2, 3]}}, **spec),
        )
        self.assertIn("cannot be read", self.numbers({}, **spec))

    def test_a_definition_that_is_not_whole(self) -> None:
        self.assertIn("has no branches", self.numbers({}))
        self.assertIn(
            "begins with the task “gone”", self.numbers({}, branches=(BranchSpec("a", "", "gone"),))
        )


class EndingTests(unittest.TestCase):
    def test_when_it_is_over(self) -> None:
        done, gone = {"ended": True}, {"cancelled": True}
        open_: dict[str, bool] = {}
        table: list[tuple[int | Until, list[dict[str, bool]], bool]] = [
            (Until.ALL, [], True),
            (Until.ALL, [done, open_], False),
            (Until.ALL, [done, done], True),
            (Until.ALL, [done, gone], True),
            (Until.ANY, [open_, open_], False),
            (Until.ANY, [open_, done], True),
            (Until.ANY, [gone, open_], False),
            (2, [done, open_, open_], False),
            (2, [done, done, open_], True),
            (5, [done, done], True),
        ]
        for ends_when, runs, expected in table:
            with self.subTest(ends_when=ends_when, runs=runs):
                states = [state(number, **each) for number, each in enumerate(runs, start=1)]
                self.assertEqual(is_over(BlockSpec(EACH, ends_when), states), expected)

    def test_a_branch_may_end_it_whatever_runs_beside(self) -> None:
        spec = BlockSpec((BranchSpec("b1", ends_block=True), BranchSpec("b2"), BranchSpec("b3")))
        done, gone = {"ended": True}, {"cancelled": True}
        open_: dict[str, bool] = {}
        for runs, expected in (
            ([done, open_, open_], True),
            ([open_, done, done], False),
            ([gone, done, open_], False),
            ([gone, done, done], True),
        ):
            with self.subTest(runs=runs):
                states = [state(number, **each) for number, each in enumerate(runs, start=1)]
                self.assertEqual(is_over(spec, states), expected)

    def test_what_branches_have_brought(self) -> None:
        spec = BlockSpec((BranchSpec("b1"), BranchSpec("b2"), BranchSpec("b3")))
        states = [
            state(2, cancelled=True, outputs={"half": {"x": 1}}),
            state(1, ended=True, label="ok", outcome="good", outputs={"do": {"y": 2}}),
        ]
        self.assertEqual(
            block_output(spec, states),
            {
                "branches": {
                    "b1": {"ended": True, "label": "ok", "outcome": "good"},
                    "b2": {"ended": False},
                    "b3": {"ended": False},
                },
                "ended": 1,
            },
        )
        self.assertEqual(outputs_after(spec, states), {"do": {"y": 2}, "half": {"x": 1}})

    def test_what_a_list_has_brought_in_the_order_of_its_items(self) -> None:
        spec = BlockSpec(EACH, for_each={"var": "ticket.lines"})
        states = [
            state(2, item="y"),
            state(1, item="x", ended=True, outcome="good", outputs={"do": {"n": 1}}),
        ]
        self.assertEqual(
            block_output(spec, states),
            {
                "items": [
                    {"do": {"n": 1}, "item": "x", "ended": True, "label": "", "outcome": "good"},
                    {"item": "y", "ended": False},
                ],
                "ended": 1,
            },
        )
        self.assertEqual(outputs_after(spec, states), {})

"""Trying blocks: which branches run, in which order, when a block ends, and what can be read."""

from __future__ import annotations

import unittest
from collections.abc import Mapping
from typing import Any

from workflows.engine.process import EndOutcome, Json, JsonObject, Process, TaskSpec, TransitionSpec
from workflows.engine.simulate import (
    Answer,
    Outcome,
    Simulation,
    TaskRules,
    read_answers,
    simulate,
)
from workflows.engine.steps.blocks import BlockSpec, branch_of
from workflows.engine.task_types import TaskType


def process(
    blocks: Mapping[str, JsonObject], tasks: Mapping[str, str], *transitions: TransitionSpec
) -> Process:
    """`blocks` are the documents of blocks, `tasks` the branch of each other task."""
    specs = {key: TaskSpec(key, branch=branch_of(branch)) for key, branch in tasks.items()}
    for key, said in blocks.items():
        spec, branch = BlockSpec.of(said), branch_of(str(said.get("branch", "")))
        specs[key] = TaskSpec(key, task_type=TaskType.BLOCK, block=spec, branch=branch)
    return Process(key="flow", tasks=specs, transitions=transitions)


def run(process: Process, *answers: Answer, **ticket: Json) -> Simulation:
    rules = {key: TaskRules(task_type=task.task_type) for key, task in process.tasks.items()}
    facts: JsonObject = {"ticket": ticket, "number": 1}
    return simulate(process, facts=facts, tasks=rules, answers=answers)


def side_by_side(**more: Any) -> Process:
    """A block of two branches, then a last task; the branch `b` has two tasks."""
    said: JsonObject = {
        "branches": [
            {"key": "a", "title": "A", "start": "one"},
            {"key": "b", "title": "B", "start": "two", **more.pop("b", {})},
        ],
        **more,
    }
    return process(
        {"block": said},
        {"one": "block.a", "two": "block.b", "three": "block.b", "last": ""},
        TransitionSpec(None, "block"),
        TransitionSpec("one", None, None, 0, "fine"),
        TransitionSpec("two", "three"),
        TransitionSpec("three", None, None, 0, "so so", outcome=EndOutcome.NEUTRAL),
        TransitionSpec("block", None, None, 0, "too late", after="P1D", outcome=EndOutcome.BAD),
        TransitionSpec("block", "last"),
        TransitionSpec("last", None, None, 0, "done"),
    )


def for_each(**more: Any) -> Process:
    """A block with a branch for each line, then the end."""
    said: JsonObject = {
        "branches": [{"key": "each", "title": "Each", "start": "offer"}],
        "for_each": {"var": "ticket.lines"},
        **more,
    }
    good: Any = {"==": [{"var": "item.name"}, {"var": "tasks.offer.name"}]}
    return process(
        {"offers": said},
        {"offer": "offers.each"},
        TransitionSpec(None, "offers"),
        TransitionSpec("offer", None, good, 1, "right"),
        TransitionSpec("offer", None, None, 2, "wrong"),
        TransitionSpec("offers", None, None, 0, "done"),
    )


LINES: Json = [{"name": "x"}, {"name": "y"}, {"name": "z"}]


class BranchTests(unittest.TestCase):
    def test_it_goes_on_when_all_branches_have_ended_in_whatever_order(self) -> None:
        two, one = Answer("two", {"n": 2}), Answer("one", {"n": 1})
        found = run(side_by_side(), two, one, Answer("three"), Answer("last"))
        self.assertEqual(found.outcome, Outcome.COMPLETED)
        self.assertEqual(found.path, ("block", "one", "two", "three", "last"))
        self.assertEqual(found.end_label, "done")
        self.assertEqual(
            found.data["block"],
            {
                "branches": {
                    "a": {"ended": True, "label": "fine", "outcome": "good"},
                    "b": {"ended": True, "label": "so so", "outcome": "neutral"},
                },
                "ended": 2,
            },
        )
        self.assertEqual((found.data["one"], found.data["two"]), ({"n": 1}, {"n": 2}))

    def test_what_waits_are_all_open_tasks_and_the_block_around_them(self) -> None:
        found = run(side_by_side(), Answer("two"))
        self.assertEqual(found.outcome, Outcome.WAITING)
        self.assertEqual([each.task for each in found.waiting], ["one", "three"])
        self.assertEqual([found.steps[each].task for each in found.open_blocks], ["block"])
        self.assertEqual(found.waiting_for, "one")

    def test_the_first_answer_decides_where_one_branch_is_enough(self) -> None:
        first = run(side_by_side(ends_when="any"), Answer("one"), Answer("two"), Answer("three"))
        self.assertEqual(first.path, ("block", "one", "two", "last"))
        self.assertEqual([each.is_cancelled for each in first.steps[1:4]], [False, False, True])
        self.assertEqual([each.task for each in first.unused], ["two", "three"])
        other = run(side_by_side(ends_when="any"), Answer("two"), Answer("three"), Answer("one"))
        self.assertEqual(other.path, ("block", "one", "two", "three", "last"))
        self.assertNotIn("one", other.data)

    def test_a_number_of_branches(self) -> None:
        found = run(side_by_side(ends_when=2), Answer("one"), Answer("two"))
        self.assertEqual(found.outcome, Outcome.WAITING)

    def test_a_branch_that_is_left_out_is_not_waited_for(self) -> None:
        spec = side_by_side(b={"when": {"var": "ticket.both"}})
        found = run(spec, Answer("one"), Answer("last"), both=False)
        self.assertEqual(found.path, ("block", "one", "last"))
        self.assertEqual(found.outcome, Outcome.COMPLETED)

    def test_branches_do_not_read_each_other(self) -> None:
        reading: Any = {"==": [{"var": "tasks.one.n"}, 1]}
        spec = side_by_side()
        changed = [
            TransitionSpec("two", "three", reading) if each.from_task == "two" else each
            for each in spec.transitions
        ]
        spec = Process(spec.key, tasks=spec.tasks, transitions=tuple(changed))
        found = run(spec, Answer("one", {"n": 1}), Answer("two"))
        self.assertEqual(found.outcome, Outcome.ERROR)
        self.assertIn("tasks.one.n", found.error)

    def test_an_error_stops_its_branch_alone(self) -> None:
        tasks = {
            "one": TaskRules(task_type=TaskType.SYNC_ACTION),
            "block": TaskRules(task_type=TaskType.BLOCK),
        }
        spec, failed = side_by_side(ends_when="any"), Answer("one", error="No power.")
        found = simulate(spec, facts={}, tasks=tasks, answers=[failed])
        self.assertEqual((found.outcome, found.error), (Outcome.ERROR, "No power."))
        self.assertEqual([each.task for each in found.waiting], ["two"])
        answers = [failed, Answer("two"), Answer("three")]
        found = simulate(spec, facts={}, tasks=tasks, answers=answers)
        self.assertEqual((found.outcome, found.waiting_for), (Outcome.WAITING, "last"))

    def test_a_time_cancels_what_still_runs(self) -> None:
        found = run(side_by_side(), Answer("one", {"n": 1}), Answer("block", after="P1D"))
        self.assertEqual(found.outcome, Outcome.COMPLETED)
        self.assertEqual((found.end_label, found.end_outcome), ("too late", EndOutcome.BAD))
        self.assertEqual(found.steps[1].timeout_taken, "P1D")
        self.assertTrue(found.steps[3].is_cancelled)
        self.assertEqual(found.data, {"one": {"n": 1}})

    def test_a_refused_form_is_asked_again_while_others_wait(self) -> None:
        spec = side_by_side()
        tasks = {key: TaskRules(task_type=each.task_type) for key, each in spec.tasks.items()}
        tasks["two"] = TaskRules(check_form=lambda _answers, _clock: [_PROBLEM])
        found = simulate(spec, facts={}, tasks=tasks, answers=[Answer("two")])
        self.assertEqual((found.outcome, found.waiting_for), (Outcome.REFUSED, "two"))

    def test_blocks_stand_in_each_other(self) -> None:
        outer: JsonObject = {"branches": [{"key": "a", "start": "inner"}]}
        inner: JsonObject = {
            "branch": "outer.a",
            "branches": [{"key": "x", "start": "one"}, {"key": "y", "start": "two"}],
        }
        spec = process(
            {"outer": outer, "inner": inner},
            {"one": "inner.x", "two": "inner.y"},
            TransitionSpec(None, "outer"),
            TransitionSpec("one", None),
            TransitionSpec("two", None),
            TransitionSpec("inner", None, {"==": [{"var": "tasks.two.n"}, 2]}),
            TransitionSpec("outer", None, None, 0, "done"),
        )
        found = run(spec, Answer("two", {"n": 2}), Answer("one"))
        self.assertEqual(found.path, ("outer", "inner", "one", "two"))
        self.assertEqual((found.outcome, found.end_label), (Outcome.COMPLETED, "done"))
        self.assertEqual(set(found.data), {"outer", "inner", "one", "two"})

    def test_an_empty_block_that_leads_to_itself_is_stopped(self) -> None:
        said: JsonObject = {"branches": [{"key": "a", "start": "one"}], "for_each": {"var": "x.y"}}
        spec = process(
            {"block": said},
            {"one": "block.a"},
            TransitionSpec(None, "block"),
            TransitionSpec("one", None),
            TransitionSpec("block", "block"),
        )
        found = simulate(spec, facts={"x": {"y": None}}, tasks={"block": TaskRules(TaskType.BLOCK)})
        self.assertEqual(found.outcome, Outcome.ERROR)
        self.assertIn("200", found.error)


class ItemTests(unittest.TestCase):
    def test_each_entry_has_its_answers_and_its_place_in_the_result(self) -> None:
        answers = [
            Answer("offer", {"name": "z"}, items=(3,)),
            Answer("offer", {"name": "x"}, items=(1,)),
            Answer("offer", {"name": "?"}, items=(2,)),
        ]
        found = run(for_each(), *answers, lines=LINES)
        self.assertEqual(found.outcome, Outcome.COMPLETED)
        self.assertEqual(found.path, ("offers", "offer", "offer", "offer"))
        block: Any = found.data["offers"]
        self.assertEqual(list(found.data), ["offers"])
        self.assertEqual([each["label"] for each in block["items"]], ["right", "wrong", "right"])
        self.assertEqual(block["items"][2]["offer"], {"name": "z"})
        self.assertEqual(block["items"][1]["item"], {"name": "y"})

    def test_without_a_number_the_first_that_waits_takes_it(self) -> None:
        found = run(for_each(), Answer("offer", {"name": "x"}), lines=LINES)
        self.assertEqual([each.items for each in found.waiting], [(2,), (3,)])
        self.assertEqual(found.waiting[0].item, {"name": "y"})

    def test_one_after_the_other(self) -> None:
        spec = for_each(order="in_order")
        found = run(spec, Answer("offer", {"name": "x"}, items=(1,)), lines=LINES)
        self.assertEqual(found.path, ("offers", "offer", "offer"))
        self.assertEqual([each.items for each in found.waiting], [(2,)])

    def test_no_entries_pass_at_once_and_too_many_stop(self) -> None:
        nothing: list[Json] = [[], None]
        for lines in nothing:
            with self.subTest(lines):
                found = run(for_each(), lines=lines)
                self.assertEqual((found.outcome, found.path), (Outcome.COMPLETED, ("offers",)))
                self.assertEqual(found.data["offers"], {"items": [], "ended": 0})
        found = run(for_each(most=2), lines=LINES)
        self.assertEqual(found.outcome, Outcome.ERROR)
        self.assertIn("2", found.error)

    def test_answers_of_a_test_case_say_for_which_entry(self) -> None:
        read = read_answers(
            [
                {"task": "offer", "item": 2},
                {"task": "offer", "item": [1, 2]},
                {"task": "offer", "item": True},
                {"task": "offer"},
            ]
        )
        self.assertEqual([each.items for each in read], [(2,), (1, 2), (), ()])


class _Problem:
    field, message = "", "No."


_PROBLEM: Any = _Problem()

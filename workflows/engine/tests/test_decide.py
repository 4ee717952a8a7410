from __future__ import annotations

import json
import unittest

from workflows.engine.decide import Decision, decide
from workflows.engine.process import Json, JsonObject, Process, TaskSpec, TransitionSpec
from workflows.engine.tests.test_conditions import var


def process(*transitions: TransitionSpec) -> Process:
    keys = ("approve", "transfer", "clarify", "archive")
    return Process(
        key="invoice",
        title="Invoice",
        tasks={each: TaskSpec(key=each, title=each.capitalize()) for each in keys},
        transitions=transitions,
    )


def transition(
    to_task: str | None, condition: Json = None, priority: int = 0, label: str = ""
) -> TransitionSpec:
    return TransitionSpec("approve", to_task, condition, priority, label)


APPROVED = var("tasks.approve.approved")
CLARIFIED = var("tasks.clarify.clarified")
INVOICE = process(
    TransitionSpec(None, "approve"),
    TransitionSpec("approve", "transfer", APPROVED),
    TransitionSpec("approve", "clarify", {"!": APPROVED}, 1),
    TransitionSpec("clarify", "approve", CLARIFIED),
    TransitionSpec("clarify", None, {"==": [CLARIFIED, False]}, 0, "invoice not processed"),
    TransitionSpec("transfer", "archive"),
    TransitionSpec("archive", None, label="invoice processed"),
)


def context(**tasks: JsonObject) -> JsonObject:
    return {"ticket": {}, "tasks": dict(tasks)}


class DecideTests(unittest.TestCase):
    def test_it_walks_the_invoice_process(self) -> None:
        cases: list[tuple[str | None, JsonObject, tuple[str, ...], str]] = [
            (None, context(), ("approve",), ""),
            ("approve", context(approve={"approved": True}), ("transfer",), ""),
            ("approve", context(approve={"approved": False}), ("clarify",), ""),
            ("clarify", context(clarify={"clarified": True}), ("approve",), ""),
            ("clarify", context(clarify={"clarified": False}), (), "invoice not processed"),
            ("transfer", context(), ("archive",), ""),
            ("archive", context(), (), "invoice processed"),
        ]
        for ended, data, next_tasks, end_label in cases:
            with self.subTest(ended=ended, data=data):
                decision = decide(INVOICE, ended, data)
                self.assertEqual(decision.error, "")
                self.assertEqual(decision.next_tasks, next_tasks)
                self.assertEqual(decision.is_end, not next_tasks)
                self.assertEqual(decision.end_label, end_label)

    def test_the_lowest_priority_wins_and_equal_ones_keep_their_order(self) -> None:
        spec = process(
            transition("archive", priority=5),
            transition("clarify", priority=2),
            transition("transfer", priority=2),
        )
        decision = decide(spec, "approve", {})
        self.assertEqual(decision.next_tasks, ("clarify",))
        self.assertEqual([each.to_task for each in decision.tried], ["clarify"])

    def test_it_records_what_was_tried(self) -> None:
        decision = decide(INVOICE, "approve", context(approve={"approved": False}))
        self.assertEqual([(each.to_task, each.result) for each in decision.tried], [
            ("transfer", False), ("clarify", True),
        ])  # fmt: skip
        kept = json.loads(json.dumps(decision.as_json()))
        self.assertEqual(kept["tried"][0]["condition"], APPROVED)
        self.assertEqual(kept["next_tasks"], ["clarify"])

    def assert_error(self, decision: Decision, text: str) -> None:
        self.assertEqual((decision.next_tasks, decision.is_end), ((), False))
        self.assertIn(text, decision.error)
        self.assertTrue(decision.error.endswith("."))

    def test_none_true_is_an_error(self) -> None:
        decision = decide(
            process(transition(None, False), transition("clarify", False)), "approve", {}
        )
        self.assert_error(decision, "none of the conditions was true")
        self.assertEqual([each.result for each in decision.tried], [False, False])

    def test_a_bad_condition_stops_the_search(self) -> None:
        conditions: list[Json] = [var("typo"), {"<": [var("typo"), 1]}, {"vr": "x"}, "yes", 1]
        for bad in conditions:
            with self.subTest(condition=bad):
                decision = decide(
                    process(
                        transition("archive", False),
                        transition("clarify", bad),
                        transition("transfer"),
                    ),
                    "approve",
                    {},
                )
                self.assert_error(decision, "cannot be decided")
                self.assertEqual([each.result for each in decision.tried], [False, None])
                self.assertTrue(decision.tried[-1].error)

    def test_a_bad_condition_after_the_winner_does_not_matter(self) -> None:
        decision = decide(
            process(transition("transfer"), transition("clarify", {"vr": 1})), "approve", {}
        )
        self.assertEqual((decision.next_tasks, decision.error), (("transfer",), ""))

    def test_a_definition_with_holes_is_an_error(self) -> None:
        self.assert_error(decide(INVOICE, "gone", {}), "no task “gone”")
        self.assert_error(
            decide(process(), "approve", {}), "No transition leaves the task “Approve”"
        )
        self.assert_error(decide(process(), None, {}), "No transition leaves the start")
        self.assert_error(
            decide(process(transition("gone")), "approve", {}), "“gone”, which does not exist"
        )

    def test_data_that_is_not_json_is_an_error(self) -> None:
        data: JsonObject = {**context(approve={"approved": True}), "x": float("nan")}
        self.assert_error(decide(INVOICE, "approve", data), "cannot be decided")

    def test_a_way_without_a_condition_reads_no_data(self) -> None:
        decision = decide(INVOICE, None, {"x": float("nan")})
        self.assertEqual((decision.next_tasks, decision.error), (("approve",), ""))
        self.assertEqual([each.result for each in decision.tried], [True])

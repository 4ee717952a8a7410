from __future__ import annotations

import unittest

from workflows.engine.decide import decide, decide_failure, decide_timeout
from workflows.engine.failure import Failure, FailureReason
from workflows.engine.process import Json, Process, TaskSpec, TransitionSpec


def way(to_task: str | None, condition: Json = None, priority: int = 0) -> TransitionSpec:
    return TransitionSpec("pay", to_task, condition, priority, on_failure=True)


def status(number: int) -> Json:
    return {"==": [{"var": "failure.status"}, number]}


def process(*transitions: TransitionSpec) -> Process:
    usual = TransitionSpec("pay", "ship")
    late = TransitionSpec("pay", "ask", after="P1D")
    keys = ("pay", "ship", "ask")
    return Process(
        key="order",
        tasks={key: TaskSpec(key=key) for key in keys},
        transitions=(usual, late, *transitions),
    )


REFUSED = Failure(FailureReason.REFUSED, "No money.", 402, {"left": 3})
DOWN = Failure(FailureReason.UNAVAILABLE, "It is down.", 503)
SILENT = Failure(FailureReason.NO_ANSWER, "Nothing came.")


class DecideFailureTests(unittest.TestCase):
    def test_the_first_that_is_true_is_taken(self) -> None:
        by_reason: Json = {"==": [{"var": "failure.reason"}, "no_answer"]}
        by_answer: Json = {">": [{"var": ["failure.answer.left", 0]}, 2]}
        by_data: Json = {"==": [{"var": "ticket.kind"}, "large"]}
        cases: list[tuple[str, list[TransitionSpec], Failure, tuple[str, ...] | None]] = [
            ("by status", [way("ask", status(402))], REFUSED, ("ask",)),
            ("another status", [way("ask", status(402))], DOWN, None),
            ("no status", [way("ask", status(402))], SILENT, None),
            ("by reason", [way("ask", by_reason)], SILENT, ("ask",)),
            ("by the answer", [way("ask", by_answer)], REFUSED, ("ask",)),
            ("by the usual context", [way("ask", by_data)], DOWN, ("ask",)),
            ("always", [way("ask")], DOWN, ("ask",)),
            ("the lowest priority", [way("ship", None, 2), way("ask", None, 1)], DOWN, ("ask",)),
            ("the second", [way("ship", status(402)), way("ask")], DOWN, ("ask",)),
            ("none", [], DOWN, None),
        ]
        for name, ways, failure, expected in cases:
            with self.subTest(name):
                decision = decide_failure(process(*ways), "pay", failure, FACTS)
                self.assertEqual(decision.error, "")
                self.assertEqual(decision.is_silent, expected is None)
                self.assertEqual(decision.next_tasks, expected or ())
                self.assertLessEqual(len(decision.tried), len(ways))

    def test_what_cannot_be_decided_is_an_error(self) -> None:
        decision = decide_failure(process(way("ask", {"var": "failure.none"})), "pay", DOWN, FACTS)
        self.assertIn("failure.none", decision.error)

    def test_it_may_lead_to_the_end(self) -> None:
        self.assertTrue(decide_failure(process(way(None)), "pay", DOWN, FACTS).is_end)

    def test_other_decisions_never_take_it(self) -> None:
        ways = process(way("ask", None, -9))
        self.assertEqual(decide(ways, "pay", FACTS).next_tasks, ("ship",))
        late = process(way(None))
        self.assertEqual(decide_timeout(late, "pay", "P1D", FACTS).next_tasks, ("ask",))
        alone = Process(key="x", tasks={"pay": TaskSpec("pay")}, transitions=(way(None),))
        self.assertIn("No transition leaves", decide(alone, "pay", FACTS).error)

    def test_a_failure_is_read_as_it_was_kept(self) -> None:
        for each in (REFUSED, DOWN, SILENT):
            self.assertEqual(Failure.read(each.as_json()), each)
        kept: list[Json] = [None, [], {}, {"reason": "bored"}, {"reason": 3}]
        for nothing in kept:
            self.assertIsNone(Failure.read(nothing))

    def test_the_reason_of_a_status(self) -> None:
        cases = {None: "refused", 402: "refused", 302: "refused", 408: "unavailable"}
        cases |= {429: "unavailable", 500: "unavailable", 200: "unusable_answer"}
        for number, reason in cases.items():
            self.assertEqual(FailureReason.of_status(number), reason)


FACTS: dict[str, Json] = {"ticket": {"kind": "large"}, "tasks": {}}

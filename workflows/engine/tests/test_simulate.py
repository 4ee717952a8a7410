from __future__ import annotations

import unittest
from typing import Any

from workflows.engine.process import JsonObject, Process, TaskSpec, TransitionSpec
from workflows.engine.simulate import (
    CALLBACK_URL,
    Answer,
    Outcome,
    Simulation,
    TaskRules,
    read_answers,
    simulate,
)
from workflows.engine.task_types import TaskType
from workflows.fields.answers.validation import validate_fields

APPROVED: Any = {"==": [{"var": "tasks.approve.approved"}, True]}
PROCESS = Process(
    key="purchase",
    tasks={
        "approve": TaskSpec("approve", "Approve it"),
        "order": TaskSpec("order", "Order it", TaskType.SYNC_ACTION),
    },
    transitions=(
        TransitionSpec(None, "order", {">": [{"var": "ticket.amount"}, 1000]}, 1, "large"),
        TransitionSpec(None, "approve", None, 2),
        TransitionSpec("approve", "order", APPROVED, 1, "approved"),
        TransitionSpec("approve", "approve", {"var": "tasks.approve.again"}, 2, "again"),
        TransitionSpec("approve", None, None, 3, "refused"),
        TransitionSpec("order", None, None, 1, "ordered"),
    ),
)
COUNTING = Process(
    key="counting",
    tasks={"try": TaskSpec("try", "Try it"), "never": TaskSpec("never", "Never")},
    transitions=(
        TransitionSpec(None, "try"),
        TransitionSpec("try", "try", {"<": [{"var": "visits.try"}, 3]}, 1),
        TransitionSpec("try", None, {"==": [{"var": "visits.never"}, 0]}, 2),
    ),
)
YES_NO: list[JsonObject] = [
    {"name": "approved", "type": "boolean", "required": True},
    {"name": "again", "type": "boolean", "required": True},
]


def form(fields: object) -> TaskRules:
    return TaskRules(check_form=lambda answers, _clock: validate_fields(fields, answers))


def rules(**order: Any) -> dict[str, TaskRules]:
    return {
        "approve": form(YES_NO),
        "order": TaskRules(task_type=TaskType.SYNC_ACTION, **order),
    }


def run(*answers: Answer, amount: int = 5, **order: Any) -> Simulation:
    facts: JsonObject = {"ticket": {"amount": amount}, "number": 1}
    return simulate(PROCESS, facts=facts, tasks=rules(**order), answers=answers)


def approve(*, approved: bool, again: bool = False) -> Answer:
    return Answer("approve", {"approved": approved, "again": again})


class SimulateTests(unittest.TestCase):
    def test_it_goes_to_the_end(self) -> None:
        found = run(approve(approved=True), Answer("order", {"id": 7}))
        self.assertEqual(found.outcome, Outcome.COMPLETED)
        self.assertEqual(found.path, ("approve", "order"))
        self.assertEqual(found.end_label, "ordered")
        self.assertEqual(
            found.last_step.data,
            {"approve": {"approved": True, "again": False}, "order": {"id": 7}},
        )

    def test_each_step_has_the_conditions_that_were_tried_and_its_data(self) -> None:
        start, first = run(approve(approved=False)).steps
        assert start.decision is not None
        assert first.decision is not None
        self.assertEqual([each.result for each in start.decision.tried], [False, True])
        self.assertEqual([each.result for each in first.decision.tried], [False, False, True])
        self.assertEqual(start.data, {})
        self.assertEqual(first.output, {"approved": False, "again": False})

    def test_it_stops_where_an_answer_is_missing(self) -> None:
        found = run()
        self.assertEqual((found.outcome, found.waiting_for), (Outcome.WAITING, "approve"))
        self.assertEqual(found.path, ("approve",))

    def test_each_visit_takes_the_next_answer_of_its_task(self) -> None:
        found = run(
            approve(approved=False, again=True),
            Answer("order", {"id": 1}),
            approve(approved=True),
            approve(approved=False),
        )
        self.assertEqual(found.path, ("approve", "approve", "order"))
        self.assertEqual(found.unused, (approve(approved=False),))

    def test_a_form_refuses_what_it_would_refuse_from_a_person(self) -> None:
        found = run(Answer("approve", {"approved": "perhaps", "again": False}))
        self.assertEqual((found.outcome, found.waiting_for), (Outcome.REFUSED, "approve"))
        self.assertEqual([each.field for each in found.last_step.refused], ["approved"])
        self.assertEqual(found.last_step.data, {})

    def test_a_call_that_fails_stops_it(self) -> None:
        found = run(Answer("order", error="It is down."), amount=5000)
        self.assertEqual((found.outcome, found.error), (Outcome.ERROR, "It is down."))
        self.assertEqual(found.path, ("order",))
        self.assertIsNone(found.waiting_for)

    def test_an_output_must_fit_its_schema(self) -> None:
        schema = {"required": ["id"]}
        found = run(Answer("order", {"number": 7}), amount=5000, output_schema=schema)
        self.assertEqual(found.outcome, Outcome.ERROR)
        self.assertIn("output schema", found.error)
        self.assertIn("id", found.error)

    def test_it_shows_what_a_call_would_send(self) -> None:
        transform = {"price": {"var": "ticket.amount"}, "shop": "A"}
        found = run(amount=5000, input_transform=transform)
        self.assertEqual(found.last_step.sends, {"price": 5000, "shop": "A"})
        self.assertEqual(found.outcome, Outcome.WAITING)

    def test_without_a_transform_it_sends_everything(self) -> None:
        found = run(amount=5000)
        self.assertEqual(
            found.last_step.sends, {"number": 1, "ticket": {"amount": 5000}, "tasks": {}}
        )

    def test_a_call_that_is_answered_later_reads_the_callback_address(self) -> None:
        tasks = rules(input_transform={"back": {"var": "callback.url"}})
        tasks["order"].task_type = TaskType.ASYNC_ACTION
        facts: JsonObject = {"ticket": {"amount": 5000}, "number": 1}
        found = simulate(PROCESS, facts=facts, tasks=tasks)
        self.assertEqual(found.last_step.sends, {"back": CALLBACK_URL})

    def test_what_cannot_be_sent_stops_it(self) -> None:
        for order in (
            {"input_transform": {"a": {"var": "ticket.nothing"}}},
            {"input_transform": [1]},
            {"input_schema": {"required": ["price"]}},
            {"input_schema": {"type": 5}},
        ):
            with self.subTest(order):
                found = run(Answer("order"), amount=5000, **order)
                self.assertEqual((found.outcome, found.path), (Outcome.ERROR, ("order",)))
                self.assertTrue(found.error)

    def test_a_condition_that_cannot_be_decided_stops_it(self) -> None:
        found = simulate(PROCESS, facts={"ticket": {}}, tasks=rules())
        self.assertEqual((found.outcome, found.path), (Outcome.ERROR, ()))
        self.assertIn("ticket.amount", found.error)

    def test_broken_rules_of_a_draft_are_an_error_and_not_an_exception(self) -> None:
        for broken in (
            form([{"name": 5}]),
            form("no list"),
            TaskRules(task_type=TaskType.SYNC_ACTION, output_schema={"type": 5}),
        ):
            with self.subTest(broken):
                facts: JsonObject = {"ticket": {"amount": 5}, "number": 1}
                answers = [Answer("approve", {"a": 1})]
                found = simulate(PROCESS, facts=facts, tasks={"approve": broken}, answers=answers)
                self.assertEqual(found.outcome, Outcome.ERROR)

    def test_going_round_in_circles_has_an_end(self) -> None:
        answers = [approve(approved=False, again=True)] * 500
        found = run(*answers)
        self.assertEqual((found.outcome, len(found.path)), (Outcome.ERROR, 200))
        self.assertIn("200", found.error)
        self.assertEqual(len(found.unused), 300)

    def test_a_task_that_does_not_exist_is_an_error(self) -> None:
        process = Process(key="x", transitions=(TransitionSpec(None, "gone"),))
        found = simulate(process, facts={}, tasks={})
        self.assertEqual((found.outcome, found.path), (Outcome.ERROR, ()))


LARGE: Any = {">": [{"var": "ticket.amount"}, 100]}
TIMED = Process(
    key="purchase",
    tasks={"approve": TaskSpec("approve"), "remind": TaskSpec("remind")},
    transitions=(
        TransitionSpec(None, "approve"),
        TransitionSpec("approve", None, None, 1, "approved"),
        TransitionSpec("approve", None, LARGE, 1, "too late", after="P1D"),
        TransitionSpec("approve", "remind", None, 2, after="P2D"),
        TransitionSpec("approve", None, None, 3, "given up", after="PT9H"),
        TransitionSpec("remind", "approve"),
    ),
)
LATE = Answer("approve", after="P2D")
DONE = Answer("approve", {"approved": True})


def run_timed(*answers: Answer, amount: Any = 5) -> Simulation:
    facts: JsonObject = {"ticket": {"amount": amount}, "number": 1}
    fields: list[JsonObject] = [{"name": "approved", "type": "boolean", "required": True}]
    tasks = {"approve": form(fields), "remind": form([])}
    return simulate(TIMED, facts=facts, tasks=tasks, answers=answers)


class TimePassesTests(unittest.TestCase):
    """Tasks that do not end in time. 9 hours may be more or less than a day: nobody knows."""

    def test_the_task_is_left_without_an_output(self) -> None:
        found = run_timed(LATE)
        self.assertEqual(found.path, ("approve", "remind"))
        step = found.steps[1]
        self.assertEqual((step.output, step.timeout_taken, step.data), (None, "P2D", {}))
        self.assertEqual(found.waiting_for, "remind")
        self.assertEqual(found.used, (LATE,))

    def test_shorter_times_are_over_before(self) -> None:
        step = run_timed(LATE).steps[1]
        self.assertEqual([each.after for each in step.times], ["P1D", "P2D"])
        self.assertEqual([each.decision.is_silent for each in step.times], [True, False])
        found = run_timed(LATE, amount=500)
        self.assertEqual((found.path, found.end_label), (("approve",), "too late"))
        self.assertEqual(found.last_step.timeout_taken, "P1D")

    def test_where_no_way_is_taken_the_task_goes_on(self) -> None:
        day = Answer("approve", after="P1D")
        found = run_timed(day)
        self.assertEqual((found.outcome, found.waiting_for), (Outcome.WAITING, "approve"))
        self.assertEqual((found.last_step.timeout_taken, len(found.last_step.times)), ("", 1))
        found = run_timed(day, DONE)
        self.assertEqual((found.path, found.end_label), (("approve",), "approved"))
        self.assertEqual(
            (found.last_step.output, found.last_step.timeout_taken), ({"approved": True}, "")
        )
        found = run_timed(day, LATE)
        self.assertEqual([each.after for each in found.steps[1].times], ["P1D", "P2D"])
        self.assertEqual(found.used, (day, LATE))

    def test_what_was_meant_for_the_next_visit_may_be_kept_for_it(self) -> None:
        facts: JsonObject = {"ticket": {"amount": 5}, "number": 1}
        answers = [Answer("approve", after="P1D", visit=1), DONE]
        found = simulate(TIMED, facts=facts, tasks={}, answers=answers)
        self.assertEqual((found.outcome, found.waiting_for), (Outcome.WAITING, "approve"))
        self.assertEqual(found.unused, (DONE,))

    def test_what_is_left_of_a_visit_is_dropped(self) -> None:
        done = Answer("approve", {"approved": True}, visit=1)
        found = run_timed(Answer("approve", after="P2D", visit=1), done, Answer("remind"))
        self.assertEqual(found.path, ("approve", "remind", "approve"))
        self.assertEqual((found.outcome, found.unused), (Outcome.WAITING, ()))

    def test_a_time_that_the_task_does_not_have_passes_too(self) -> None:
        self.assertEqual(run_timed(Answer("approve", after="PT8H")).outcome, Outcome.WAITING)
        found = run_timed(Answer("approve", after="P7D"))
        self.assertEqual(found.steps[1].timeout_taken, "P2D")
        found = run_timed(Answer("approve", after="nonsense"), DONE)
        self.assertEqual(found.end_label, "approved")

    def test_each_visit_begins_its_time_anew(self) -> None:
        found = run_timed(LATE, Answer("remind"), LATE, Answer("remind"), DONE, DONE)
        self.assertEqual(found.path, ("approve", "remind", "approve", "remind", "approve"))
        self.assertEqual(found.end_label, "approved")
        self.assertEqual(found.unused, (DONE,))

    def test_a_condition_that_cannot_be_decided_stops_it(self) -> None:
        found = run_timed(LATE, amount="much")
        self.assertEqual((found.outcome, found.path), (Outcome.ERROR, ("approve",)))
        self.assertEqual(found.last_step.timeout_taken, "")

    def test_times_of_a_draft_that_are_none_are_survived(self) -> None:
        transitions = (TransitionSpec(None, "a"), TransitionSpec("a", None, after="soon"))
        process = Process(key="x", tasks={"a": TaskSpec("a")}, transitions=transitions)
        for after, outcome in (("soon", Outcome.COMPLETED), ("P1D", Outcome.WAITING)):
            with self.subTest(after):
                found = simulate(process, facts={}, tasks={}, answers=[Answer("a", after=after)])
                self.assertEqual(found.outcome, outcome)


class ReadAnswersTests(unittest.TestCase):
    def test_it_leaves_out_what_is_no_answer(self) -> None:
        good: Any = {"task": "a", "output": {"x": 1}}
        bad: list[Any] = [
            None, 5, {}, {"task": 5}, {"task": "a", "output": []}, {"task": "a", "error": 5},
            {"task": "a", "output": {"x": "\x00"}}, {"task": "a", "output": {"x": 10**400}},
            {"task": "a", "after": 5}, {"task": "a", "after": None},
        ]  # fmt: skip
        self.assertEqual(read_answers([*bad, good]), [Answer("a", {"x": 1})])
        late: Any = {"task": "a", "after": "P2D"}
        self.assertEqual(read_answers([late]), [Answer("a", after="P2D")])
        nothing: list[Any] = [None, {}, "text", 5]
        self.assertEqual([read_answers(each) for each in nothing], [[]] * 4)


class VisitsTests(unittest.TestCase):
    def test_a_condition_reads_how_often_a_task_was_begun(self) -> None:
        answers = [Answer("try", {"n": n}) for n in range(5)]
        found = simulate(COUNTING, facts={}, tasks={"try": TaskRules()}, answers=answers)
        self.assertEqual(found.path, ("try",) * 3)
        self.assertEqual((found.outcome, len(found.unused)), (Outcome.COMPLETED, 2))

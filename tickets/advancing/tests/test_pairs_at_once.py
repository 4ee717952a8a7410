"""Two people, or a person and a worker, do to one ticket what does not go together."""

from __future__ import annotations

import uuid

from django.test import tag
from django.utils import timezone

from tenants.models import User
from tickets.advancing.tests.at_once_case import MANY_TIMES, Act, AtOnceCase
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.go_on import go_on_without_answer
from tickets.conversation.write_message import write_message
from tickets.models import Message, Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.tests.crash.made_up_process import form
from tickets.working.hand_over import hand_over
from tickets.working.take_over import take_over
from workflows.engine.process import JsonObject
from workflows.errors import (
    CannotMoveError,
    MayNotTakeOverError,
    NotWaitingError,
    NotYourTaskError,
    TaskNotWorkableError,
    TaskTakenError,
    TaskWaitsError,
    WorkflowEndedError,
    WorkflowOnHoldError,
)
from workflows.models import TaskInstance, TicketDefinition
from workflows.running.pool import claim_task, release_task

YES: JsonObject = {"vote": "approve"}
NO: JsonObject = {"again": False}


class PairsAtOnceTests(AtOnceCase):
    def handing_on(self, task: TaskInstance, *, by: User, to: User) -> Act:
        return lambda: hand_over(task=task, to=to, by=by, reason=REASON, now=timezone.now())

    def claiming(self, task: TaskInstance, by: User) -> Act:
        return lambda: claim_task(task=task, user=by, now=timezone.now())

    def assert_has(self, task: TaskInstance, *people: User | None) -> None:
        self.assertIn(TaskInstance.objects.get(pk=task.pk).assigned_to, people)

    def assert_one_of_two(self, raised: list[Exception | None], *refusals: type) -> None:
        self.assertEqual(sum(each is None for each in raised), 1, raised)
        self.assertIsInstance(next(each for each in raised if each is not None), refusals)

    # Holding

    def test_holding_while_completing(self) -> None:
        flow = self.publish("held", [form("first")], [{"from": "first", "to": "last"}])
        for _time in range(self.TIMES):
            self.a_hold_and_a_completion(flow, "first")
            self.a_hold_and_a_completion(flow, "last")

    def a_hold_and_a_completion(self, flow: TicketDefinition, key: str) -> None:
        """It stops before the completion, which is refused then, or after it if it still runs."""
        self.start(flow)
        if key == "last":
            self.doing(self.tasks("first")[0], NO)()
        (task,) = self.tasks(key)
        held, done = self.together(
            lambda: hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON),
            self.doing(task, NO),
        )
        self.assertIsInstance(held, WorkflowEndedError | None)
        self.assertIsInstance(done, WorkflowOnHoldError | None)
        self.assertEqual(self.events("HELD"), int(held is None))
        if held is None:
            self.assertEqual(self.status()[0], "ON_HOLD")
            resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        for each in self.tasks("first", "last"):
            if each.is_workable:
                self.doing(each, NO)()
        for each in self.tasks("last"):
            if each.is_workable:
                self.doing(each, NO)()
        self.assertEqual(self.status(), ("COMPLETED", ["COMPLETED"]))
        self.assertEqual(self.events("TASK_COMPLETED"), 2)
        self.assertEqual(broken_invariants(self.ticket), [])

    # Claiming and handing on

    def test_claiming_while_handing_on(self) -> None:
        pooled: JsonObject = {**form("pooled"), "assign_to": {"mode": "nobody"}}
        pool = self.publish("pool", [pooled], [{"from": "pooled", "to": "last"}])
        usual = self.publish("usual", [form("first")], [{"from": "first", "to": "last"}])
        for _time in range(self.TIMES):
            self.a_claim_handed_on_and_another_claim(pool)
            self.a_claim_of_what_is_given_back_and_handed_on(pool)
            self.a_deputy_and_a_hand_over(usual)

    def a_claim_handed_on_and_another_claim(self, pool: TicketDefinition) -> None:
        self.start(pool)
        (task,) = self.tasks("pooled")

        def claim_and_hand_on() -> None:
            self.claiming(task, self.wendy)()
            self.handing_on(task, by=self.wendy, to=self.terry)()

        raised = self.together(claim_and_hand_on, self.claiming(task, self.walt))
        self.assert_one_of_two(raised, TaskTakenError)
        self.assert_has(task, self.terry if raised[0] is None else self.walt)

    def a_claim_of_what_is_given_back_and_handed_on(self, pool: TicketDefinition) -> None:
        """Whoever had it gave it back in one window, and handed it on in the other."""
        self.start(pool)
        (task,) = self.tasks("pooled")
        self.claiming(task, self.wendy)()
        back, on, claim = self.together(
            lambda: release_task(task=task, user=self.wendy, now=timezone.now()),
            self.handing_on(task, by=self.wendy, to=self.terry),
            self.claiming(task, self.walt),
        )
        self.assert_one_of_two([back, on], NotYourTaskError)
        self.assertIsInstance(claim, TaskTakenError | None)
        if on is None:
            self.assertIsInstance(claim, TaskTakenError)
        if claim is None:
            self.assert_has(task, self.walt)
        else:
            self.assert_has(task, self.terry if on is None else None)

    def a_deputy_and_a_hand_over(self, usual: TicketDefinition) -> None:
        people = User.objects.filter(pk=self.wendy.pk)
        others = User.objects.filter(pk__in=[self.walt.pk, self.terry.pk])
        people.update(deputy=self.walt, is_available=True)
        others.update(is_available=False)
        self.start(usual)
        others.update(is_available=True)
        people.update(is_available=False)
        (task,) = self.tasks("first")
        raised = self.together(
            self.handing_on(task, by=self.wendy, to=self.terry),
            lambda: take_over(task=task, by=self.walt, now=timezone.now()),
        )
        self.assert_one_of_two(raised, NotYourTaskError, MayNotTakeOverError)
        self.assert_has(task, self.terry if raised[0] is None else self.walt)
        people.update(deputy=None, is_available=True)

    # Moving

    def test_moving_while_voting(self) -> None:
        for number in range(self.TIMES):
            self.a_move_and_a_vote(number, needed="all", decides=False)
            self.a_move_and_a_vote(number, needed="one", decides=True)

    def a_move_and_a_vote(self, number: int, *, needed: str, decides: bool) -> None:
        """The vote counts in any case; what it decides is decided once, in one of the versions."""
        key = f"moved_{needed}_{number}"
        self.start(self.approval(key, needed))
        vote, *others = self.tasks("ask.vote")
        newer = self.approval(key, needed, title="Ask once more").workflow

        def move() -> None:
            [found] = move_tickets(tickets=[self.ticket], to=newer, by=self.terry, reason=REASON)
            if not found.is_moved:
                raise CannotMoveError(found.refusal)

        moved, voted = self.together(move, self.doing(vote, YES))
        self.assertIsNone(voted)
        # Between the vote and its step nothing is moved.
        self.assertIsInstance(moved, CannotMoveError | None)
        ticket = Ticket.objects.get(pk=self.ticket.pk)
        self.assertEqual(ticket.workflow_id == newer.pk, moved is None)
        self.assertEqual(self.events("VERSION_CHANGED"), int(moved is None))
        if not decides:
            self.assertEqual(self.status()[1], [])
            for each in others:
                self.doing(each, YES)()
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))
        self.assertEqual(self.events("BLOCK_ENDED"), 1)
        (last,) = self.tasks("last")
        self.assertEqual(last.definition.workflow_id, ticket.workflow_id)
        self.assertEqual(broken_invariants(self.ticket), [])

    # Asking

    def test_asking_while_the_time_runs_out(self) -> None:
        timed = self.publish(
            "timed",
            [form("first")],
            [{"from": "first", "to": "last"}, {"from": "first", "to": "last", "after": "PT1M"}],
        )
        for _time in range(self.TIMES):
            self.a_question_and_the_time(timed)
            self.an_answer_and_the_time(timed)
            self.an_answer_and_going_on_without(timed)

    def asking(self, task: TaskInstance) -> Act:
        worker, token = task.assigned_to, uuid.uuid4().hex
        assert worker is not None
        return lambda: ask_requester(
            task=task, user=worker, text="Which?", token=token, now=timezone.now()
        )

    def answering(self) -> Act:
        ticket, token = self.ticket, uuid.uuid4().hex
        return lambda: write_message(
            ticket=ticket, user=self.uma, text="Red.", token=token, now=timezone.now()
        )

    def a_question_and_the_time(self, timed: TicketDefinition) -> None:
        """What is asked is not left meanwhile; what is left asks nobody any more."""
        self.start(timed)
        (task,) = self.tasks("first")
        asked, late = self.together(self.asking(task), self.timing_out())
        self.assertIsNone(late)
        self.assertIsInstance(asked, TaskNotWorkableError | None)
        self.assertEqual(self.events("TIMED_OUT"), int(asked is not None))
        self.assertEqual(self.events("ASKED"), int(asked is None))
        self.assertEqual(Message.objects.filter(ticket=self.ticket).count(), int(asked is None))
        if asked is None:
            self.assertEqual(self.status(), ("IN_PROGRESS", []))
            self.answering()()
            self.doing(task, NO)()
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))
        self.assertEqual(broken_invariants(self.ticket), [])

    def an_answer_and_the_time(self, timed: TicketDefinition) -> None:
        """A timer of before the question fires now: it was called off with the question."""
        self.start(timed)
        (task,) = self.tasks("first")
        timing_out = self.timing_out()
        self.asking(task)()
        raised = self.together(self.answering(), timing_out)
        self.assertEqual(raised, [None, None])
        self.assertEqual(self.events("ANSWERED"), 1)

    def an_answer_and_going_on_without(self, timed: TicketDefinition) -> None:
        self.start(timed)
        (task,) = self.tasks("first")
        self.asking(task)()
        raised = self.together(self.answering(), self.going_on(task), self.doing(task, NO))
        self.assertIsNone(raised[0])
        self.assertIsInstance(raised[1], NotWaitingError | TaskNotWorkableError | None)
        self.assertIsInstance(raised[2], TaskWaitsError | TaskNotWorkableError | None)
        self.assertEqual(self.events("ANSWERED"), 1)

    def going_on(self, task: TaskInstance) -> Act:
        worker = task.assigned_to
        assert worker is not None
        return lambda: go_on_without_answer(task=task, user=worker, now=timezone.now())


@tag("processes")
class ManyTimesTests(PairsAtOnceTests):
    TIMES = MANY_TIMES

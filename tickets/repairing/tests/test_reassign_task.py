from __future__ import annotations

from typing import Any

from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.errors import ReasonMissingError
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.errors import ChangedMeanwhileError, MayNotRepairError
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.working.complete_task import complete_task
from workflows.errors import (
    CannotReassignError,
    NothingChangedError,
    NotYourTaskError,
    WorkerNotEligibleError,
)
from workflows.models import CompanyRole, TaskInstance
from workflows.running.definition_cache import forget_definitions
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_people.released import RELEASED


class ReassignTaskTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        self.task = self.current(self.ticket)
        assert self.task.assigned_to is not None
        self.holder = self.task.assigned_to
        self.other = self.walt if self.holder == self.wendy else self.wendy

    def tearDown(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])
        super().tearDown()

    def reassign(self, to: User | None, **more: Any) -> TaskInstance:
        reassign_task(task=self.task, to=to, by=self.terry, reason=REASON, **more)
        return self.current(self.ticket)

    def test_somebody_else_gets_it(self) -> None:
        task = self.reassign(self.other)
        self.assertEqual((task.status, task.assigned_to), ("OPEN", self.other))
        event = self.last_event(ASSIGNED)
        self.assertEqual(event.data["to_id"], self.other.pk)
        self.assertEqual((event.actor, event.data["reason"]), (self.terry, REASON))
        with self.assertRaises(NotYourTaskError):
            complete_task(task=task, output={"big": True}, user=self.holder)

    def test_somebody_who_is_away_may_be_given_it(self) -> None:
        User.objects.filter(pk=self.other.pk).update(is_available=False)
        self.assertEqual(self.reassign(self.other).assigned_to, self.other)

    def test_it_refuses_who_may_not_have_it(self) -> None:
        for person in (self.uma, self.charlie, self.terry):
            with self.assertRaises(WorkerNotEligibleError):
                self.reassign(person)
        User.objects.filter(pk=self.other.pk).update(is_active=False)
        with self.assertRaises(WorkerNotEligibleError):
            self.reassign(self.other)
        with self.assertRaises(NothingChangedError):
            self.reassign(self.holder)

    def test_it_refuses_who_is_not_in_the_company_role(self) -> None:
        self.check.candidate_role = CompanyRole.objects.create(name="Accounting")
        self.check.save()
        with self.assertRaises(WorkerNotEligibleError):
            self.reassign(self.other)
        self.check.candidate_role.members.add(self.other)
        self.assertEqual(self.reassign(self.other).assigned_to, self.other)

    def test_nobody_named_means_whose_turn_it_is(self) -> None:
        User.objects.filter(pk=self.holder.pk).update(is_available=False)
        self.assertEqual(self.reassign(None).assigned_to, self.other)

    def test_it_waits_where_everybody_is_away(self) -> None:
        User.objects.update(is_available=False)
        task = self.reassign(None)
        self.assertEqual((task.status, task.assigned_to), ("PENDING", None))
        event = self.last_event(RELEASED)
        self.assertEqual((event.actor, event.data["reason"]), (self.terry, REASON))

    def test_a_form_in_error_is_filled_in_again(self) -> None:
        self.small_transition.condition = False
        self.small_transition.save()
        forget_definitions()
        self.addCleanup(forget_definitions)
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": False})
        task = self.reassign(self.other)
        self.assertEqual((task.status, task.completed_at), ("OPEN", None))
        self.assertEqual(TicketError.objects.get().status, "RESOLVED")
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output={"big": True}, user=self.other)
        self.assertEqual(self.current(self.ticket).definition, self.archive)

    def test_calls_and_ended_tasks_are_given_to_nobody(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        with self.assertRaises(CannotReassignError):
            self.reassign(self.other)
        self.task = self.current(self.ticket)
        with self.assertRaises(CannotReassignError):
            self.reassign(self.other)

    def test_a_page_that_is_out_of_date_changes_nothing(self) -> None:
        seen = marker_of(Ticket.objects.get())
        self.reassign(self.other, expected=seen)
        with self.assertRaises(ChangedMeanwhileError):
            self.reassign(self.holder, expected=seen)

    def test_only_ticket_admins_may_and_they_say_why(self) -> None:
        for person in (self.wendy, self.uma, self.alice, self.charlie):
            with self.assertRaises(MayNotRepairError):
                reassign_task(task=self.task, to=self.other, by=person, reason=REASON)
        with self.assertRaises(ReasonMissingError):
            reassign_task(task=self.task, to=self.other, by=self.terry, reason="")

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from tenants.testing import CompanyTestCase
from tickets.calling.run_action import run_action
from tickets.calling.tests.test_run_action import answer
from tickets.errors import ReasonMissingError
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.repairing.errors import ChangedMeanwhileError, MayNotRepairError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.testing import without_taking_steps
from tickets.working.complete_task import complete_task
from workflows.actions import Answer, CallRequest
from workflows.actions import make_call as real
from workflows.errors import (
    TaskNotWorkableError,
    WorkflowEndedError,
    WorkflowNotRunningError,
    WorkflowOnHoldError,
)
from workflows.models import TaskInstance
from workflows.running.events.of_repairs.held import HELD
from workflows.running.events.of_repairs.resumed import RESUMED
from workflows.running.events.of_tickets.cancelled import CANCELLED


class HoldAndCancelCase(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()

    def tearDown(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])
        super().tearDown()

    def to_the_call(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})

    def hold(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def resume(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def cancel(self, **more: Any) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON, **more)

    def call(self, *, while_it_runs: object) -> None:
        """Make the call; `while_it_runs` is done before its answer comes back."""

        def make_call(request: CallRequest) -> Answer:
            assert callable(while_it_runs)
            result = real(request)
            while_it_runs()
            return result

        with (
            answer(200, {"document": "ACC-1"}) as system,
            self.settings(ACTION_CONNECT_TO=system.connect_to),
            mock.patch("tickets.calling.run_action.make_call", make_call),
            self.captureOnCommitCallbacks(execute=True),
        ):
            run_action(ticket_id=self.ticket.pk, task_id=self.current(self.ticket).pk)


class HoldTicketTests(HoldAndCancelCase):
    def test_nobody_can_work_on_it_until_it_is_resumed(self) -> None:
        self.hold()
        self.assertEqual(Ticket.objects.get().status, "ON_HOLD")
        task = self.current(self.ticket)
        assert task.assigned_to is not None
        with self.assertRaisesMessage(WorkflowOnHoldError, "on hold"):
            complete_task(task=task, output={"big": True}, user=task.assigned_to)
        self.resume()
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output={"big": True}, user=task.assigned_to)
        for kind in (HELD, RESUMED):
            event = self.last_event(kind)
            self.assertEqual((event.actor, event.data["reason"]), (self.terry, REASON))

    def test_a_call_that_waits_is_taken_away_and_comes_back(self) -> None:
        self.to_the_call()
        self.hold()
        self.assertEqual(self.calls(), [])
        self.resume()
        self.assertEqual(len(self.calls()), 1)

    def test_an_answer_that_came_in_the_meantime_is_used_when_it_is_resumed(self) -> None:
        self.to_the_call()
        self.call(while_it_runs=self.hold)
        self.assertEqual(Ticket.objects.get().status, "ON_HOLD")
        self.assertEqual(self.current(self.ticket).status, "COMPLETED")
        self.resume()
        self.assertEqual(Ticket.objects.get().status, "COMPLETED")

    def test_a_call_in_error_stays_in_error(self) -> None:
        self.to_the_call()
        self.fail_call(self.ticket)
        self.hold()
        self.resume()
        self.assertEqual(self.current(self.ticket).status, "ERROR")
        self.assertEqual(self.calls(), [])

    def test_what_is_not_so_cannot_be_held_or_resumed(self) -> None:
        with self.assertRaises(WorkflowNotRunningError):
            self.resume()
        self.hold()
        with self.assertRaises(WorkflowOnHoldError):
            self.hold()
        self.cancel()
        for change in (self.hold, self.resume, self.cancel):
            with self.assertRaises(WorkflowEndedError):
                change()

    def test_a_ticket_that_has_not_started_cannot_be_held(self) -> None:
        with without_taking_steps():
            self.ticket = self.submit()
        with self.assertRaises(WorkflowNotRunningError):
            self.hold()

    def test_only_ticket_admins_may_and_they_say_why(self) -> None:
        for service in (hold_ticket, resume_ticket, cancel_ticket):
            for person in (self.wendy, self.uma, self.alice, self.charlie):
                with self.assertRaises(MayNotRepairError):
                    service(ticket=self.ticket, by=person, reason=REASON)
            with self.assertRaises(ReasonMissingError):
                service(ticket=self.ticket, by=self.terry, reason="\t")
        self.assertEqual(Ticket.objects.get().status, "IN_PROGRESS")


class CancelTicketTests(HoldAndCancelCase):
    def test_it_ends_the_tasks_and_resolves_the_errors(self) -> None:
        self.to_the_call()
        error = self.fail_call(self.ticket)
        self.cancel()
        self.assertEqual(Ticket.objects.get().status, "CANCELLED")
        statuses = TaskInstance.objects.order_by("pk").values_list("status", flat=True)
        self.assertEqual(list(statuses), ["COMPLETED", "CANCELLED"])
        error.refresh_from_db()
        self.assertEqual(error.status, "RESOLVED")
        self.assertIn(REASON, error.resolution_notes)
        event = self.last_event(CANCELLED)
        self.assertEqual((event.actor, event.data["reason"]), (self.terry, REASON))

    def test_a_call_that_waits_is_not_made(self) -> None:
        self.to_the_call()
        self.cancel()
        self.assertEqual(self.calls(), [])

    def test_the_answer_of_a_call_that_is_under_way_changes_nothing(self) -> None:
        self.to_the_call()
        self.call(while_it_runs=self.cancel)
        self.assertEqual(Ticket.objects.get().status, "CANCELLED")
        task = self.current(self.ticket)
        self.assertEqual((task.status, task.output_data), ("CANCELLED", None))
        self.assertEqual(Ticket.objects.get().errors.count(), 0)

    def test_its_worker_is_told(self) -> None:
        task = self.current(self.ticket)
        self.cancel()
        assert task.assigned_to is not None
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=task, output={"big": True}, user=task.assigned_to)

    def test_a_ticket_whose_workflow_was_not_made_can_be_cancelled(self) -> None:
        with without_taking_steps(), self.captureOnCommitCallbacks(execute=False) as steps:
            self.ticket = self.submit()
        self.cancel()
        for step in steps:
            step()
        self.assertEqual(Ticket.objects.get(pk=self.ticket.pk).status, "CANCELLED")
        self.assertFalse(
            TaskInstance.objects.filter(workflow_instance__ticket=self.ticket).exists()
        )

    def test_what_the_system_has_done_since_stops_no_repair(self) -> None:
        repairs: dict[str, Callable[[TaskInstance, dict[str, Any]], object]] = {
            "hold": lambda task, how: hold_ticket(ticket=self.ticket, **how),
            "cancel": lambda task, how: cancel_ticket(ticket=self.ticket, **how),
            "retry": lambda task, how: retry_step(error=TicketError.objects.get(task=task), **how),
            "finish": lambda task, how: finish_task_by_hand(
                task=task, output={"document": "4711"}, **how
            ),
            "data": lambda task, how: correct_ticket_data(
                ticket=self.ticket, data={"amount": 8}, **how
            ),
            "output": lambda task, how: correct_task_output(
                task=task.workflow_instance.tasks.get(definition=self.check),
                output={"big": False},
                **how,
            ),
            "input": lambda task, how: correct_task_input(task=task, body={"amount": 8}, **how),
        }
        for name, repair in repairs.items():
            with self.subTest(name):
                self.ticket = self.submit()
                self.to_the_call()
                seen = marker_of(Ticket.objects.get(pk=self.ticket.pk))
                self.fail_call(self.ticket)
                self.assertNotEqual(marker_of(Ticket.objects.get(pk=self.ticket.pk)), seen)
                repair(
                    self.current(self.ticket),
                    {"by": self.terry, "reason": REASON, "expected": seen},
                )
                with self.assertRaises(ChangedMeanwhileError):  # by now a person has done something
                    cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON, expected=seen)

    def test_a_page_that_is_out_of_date_changes_nothing(self) -> None:
        seen = marker_of(Ticket.objects.get())
        self.to_the_call()
        with self.assertRaises(ChangedMeanwhileError):
            self.cancel(expected=seen)
        self.assertEqual(Ticket.objects.get().status, "IN_PROGRESS")

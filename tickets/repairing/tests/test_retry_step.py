from __future__ import annotations

from typing import Any
from unittest import mock

from tenants.testing import CompanyTestCase
from tickets.advancing.advance_ticket import advance_ticket
from tickets.errors import ReasonMissingError
from tickets.models import ErrorType, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.errors import (
    ChangedMeanwhileError,
    ErrorAlreadyHandledError,
    MayNotRepairError,
)
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from workflows.errors import NothingToRetryError, WorkflowEndedError, WorkflowOnHoldError
from workflows.models import TaskInstance, Transition, WorkflowEvent
from workflows.running.definition_cache import forget_definitions
from workflows.running.events.of_repairs.retried import RETRIED


class RetryStepTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()

    def failed_call(self) -> TicketError:
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        return self.fail_call(self.ticket)

    def no_way_on(self) -> TicketError:
        self.small_transition.condition = False
        self.small_transition.save()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": False})
        return TicketError.objects.get()

    def retry(self, error: TicketError, **more: Any) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON, **more)

    def tearDown(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])
        super().tearDown()

    def test_a_call_is_made_again_with_the_same_key(self) -> None:
        error = self.failed_call()
        before = self.current(self.ticket)
        self.retry(error)
        task = self.current(self.ticket)
        self.assertEqual((task.pk, task.uuid), (before.pk, before.uuid))
        self.assertEqual((task.status, task.attempts), ("PENDING", before.attempts))
        (call,) = self.calls()
        self.assertEqual(call.args["task_id"], task.pk)

    def test_the_error_is_resolved_and_the_history_says_who_and_why(self) -> None:
        error = self.failed_call()
        self.retry(error)
        error.refresh_from_db()
        self.assertEqual(error.status, "RESOLVED")
        self.assertIn("Terry Tate", error.resolution_notes)
        self.assertIn(REASON, error.resolution_notes)
        event = self.last_event(RETRIED)
        self.assertEqual((event.actor, event.data["reason"]), (self.terry, REASON))

    def test_the_notes_that_somebody_wrote_stay(self) -> None:
        error = self.failed_call()
        error.resolution_notes = "I have called them."
        error.save()
        self.retry(error)
        error.refresh_from_db()
        self.assertTrue(error.resolution_notes.startswith("I have called them.\n"))

    def test_the_way_on_is_decided_again_and_nothing_else_is_done_again(self) -> None:
        error = self.no_way_on()
        Transition.objects.filter(pk=self.small_transition.pk).update(condition=None)
        forget_definitions()
        self.addCleanup(forget_definitions)
        self.retry(error)
        self.assertEqual(self.current(self.ticket).definition, self.sign)
        self.assertEqual(TaskInstance.objects.filter(definition=self.check).count(), 1)
        self.assertEqual(TaskInstance.objects.get(definition=self.check).status, "COMPLETED")

    def test_a_fault_that_persists_makes_a_new_error(self) -> None:
        error = self.no_way_on()
        self.retry(error)
        new, old = TicketError.objects.order_by("-pk")
        self.assertEqual((old.pk, old.status), (error.pk, "RESOLVED"))
        self.assertEqual((new.status, new.task), ("NEW", old.task))
        self.assertEqual(TicketError.objects.unresolved().count(), 1)

    def test_a_start_that_failed_unforeseen_is_tried_again(self) -> None:
        with (
            mock.patch(
                "workflows.running.state.leaving.decide", side_effect=ZeroDivisionError("odd")
            ),
            self.assertLogs("tickets.advancing.advance_ticket", "ERROR"),
            self.captureOnCommitCallbacks(execute=True),
        ):
            self.ticket = self.submit()
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        with (
            mock.patch(
                "workflows.running.state.leaving.decide", side_effect=ZeroDivisionError("odd")
            ),
            self.assertLogs("tickets.advancing.advance_ticket", "ERROR"),
        ):
            self.retry(error)
        again = TicketError.objects.unresolved().get()
        self.assertNotEqual(again, error)
        self.assertEqual((again.error_type, again.task), (ErrorType.WORKFLOW_TRANSITION, None))
        self.retry(again)
        self.assertEqual(self.current(self.ticket).definition, self.check)
        kinds = list(WorkflowEvent.objects.values_list("kind", flat=True))
        before = ["FAILED", "RETRIED", "FAILED", "RETRIED"]
        self.assertEqual(kinds, [*before, "STARTED", "MOVED", "ASSIGNED"])

    def test_a_next_task_that_failed_unforeseen_is_tried_again(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with (
            mock.patch(
                "workflows.running.state.leaving.decide", side_effect=ZeroDivisionError("odd")
            ),
            self.assertLogs("tickets.advancing.advance_ticket", "ERROR"),
            self.captureOnCommitCallbacks(execute=True),
        ):
            self.answer(self.ticket, {"big": False})
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        self.assertEqual(broken_invariants(self.ticket), [])
        advance_ticket(ticket_id=self.ticket.pk)
        self.retry(error)
        self.assertEqual(self.current(self.ticket).definition, self.sign)

    def test_the_second_of_two_admins_is_told_what_the_first_did(self) -> None:
        error = self.failed_call()
        self.retry(error)
        with self.assertRaisesMessage(ErrorAlreadyHandledError, REASON):
            self.retry(error)
        self.assertEqual(len(self.calls()), 1)

    def test_a_step_that_was_finished_by_hand_is_not_retried(self) -> None:
        error = self.failed_call()
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.current(self.ticket),
                output={"document": "ACC-1"},
                by=self.terry,
                reason=REASON,
            )
        with self.assertRaises(ErrorAlreadyHandledError):
            self.retry(error)

    def test_a_page_that_is_out_of_date_changes_nothing(self) -> None:
        error = self.failed_call()
        self.ticket.refresh_from_db()
        seen = marker_of(self.ticket)
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        with self.assertRaises(ChangedMeanwhileError):
            self.retry(error, expected=seen)
        with self.assertRaises(WorkflowOnHoldError):
            self.retry(error, expected=marker_of(self.ticket))
        self.assertEqual(self.current(self.ticket).status, "ERROR")

    def test_a_ticket_that_has_ended_is_not_retried(self) -> None:
        error = self.failed_call()
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        with self.assertRaises(ErrorAlreadyHandledError):
            self.retry(error)
        open_error = TicketError.objects.create(
            ticket=self.ticket, task=error.task, error_type="TASK_UPDATE", message="Late"
        )
        with self.assertRaises(WorkflowEndedError):
            self.retry(open_error)
        open_error.delete()

    def test_an_error_of_a_step_that_goes_on_is_not_retried(self) -> None:
        error = self.failed_call()
        self.retry(error)
        stray = TicketError.objects.create(
            ticket=self.ticket, task=error.task, error_type="TASK_UPDATE", message="Stray"
        )
        with self.assertRaises(NothingToRetryError):
            self.retry(stray)
        stray.delete()

    def test_only_ticket_admins_of_this_company_may_and_they_say_why(self) -> None:
        error = self.failed_call()
        for person in (self.uma, self.wendy, self.carla, self.alice, self.charlie):
            with self.assertRaises(MayNotRepairError):
                retry_step(error=error, by=person, reason=REASON)
        self.terry.is_active = False
        with self.assertRaises(MayNotRepairError):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.terry.is_active = True
        for blank in ("", "  \n", "\x00"):
            with self.assertRaises(ReasonMissingError):
                retry_step(error=error, by=self.terry, reason=blank)
        self.assertEqual(self.current(self.ticket).status, "ERROR")

    def test_a_form_in_error_goes_back_to_whoever_had_it(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        worker = self.current(self.ticket).assigned_to
        error = self.fail_call(self.ticket, "Nobody did it in time.")
        self.retry(error)
        task = self.current(self.ticket)
        self.assertEqual((task.status, task.assigned_to), ("OPEN", worker))
        self.assertEqual(self.calls(), [])

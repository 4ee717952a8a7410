"""Reviewing and resolving a ticket error: what it takes, and what the history keeps of it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.health import company_findings
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.errors import StepStuckError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.handle_error import resolve_error, review_error
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.testing import without_taking_steps
from workflows.models import WorkflowEvent
from workflows.running.events.of_repairs.error_resolved import ERROR_RESOLVED
from workflows.running.events.of_repairs.error_reviewed import ERROR_REVIEWED


class HandleErrorCase(SmallWorkflow, CompanyTestCase):
    """A call has failed for good."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        self.error = self.fail_call(self.ticket, "It answered <500>.")
        self.log_in(self.terry)

    def page(self, obj: Ticket | TicketError) -> Any:
        name = f"admin:tickets_{obj._meta.model_name}_change"
        return self.client.get(reverse(name, args=[obj.pk]))

    def stray(self) -> TicketError:
        """An error whose step goes on, which only a bug leaves behind."""
        retry_step(error=self.error, by=self.terry, reason=REASON)
        return TicketError.objects.create(
            ticket=self.ticket, task=self.error.task, error_type="TASK_UPDATE", message="Stray"
        )


class StuckTests(HandleErrorCase):
    def assert_refused(self, error: TicketError) -> None:
        with self.assertRaisesMessage(StepStuckError, "Try the step again, finish it by hand, or"):
            resolve_error(error=error, by=self.terry, notes="Called them.")
        error.refresh_from_db()
        self.assertFalse(error.is_resolved)
        self.assertFalse(WorkflowEvent.objects.filter(kind=ERROR_RESOLVED).exists())

    def test_an_error_whose_step_is_stuck_stays_open(self) -> None:
        self.assert_refused(self.error)
        review_error(error=self.error, by=self.terry)
        self.assert_refused(self.error)
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assert_refused(self.error)
        self.assertEqual(company_findings(), [])

    def test_one_of_a_ticket_that_could_not_start_does_too(self) -> None:
        with without_taking_steps():
            ticket = self.submit()
        error = TicketError.objects.create(
            ticket=ticket, error_type="WORKFLOW_CREATION", message="No."
        )
        self.assert_refused(error)
        cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)
        error.refresh_from_db()
        self.assertTrue(error.is_resolved)

    def test_the_page_says_what_to_do_in_the_place_of_the_button(self) -> None:
        page = self.page(self.error)
        self.assertContains(page, "The step that failed is still stuck.")
        self.assertNotContains(page, "Note it as resolved")
        address = reverse("admin:tickets_ticketerror_resolve", args=[self.error.pk])
        self.assertNotContains(page, address)
        sent = self.client.post(address, {"notes": "Called them."}, follow=True)
        self.assertContains(sent, "so that the error stays open")
        self.assertFalse(TicketError.objects.get(pk=self.error.pk).is_resolved)

    def test_what_ends_the_step_resolves_it(self) -> None:
        assert self.error.task is not None
        finish_task_by_hand(
            task=self.error.task, output={"document": "A1"}, by=self.terry, reason=REASON
        )
        self.assertTrue(TicketError.objects.get(pk=self.error.pk).is_resolved)
        self.assertContains(self.page(self.error), "How it was resolved")


class HistoryTests(HandleErrorCase):
    def test_who_looked_after_an_error_and_how_it_was_resolved_stands_in_the_history(self) -> None:
        error = self.stray()
        review_error(error=error, by=self.terry)
        resolve_error(error=error, by=self.terry, notes="It was\ttheir <firewall>.")
        reviewed = self.last_event(ERROR_REVIEWED)
        resolved = self.last_event(ERROR_RESOLVED)
        for event in (reviewed, resolved):
            self.assertEqual((event.actor, event.task_instance), (self.terry, error.task))
            self.assertEqual((event.data["error_id"], event.data["what"]), (error.pk, "Stray"))
        self.assertNotIn("notes", reviewed.data)
        self.assertEqual(resolved.data["notes"], "It was\ttheir <firewall>.")
        page = self.page(self.ticket)
        self.assertContains(page, "Somebody looks after the error: Stray")
        self.assertContains(page, "The error was noted as resolved: Stray")
        self.assertContains(page, "their &lt;firewall&gt;.")
        # The history still gives the stored state.
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_a_long_message_is_cut_there(self) -> None:
        error = self.stray()
        TicketError.objects.filter(pk=error.pk).update(message="x" * 9_000)
        review_error(error=error, by=self.terry)
        self.assertEqual(len(self.last_event(ERROR_REVIEWED).data["what"]), 500)

    def test_a_ticket_whose_workflow_was_never_made_has_a_history_too(self) -> None:
        with without_taking_steps():
            ticket = self.submit()
        error = TicketError.objects.create(
            ticket=ticket, error_type="WORKFLOW_CREATION", message="No."
        )
        review_error(error=error, by=self.terry)
        self.assertEqual(self.last_event(ERROR_REVIEWED).actor, self.terry)
        self.assertContains(self.page(ticket), "Somebody looks after the error: No.")
        self.assertEqual(broken_invariants(ticket), [])

    def test_whoever_submitted_it_does_not_see_it(self) -> None:
        review_error(error=self.error, by=self.terry)
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=[self.ticket.pk]))
        self.assertNotContains(page, "looks after the error")
        self.assertNotContains(page, "It answered")

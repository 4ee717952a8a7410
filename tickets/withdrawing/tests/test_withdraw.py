from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from tenants.testing import CompanyTestCase
from tickets.errors import NotYourTicketError, ReasonMissingError
from tickets.models import Notice, Ticket
from tickets.notices.words import sentence_for
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.testing import without_taking_steps
from tickets.tests.screens import ScreenTestCase
from tickets.withdrawing.errors import ReasonTooLongError
from tickets.withdrawing.withdraw_ticket import LONGEST_REASON, withdraw_ticket
from tickets.working.complete_task import complete_task
from workflows.errors import TaskNotWorkableError, WorkflowEndedError
from workflows.models import TaskInstance
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN


class WithdrawTicketTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()

    def tearDown(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])
        super().tearDown()

    def withdraw(self, **more: Any) -> None:
        sent = {"ticket": self.ticket, "user": self.uma, "reason": REASON, **more}
        withdraw_ticket(**sent, now=timezone.now())

    def to_the_call(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})

    def test_it_ends_with_its_tasks_and_tells_their_worker(self) -> None:
        task = self.current(self.ticket)
        self.withdraw()
        ticket = Ticket.objects.get()
        self.assertEqual((ticket.status, self.current(ticket).status), ("CANCELLED",) * 2)
        assert task.assigned_to is not None
        told = Notice.objects.with_words().get(kind="TASK_GONE")
        self.assertEqual(told.recipient, task.assigned_to)
        self.assertIn("Uma Urban withdrew", sentence_for(told, told.recipient))
        self.assertFalse(Notice.objects.filter(kind="TICKET_ENDED").exists())
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=task, output={"big": True}, user=task.assigned_to)

    def test_the_history_says_who_and_why(self) -> None:
        self.withdraw(reason=f"  {REASON}\n")
        event = self.last_event(WITHDRAWN)
        self.assertEqual((event.actor, event.data["reason"]), (self.uma, REASON))

    def test_a_call_that_waits_is_not_made(self) -> None:
        self.to_the_call()
        self.withdraw()
        self.assertEqual(self.calls(), [])

    def test_open_errors_are_resolved(self) -> None:
        self.to_the_call()
        error = self.fail_call(self.ticket)
        self.withdraw()
        error.refresh_from_db()
        self.assertEqual(error.status, "RESOLVED")
        self.assertIn(REASON, error.resolution_notes)

    def test_also_on_hold_but_only_once(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.withdraw()
        with self.assertRaises(WorkflowEndedError):
            self.withdraw()

    def test_only_whoever_submitted_it_may_and_they_say_why(self) -> None:
        for person in (self.terry, self.wendy, self.alice, self.charlie):
            with self.assertRaises(NotYourTicketError):
                self.withdraw(user=person)
        for reason in ("", " \x00\t"):
            with self.assertRaises(ReasonMissingError):
                self.withdraw(reason=reason)
        with self.assertRaises(ReasonTooLongError):
            self.withdraw(reason="x" * (LONGEST_REASON + 1))
        self.assertEqual(Ticket.objects.get().status, "IN_PROGRESS")

    def test_one_whose_workflow_was_not_made(self) -> None:
        with without_taking_steps(), self.captureOnCommitCallbacks(execute=False) as steps:
            self.ticket = self.submit()
        self.withdraw()
        for step in steps:
            step()
        self.assertEqual(Ticket.objects.get(pk=self.ticket.pk).status, "CANCELLED")
        made = TaskInstance.objects.filter(workflow_instance__ticket=self.ticket)
        self.assertFalse(made.exists())


class WithdrawPageTests(ScreenTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = self.submit()
        self.log_in(self.uma)
        self.address = reverse("admin:tickets_myticket_withdraw", args=(self.ticket.pk,))
        self.page = reverse("admin:tickets_myticket_change", args=(self.ticket.pk,))

    def test_my_ticket_leads_there_while_it_runs(self) -> None:
        self.assertContains(self.client.get(self.page), self.address)
        self.assertContains(self.client.get(self.address), "Keep it running")
        answer = self.client.post(self.address, {"reason": "Found one."}, follow=True)
        self.assertContains(answer, "You have withdrawn the ticket.")
        self.assertContains(answer, "Found one.")
        self.assertContains(answer, "Uma Urban withdrew the ticket.")
        self.assertNotContains(answer, self.address)
        self.assertContains(self.client.get(self.address, follow=True), "ended")

    def test_it_asks_why(self) -> None:
        answer = self.client.post(self.address, {"reason": " "})
        self.assertContains(answer, "Say why")
        self.assertEqual(Ticket.objects.get().status, "IN_PROGRESS")

    def test_a_form_that_is_sent_twice_withdraws_once(self) -> None:
        for _time in range(2):
            sent = {"reason": "Found one.", "token": "a" * 32}
            answer = self.client.post(self.address, sent, follow=True)
            self.assertContains(answer, "You have withdrawn the ticket.")

    def test_others_cannot_tell_that_it_is_there(self) -> None:
        self.make_user_too("terry", "wendy")
        for person in (self.terry, self.wendy, self.charlie):
            self.log_in(person)
            answer = self.client.post(self.address, {"reason": "Found one."})
            self.assertEqual(answer.status_code, 404)
        self.assertEqual(Ticket.objects.get().status, "IN_PROGRESS")

"""A form that cannot be completed: its answers are kept, and a ticket admin completes it.

The database refuses for real, as one may that somebody has changed by hand.
"""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import reverse

from tenants.models import User
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tickets.files.keep_file import keep_file
from tickets.health import company_findings
from tickets.models import ErrorType, FileUpload, SavedAnswers, Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.errors import RepairFailedError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_many import continue_bulk_retry, retry_many
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.saving.save_answers import save_task_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.refusals import REASON as REFUSAL
from tickets.tests.refusals import refused
from tickets.tests.screens import make_type
from tickets.working.complete_task import complete_task
from tickets.working.errors import CompletionFailedError
from workflows.engine.process import JsonObject
from workflows.errors import TaskNotWorkableError
from workflows.models import TaskDefinition, TaskInstance, WorkflowEvent
from workflows.running.definition_cache import forget_definitions

TASKS, EVENTS = "workflows_taskinstance", "workflows_workflowevent"
COMPLETING = "NEW.status = 'COMPLETED'"
QUESTIONS: list[JsonObject] = [
    {"name": "ok", "label": "Is it all right?", "type": "boolean", "required": True},
    {"name": "proof", "label": "Proof", "type": "file"},
]


class FailingCompletion(unittest.TestCase):
    """Wendy has a task of a ticket of Uma's, and completes it with a file."""

    wendy: User
    walt: User
    uma: User
    terry: User

    def setUp(self) -> None:
        super().setUp()
        self.walt.is_available = False
        self.walt.save(update_fields=["is_available"])
        self.definition = make_type()
        TaskDefinition.objects.filter(key="check").update(fields=QUESTIONS)
        forget_definitions()
        self.ticket = submit_ticket(
            definition=self.definition, data={"what": "A desk"}, user=self.uma
        )
        self.proof = keep_file(file=SimpleUploadedFile("proof.txt", b"Yes"), user=self.wendy)
        self.output: JsonObject = {"ok": True, "proof": self.proof}

    @property
    def task(self) -> TaskInstance:
        tasks = TaskInstance.objects.select_related("definition", "assigned_to")
        return tasks.get(definition__key="check")

    @contextmanager
    def refused_completion(self) -> Iterator[None]:
        with refused(TASKS, on="UPDATE", when=COMPLETING), self.assertLogs("tickets", "ERROR"):
            yield

    def complete(self) -> None:
        complete_task(task=self.task, output=self.output, user=self.wendy)

    def fail_with(self, table: str = TASKS, **how: Any) -> TicketError:
        failing = self.assertRaises(CompletionFailedError)
        with refused(table, **how), self.assertLogs("tickets", "ERROR"), failing:
            self.complete()
        return self.error()

    def fail_to_complete(self) -> TicketError:
        return self.fail_with(on="UPDATE", when=COMPLETING)

    def error(self) -> TicketError:
        return TicketError.objects.unresolved().get()

    def retry(self, error: TicketError) -> None:
        retry_step(error=error, by=self.terry, reason=REASON)

    def assert_completed(self) -> None:
        """With Wendy's answers, and everything that belongs to it."""
        task = self.task
        self.assertEqual((task.status, task.output_data), ("COMPLETED", self.output))
        self.assertEqual(task.assigned_to, self.wendy)
        self.assertIsNotNone(task.completed_at)
        self.assertEqual(FileUpload.objects.get().ticket, self.ticket)
        self.assertEqual(SavedAnswers.objects.count(), 0)
        event = WorkflowEvent.objects.get(kind="TASK_COMPLETED")
        self.assertEqual((event.actor, event.data["output"]), (self.wendy, self.output))
        self.assertEqual(TaskInstance.objects.count(), 2)
        self.assert_sound()

    def assert_sound(self) -> None:
        self.assertEqual(TicketError.objects.unresolved().count(), 0)
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual(company_findings(), [])


class FailingCompletionCase(FailingCompletion, CompanyTransactionTestCase):
    """Each thing that somebody does is committed."""


class KeepTests(FailingCompletionCase):
    def test_the_answers_and_the_file_are_kept_and_an_error_tells_of_it(self) -> None:
        error = self.fail_to_complete()
        self.assertEqual((error.error_type, error.task), (ErrorType.TASK_UPDATE, self.task))
        self.assertIn("“Check it” could not be completed with the answers of Wendy", error.message)
        self.assertIn(REFUSAL, error.message)
        self.assertIn("Traceback", error.stack_trace)
        self.assertEqual((self.task.status, self.task.output_data), ("ERROR", None))
        saved = SavedAnswers.objects.get()
        self.assertEqual((saved.user, saved.answers), (self.wendy, self.output))
        self.assertEqual(saved.files.get(), FileUpload.objects.get())
        event = WorkflowEvent.objects.get(kind="FAILED")
        self.assertEqual((event.actor, event.task_instance), (None, self.task))
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual(company_findings(), [])

    def test_whatever_of_it_is_refused(self) -> None:
        for table, how in (
            (EVENTS, {"when": "NEW.kind = 'TASK_COMPLETED'"}),
            (EVENTS, {"when": "NEW.kind = 'TASK_COMPLETED'", "at_commit": True}),
            ("workflows_workflowinstance", {"on": "UPDATE", "when": "NEW.data <> '{}'"}),
            ("tickets_fileupload", {"on": "UPDATE"}),
        ):
            with self.subTest(table, how=how):
                error = self.fail_with(table, **how)
                self.assertEqual(error.error_type, ErrorType.TASK_UPDATE)
                self.assertTrue(error.is_stuck)
                reassign_task(task=self.task, to=self.wendy, by=self.terry, reason=REASON)

    def test_half_filled_answers_give_way_to_what_was_sent(self) -> None:
        save_task_answers(task=self.task, answers={"ok": False}, user=self.wendy)
        self.fail_to_complete()
        self.assertEqual(SavedAnswers.objects.get().answers, self.output)

    def test_a_fault_that_passes_is_not_seen(self) -> None:
        with refused(EVENTS, when="NEW.kind = 'MOVED'"), self.assertLogs("tickets", "ERROR"):
            self.complete()
        self.assertEqual(self.error().error_type, ErrorType.WORKFLOW_TRANSITION)
        self.retry(self.error())
        self.assert_completed()

    def test_nothing_is_kept_where_somebody_else_was_quicker(self) -> None:
        finish_task_by_hand(task=self.task, output={"ok": False}, by=self.terry, reason=REASON)
        with refused(TASKS, on="UPDATE"), self.assertRaises(TaskNotWorkableError):
            self.complete()
        self.assertEqual(TicketError.objects.count(), 0)

    def test_a_database_that_cannot_be_reached_is_no_error_of_the_ticket(self) -> None:
        with (
            refused(TASKS, on="UPDATE", when=COMPLETING, state="57014"),
            self.assertLogs("tickets", "ERROR"),
            self.assertRaises(OperationalError),
        ):
            self.complete()
        self.assertEqual((TicketError.objects.count(), SavedAnswers.objects.count()), (0, 0))


class RetryTests(FailingCompletionCase):
    def test_a_retry_completes_the_task_with_the_answers(self) -> None:
        error = self.fail_to_complete()
        self.retry(error)
        self.assert_completed()
        error.refresh_from_db()
        self.assertIn("Tried again by Terry Tate", error.resolution_notes)
        kinds = WorkflowEvent.objects.order_by("pk").values_list("kind", "actor__first_name")
        self.assertEqual(
            list(kinds)[3:6],
            [("FAILED", None), ("RETRIED", "Terry"), ("TASK_COMPLETED", "Wendy")],
        )

    def test_one_that_fails_again_changes_nothing(self) -> None:
        error = self.fail_to_complete()
        with self.refused_completion(), self.assertRaisesMessage(RepairFailedError, REFUSAL):
            self.retry(error)
        self.assertEqual(self.error(), error)
        self.assertEqual(self.task.status, "ERROR")
        self.assertEqual(SavedAnswers.objects.get().answers, self.output)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_many_are_retried_at_once(self) -> None:
        error = self.fail_to_complete()
        with self.refused_completion():
            progress = retry_many(errors=[error], by=self.terry, reason=REASON)
            continue_bulk_retry(bulk_retry_id=progress.pk)
        progress.refresh_from_db()
        self.assertIn(REFUSAL, progress.refused[0]["message"])
        progress = retry_many(errors=[error], by=self.terry, reason=REASON)
        continue_bulk_retry(bulk_retry_id=progress.pk)
        self.assert_completed()

    def test_answers_that_do_not_fit_any_more_are_asked_for_again(self) -> None:
        error = self.fail_to_complete()
        TaskDefinition.objects.filter(key="check").update(
            fields=[*QUESTIONS, {"name": "why", "label": "Why", "type": "text", "required": True}]
        )
        forget_definitions()
        self.retry(error)
        self.assertEqual((self.task.status, self.task.assigned_to), ("OPEN", self.wendy))
        self.assertEqual(SavedAnswers.objects.get().answers, self.output)
        self.assert_sound()

    def test_discarded_answers_are_asked_for_again(self) -> None:
        error = self.fail_to_complete()
        SavedAnswers.objects.all().delete()
        self.retry(error)
        self.assertEqual(self.task.status, "OPEN")
        self.complete()
        self.assert_completed()

    def test_answers_that_are_only_saved_are_not_taken_for_sent_ones(self) -> None:
        self.fail_to_complete()
        reassign_task(task=self.task, to=self.wendy, by=self.terry, reason=REASON)
        save_task_answers(task=self.task, answers={"ok": False}, user=self.wendy)
        self.assertIsNone(SavedAnswers.objects.sent_for(self.task))

    def test_a_ticket_that_is_cancelled_leaves_nothing_to_retry(self) -> None:
        self.fail_to_complete()
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertFalse(SavedAnswers.objects.get().wait_for_retry)
        self.assert_sound()


class UnmarkedTests(FailingCompletionCase):
    """The database refuses every change of the task: it cannot even be put into error."""

    def fail_to_complete(self) -> TicketError:
        return self.fail_with(on="UPDATE")

    def test_the_error_stands_for_the_step(self) -> None:
        error = self.fail_to_complete()
        self.assertEqual(self.task.status, "OPEN")
        self.assertTrue(error.is_stuck)
        self.assertEqual(SavedAnswers.objects.get().answers, self.output)
        self.assertEqual(len(company_findings()), 1)

    def test_whoever_sends_it_again_makes_no_second_error(self) -> None:
        first = self.fail_to_complete()
        self.assertEqual(self.fail_to_complete(), first)
        self.assertEqual(super().fail_to_complete(), first)
        first.refresh_from_db()
        self.assertTrue(first.is_step_marked)
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_the_person_may_complete_it_when_the_cause_is_mended(self) -> None:
        error = self.fail_to_complete()
        self.complete()
        error.refresh_from_db()
        self.assertEqual(
            (error.status, error.resolution_notes),
            ("RESOLVED", "The task was completed after all."),
        )
        self.assert_completed()

    def test_so_may_a_ticket_admin(self) -> None:
        self.retry(self.fail_to_complete())
        self.assert_completed()

    def test_the_doctor_puts_it_into_error(self) -> None:
        error = self.fail_to_complete()
        (found,) = company_findings()
        assert found.mend is not None
        self.assertTrue(found.mend())
        self.assertEqual(self.task.status, "ERROR")
        self.assertEqual((company_findings(), broken_invariants(self.ticket)), ([], []))
        self.retry(error)
        self.assert_completed()


class PageTests(FailingCompletion, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = reverse("admin:tickets_mytask_change", args=(self.task.pk,))
        self.list = reverse("admin:tickets_mytask_changelist")

    def send(self) -> Any:
        self.log_in(self.wendy)
        values = {"answers-ok": "true", "answers-proof-kept": self.proof["upload"]}
        return self.client.post(self.page, values, follow=True)

    def test_whoever_completes_it_is_told_that_the_answers_are_kept(self) -> None:
        with self.refused_completion():
            page = self.send()
        self.assertRedirects(page, self.page)
        self.assertContains(page, "Your answers are kept")
        self.assertContains(page, "A ticket admin has been told")
        self.assertContains(page, "proof.txt")
        self.assertNotContains(page, "_save_for_later")
        self.assertNotContains(page, "Discard them")
        self.assertEqual(page.client.cookies["finished_form"].value, f"task.{self.task.pk}")
        todo = self.client.get(self.list)
        self.assertEqual(todo.context["cl"].result_count, 0)
        self.assertContains(todo, "these tasks could not be completed")
        self.assertNotContains(todo, "Saved for tasks that you cannot complete any more")

    def test_sent_again_it_says_the_same(self) -> None:
        with self.refused_completion():
            self.send()
        page = self.send()
        self.assertContains(page, "Your answers are kept")
        self.assertEqual(TicketError.objects.count(), 1)

    def test_where_the_task_stays_open_it_may_be_sent_again(self) -> None:
        with refused(TASKS, on="UPDATE"), self.assertLogs("tickets", "ERROR"):
            page = self.send()
        self.assertContains(page, "You may try again as well")
        self.assertContains(page, "proof.txt")
        self.assertContains(self.send(), "is done. Thank you.")
        self.assert_completed()

    def test_a_ticket_admin_sees_the_answers_and_completes_the_task_with_them(self) -> None:
        error = self.fail_to_complete()
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticketerror_change", args=(error.pk,)))
        self.assertContains(page, "The answers that are kept")
        self.assertContains(page, "proof.txt")
        self.assertContains(page, "could not be completed with the answers of Wendy Wells")
        ids = (self.ticket.pk, "retry", error.pk)
        address = reverse("admin:tickets_ticket_repair", args=ids)
        self.assertContains(self.client.get(address), "with the answers of Wendy Wells")
        ticket = Ticket.objects.get(pk=self.ticket.pk)
        values = {"reason": REASON, "expected": marker_of(ticket)}
        with self.refused_completion():
            page = self.client.post(address, values)
        self.assertContains(page, REFUSAL)
        self.assertContains(page, REASON)
        self.client.post(address, values)
        self.assert_completed()

    def test_a_ticket_admin_finishes_it_by_hand_from_the_kept_answers(self) -> None:
        self.fail_to_complete()
        self.log_in(self.terry)
        ids = (self.ticket.pk, "finish", self.task.pk)
        page = self.client.get(reverse("admin:tickets_ticket_repair", args=ids))
        self.assertContains(page, "proof.txt")

    def test_others_see_nothing_of_it(self) -> None:
        error = self.fail_to_complete()
        address = reverse("admin:tickets_ticketerror_change", args=(error.pk,))
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(self.list), "could not be completed")
        for page in (self.page, address):
            self.assertEqual(self.client.get(page).status_code, 404)
        for person in (self.uma, self.walt):
            self.log_in(person)
            self.assertIn(self.client.get(self.page).status_code, (403, 404))

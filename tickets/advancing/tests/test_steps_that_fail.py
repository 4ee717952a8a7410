"""What a person did is kept, once, whatever goes wrong in the step that follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import DatabaseError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.fast.prepared import CommitUnknownError, send_together
from tenants.testing import CompanyTransactionTestCase, child_environment
from tickets.models import ErrorType, FileUpload, SavedAnswers, Ticket, TicketError
from tickets.saving.save_answers import save_task_answers, save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from tickets.working.complete_task import complete_task
from workflows.engine.decide import decide
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, WorkflowEvent, WorkflowInstance

SLOT = "a" * 32
type Fault = Callable[[], object]


def raise_it() -> None:
    raise ZeroDivisionError


def break_the_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def break_it_unseen() -> None:
    """As code does that goes on after an error of the database."""
    with suppress(DatabaseError):
        break_the_transaction()


def lose_the_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pids = cursor.fetchone()
    with psycopg.connect(child_environment()["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", pids)


class FailingStepCase(CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.definition = make_type()
        self.upload = FileUpload.objects.create(filename="a.txt", uploaded_by=self.uma)
        self.doc: JsonObject = {"upload": str(self.upload.uuid), "filename": "a.txt"}

    @contextmanager
    def failing(self, fault: Fault, *, times: int = 1) -> Iterator[None]:
        """The decision of the next steps fails."""
        left = [fault] * times

        def once(*args: Any) -> Any:
            if left:
                left.pop()()
            return decide(*args)

        with (
            patch("workflows.running.state.leaving.decide", once),
            self.assertLogs("tickets", "ERROR"),
        ):
            yield

    def submit(self) -> Ticket:
        save_ticket_answers(
            definition=self.definition, slot=SLOT, answers={"doc": self.doc}, user=self.uma
        )
        return submit_ticket(
            definition=self.definition,
            data={"what": "A desk", "doc": self.doc},
            user=self.uma,
            slot=SLOT,
        )

    def complete(self, task: TaskInstance) -> None:
        assert task.assigned_to is not None
        save_task_answers(task=task, answers={"ok": False}, user=task.assigned_to)
        complete_task(task=task, output={"ok": True}, user=task.assigned_to)

    def assert_kept(self, ticket: Ticket, *, events: list[str]) -> None:
        self.assertEqual(Ticket.objects.get(), ticket)
        self.upload.refresh_from_db()
        self.assertEqual(self.upload.ticket, ticket)
        self.assertEqual(SavedAnswers.objects.count(), 0)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)
        self.assertEqual(WorkflowInstance.objects.count(), 1)
        found = WorkflowEvent.objects.order_by("pk").values_list("kind", flat=True)
        self.assertEqual(list(found), events)


class _Once:
    """What must hold of every fault that passes."""

    def fault(self) -> None:
        raise NotImplementedError

    def test_a_submission(self: Any) -> None:
        with self.failing(self.fault):
            ticket = self.submit()
        self.assert_kept(ticket, events=["STARTED", "MOVED", "ASSIGNED"])

    def test_a_completion(self: Any) -> None:
        ticket = self.submit()
        with self.failing(self.fault):
            self.complete(TaskInstance.objects.get())
        self.assertEqual(TaskInstance.objects.count(), 2)
        events = ["STARTED", "MOVED", "ASSIGNED", "TASK_COMPLETED", "MOVED", "ASSIGNED"]
        self.assert_kept(ticket, events=events)


class _OnceInside(_Once):
    """It stays usable, and decides: what it takes back is gone with all that follows."""

    def complete_inside(self: Any, *, keep: bool) -> TaskInstance:
        ticket = self.submit()
        task = TaskInstance.objects.get()
        with self.failing(self.fault), transaction.atomic():
            self.complete(task)
            self.assertEqual(TaskInstance.objects.get().status, "COMPLETED")
            transaction.set_rollback(not keep)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)
        self.assertEqual(ticket.errors.count(), 0)
        task.refresh_from_db()
        return task

    def test_in_a_transaction_that_is_committed(self: Any) -> None:
        self.assertEqual(self.complete_inside(keep=True).status, "COMPLETED")
        self.assertEqual(TaskInstance.objects.count(), 2)

    def test_in_a_transaction_that_is_rolled_back(self: Any) -> None:
        self.assertEqual(self.complete_inside(keep=False).status, "OPEN")
        self.assertEqual(TaskInstance.objects.count(), 1)


class ErrorTests(_OnceInside, FailingStepCase):
    fault = staticmethod(raise_it)


class DatabaseErrorTests(_OnceInside, FailingStepCase):
    fault = staticmethod(break_the_transaction)


class UnseenErrorTests(_OnceInside, FailingStepCase):
    fault = staticmethod(break_it_unseen)


class LostConnectionTests(_Once, FailingStepCase):
    fault = staticmethod(lose_the_connection)


class LostCommitTests(FailingStepCase):
    """The connection is lost after the commit has happened, before anybody is told so."""

    @contextmanager
    def losing_the_answer(self) -> Iterator[None]:
        left = [True]

        def once(*statements: Any, commits: bool = False) -> Any:
            rows = send_together(*statements, commits=commits)
            if commits and left:
                left.clear()
                connection.close()
                raise CommitUnknownError
            return rows

        with patch("tenants.fast.batch.send_together", once), self.assertLogs("tickets", "ERROR"):
            yield

    def test_a_submission_is_not_made_twice(self) -> None:
        with self.losing_the_answer():
            ticket = self.submit()
        self.assertEqual(Ticket.objects.get(), ticket)
        self.assertEqual(TaskInstance.objects.get().status, "OPEN")

    def test_a_completion_is_not_refused(self) -> None:
        self.submit()
        with self.losing_the_answer():
            self.complete(TaskInstance.objects.get())
        self.assertEqual(TaskInstance.objects.filter(status="COMPLETED").count(), 1)
        self.assertEqual(TicketError.objects.count(), 0)


class LastingTests(FailingStepCase):
    def test_one_that_goes_on_failing_is_a_ticket_error(self) -> None:
        ticket = self.submit()
        with self.failing(break_the_transaction, times=9):
            self.complete(TaskInstance.objects.get())
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        events = ["STARTED", "MOVED", "ASSIGNED", "TASK_COMPLETED", "FAILED"]
        self.assert_kept(ticket, events=events)

    def test_a_process_that_is_told_to_end_does_nothing(self) -> None:
        ticket = self.submit()
        with (
            patch("workflows.running.state.leaving.decide", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.complete(TaskInstance.objects.get())
        self.assertEqual(TaskInstance.objects.get().status, "OPEN")
        self.assertEqual(ticket.errors.count(), 0)
        self.assertEqual(SavedAnswers.objects.count(), 1)

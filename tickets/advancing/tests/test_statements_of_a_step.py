"""Few statements, in few round trips: the reading, whose turn it is, and the writing."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.models import User
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import ScreenTestCase
from tickets.working.complete_task import complete_task, start_task
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus

# Of the test itself, which runs inside a transaction.
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "SET search_path")


class StatementTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        # What is read once for ever is read: the definition, the permissions of a person.
        self.complete(self.submit_now())

    def submit_now(self) -> Ticket:
        return submit_ticket(definition=self.definition, data={"what": "A desk"}, user=self.uma)

    def complete(self, ticket: Ticket) -> None:
        task = self.task_of(ticket)
        complete_task(task=task, output={"ok": True}, user=self.worker_of(task))

    def worker_of(self, task: TaskInstance) -> User:
        assert task.assigned_to is not None
        return task.assigned_to

    def count(self, act: Callable[[], object]) -> int:
        with CaptureQueriesContext(connection) as queries:
            act()
        sent = [each["sql"] for each in queries]
        return sum(not sql.startswith(NOT_COUNTED) for sql in sent)

    def test_a_submission_takes_three(self) -> None:
        self.assertEqual(self.count(self.submit_now), 3)
        self.assertEqual(Ticket.objects.count(), 2)

    def test_a_completion_takes_three(self) -> None:
        task = self.task_of(self.submit_now())
        worker = self.worker_of(task)
        self.assertEqual(
            self.count(lambda: complete_task(task=task, output={"ok": True}, user=worker)), 3
        )
        task.refresh_from_db()
        self.assertEqual(task.status, TaskStatus.COMPLETED)

    def test_one_that_ends_the_workflow_takes_two(self) -> None:
        ticket = self.submit_now()
        self.complete(ticket)
        task = self.task_of(ticket)
        worker = self.worker_of(task)
        output: JsonObject = {"ok": True} if task.definition.fields else {}
        self.assertEqual(
            self.count(lambda: complete_task(task=task, output=output, user=worker)), 2
        )
        self.assertEqual(Ticket.objects.get(pk=ticket.pk).status, WorkflowStatus.COMPLETED)

    def test_starting_takes_two(self) -> None:
        task = self.task_of(self.submit_now())
        worker = self.worker_of(task)
        self.assertEqual(self.count(lambda: start_task(task=task, user=worker)), 2)

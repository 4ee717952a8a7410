"""A ticket that waits at a call, for the tests of calls and callbacks."""

from __future__ import annotations

import json
import unittest
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test import TestCase, override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.testing_tools.waits import PATIENCE
from tickets.calling.expire_call import expire_call
from tickets.calling.run_action import run_action
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.actions.tests.remote_system import Connection, RemoteSystem
from workflows.models import (
    ActionAttempt,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
)


def replies(*answers: tuple[int, object] | tuple[int, object, dict[str, str]]) -> RemoteSystem:
    """Another system that gives these answers in turn, and the last one for ever."""
    left = list(answers)

    def reply(connection: Connection) -> None:
        status, body, *headers = left.pop(0) if len(left) > 1 else left[0]
        content = json.dumps(body).encode()
        connection.send_response(status)
        connection.send_header("Content-Type", "application/json")
        connection.send_header("Content-Length", str(len(content)))
        for name, value in (headers[0] if headers else {}).items():
            connection.send_header(name, value)
        connection.end_headers()
        connection.wfile.write(content)

    return RemoteSystem(reply)


def submit_with_action(*, by: User, submitter: User, **task: Any) -> Ticket:
    """A ticket whose only task is a call; its job waits for the worker."""
    workflow = WorkflowDefinition.objects.create(
        key="flow", title="Flow", fields=[{"name": "amount", "label": "A", "type": "integer"}]
    )
    values: dict[str, Any] = {
        "key": "archive",
        "title": "Archive",
        "task_type": "SYNC_ACTION",
        "action_url": "http://accounting.example/invoices",
        "timeout_seconds": PATIENCE,
        "retries": 2,
    }
    action = TaskDefinition.objects.create(workflow=workflow, **{**values, **task})
    workflow.transitions.create(to_task=action)
    workflow.transitions.create(from_task=action, label="archived")
    workflow.publish(by=by)
    workflow.save()
    definition = TicketDefinition.objects.create(
        key="thing", title="Thing", workflow=workflow, is_active=True
    )
    with TestCase.captureOnCommitCallbacks(execute=True):
        return submit_ticket(definition=definition, data={"amount": 7}, user=submitter)


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class ActionCase(unittest.TestCase):
    """Runs the jobs of calls as the worker would, one by one, with the time that is theirs."""

    clock: Clock
    ran: tuple[datetime, datetime]  # from when to when a job ran, by the wall clock
    ticket: Ticket

    def task(self) -> TaskInstance:
        return TaskInstance.objects.select_related("definition").get()

    def attempts(self) -> list[ActionAttempt]:
        return list(ActionAttempt.objects.of_task(self.task()))

    def jobs(self, name: str = "run_action") -> list[ProcrastinateJob]:
        found = ProcrastinateJob.objects.filter(task_name=f"tickets.jobs.{name}", status="todo")
        return list(found.order_by("pk"))

    def assert_pause(self, seconds: float, name: str = "run_action") -> None:
        """The next job is due so long after the last one ran, however long that took."""
        (job,) = self.jobs(name)
        assert job.scheduled_at is not None
        pause, (began, ended) = timedelta(seconds=seconds), self.ran
        self.assertLessEqual(began + pause, job.scheduled_at)
        self.assertLessEqual(job.scheduled_at, ended + pause)

    def run_job(
        self, system: RemoteSystem | None = None, *, chance: Callable[[], float] = lambda: 0.0
    ) -> None:
        """Run the one call that waits; its job is done then."""
        (job,) = self.jobs()
        self.run_again(job, system, chance=chance)
        _done(job)

    def run_again(
        self,
        job: ProcrastinateJob,
        system: RemoteSystem | None = None,
        *,
        chance: Callable[[], float] = lambda: 0.0,
    ) -> None:
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        with (
            override_settings(ACTION_CONNECT_TO=system.connect_to if system else []),
            TestCase.captureOnCommitCallbacks(execute=True),
        ):
            began = timezone.now()
            run_action(job_id=job.pk, clock=self.clock, chance=chance, **arguments)
        self.ran = began, timezone.now()

    def run_timeout(self) -> None:
        (job,) = self.jobs("expire_call")
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        with TestCase.captureOnCommitCallbacks(execute=True):
            expire_call(now=self.clock(), chance=lambda: 0.0, **arguments)
        _done(job)


def _done(job: ProcrastinateJob) -> None:
    # Plain SQL: the model of the queue refuses to be changed.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job.pk])

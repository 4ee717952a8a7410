"""A process is killed between the commit of a change and the step that follows it.

Mostly there is no such moment: the step is part of the transaction. It is where the step failed,
so that the change was committed without it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test import tag
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.fair_turns import Queue
from tenants.testing import CompanyTransactionTestCase, outside, run_python, start_manage
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import PATIENCE, wait_until
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from tickets.working.complete_task import complete_task
from workflows.models import CompanyRole, TaskInstance, WorkflowEvent, WorkflowStatus

PRELUDE = """
import django, os, signal, sys
django.setup()
from django_tenants.utils import schema_context
from tenants.models import User
from tickets.submitting import submit_ticket
from tickets.working import complete_task
from workflows.models import TaskInstance, TicketDefinition
def die(**kwargs):
    # At the commit boundary: the change is committed, the step has not begun.
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)

def fail(*args, **kwargs):
    raise RuntimeError("The step fails.")

sys.modules["tickets.advancing.safety_net"].advance_ticket = die
submit_ticket.take_step = complete_task.take_step = fail
with schema_context("acme"):
"""

SUBMIT = (
    PRELUDE
    + """
    submit_ticket.submit_ticket(
        definition=TicketDefinition.objects.active().get(key="vacation"),
        data={"location": "Spain", "season": "Summer", "activities": "Swimming"},
        user=User.objects.get(email="uma@acme.example"),
    )
"""
)

COMPLETE = (
    PRELUDE
    + """
    complete_task.complete_task(
        task=TaskInstance.objects.get(),
        output={"approved": "approved", "explanation": "Have fun"},
        user=User.objects.get(email="wendy@acme.example"),
    )
"""
)


@tag("processes")
class CrashAfterCommitTests(CompanyTransactionTestCase):
    SECONDS_EACH = 4.0

    def setUp(self) -> None:
        super().setUp()
        workflow = import_fixture("vacation", by=self.carla)
        CompanyRole.objects.get(task_definitions__workflow=workflow).members.add(self.wendy)

    @long_run_only
    def test_the_job_starts_the_workflow_of_a_killed_submission(self) -> None:
        self.run_until_killed(SUBMIT)
        ticket = Ticket.objects.get()
        self.assertIsNone(ticket.workflow_instance)
        self.assertEqual(ProcrastinateJob.objects.filter(status="todo").count(), 1)

        self.work_until(lambda: TaskInstance.objects.exists())

        task = TaskInstance.objects.get()
        self.assertEqual((task.status, task.assigned_to), ("OPEN", self.wendy))
        self.assert_no_job_is_left()

    @long_run_only
    def test_the_job_moves_on_after_a_killed_completion(self) -> None:
        submit_ticket(
            definition=import_fixture("vacation", by=self.carla).ticket_definitions.get(),
            data={"location": "Spain", "season": "Summer", "activities": "Swimming"},
            user=self.uma,
        )
        self.run_until_killed(COMPLETE)
        ticket = Ticket.objects.get()
        self.assertEqual(ticket.status, WorkflowStatus.IN_PROGRESS)
        self.assertEqual(TaskInstance.objects.get().status, "COMPLETED")

        self.work_until(lambda: Ticket.objects.get().status == WorkflowStatus.COMPLETED)

        kinds = list(WorkflowEvent.objects.values_list("kind", flat=True))
        self.assertEqual(kinds.count("COMPLETED"), 1)
        self.assertEqual(kinds.count("TASK_COMPLETED"), 1)
        self.assert_no_job_is_left()

    @long_run_only
    def test_a_step_that_was_taken_leaves_no_job(self) -> None:
        submit_ticket(
            definition=import_fixture("vacation", by=self.carla).ticket_definitions.get(),
            data={"location": "Spain", "season": "Summer", "activities": "Swimming"},
            user=self.uma,
        )
        complete_task(
            task=TaskInstance.objects.get(),
            output={"approved": "rejected", "explanation": "No"},
            user=self.wendy,
        )
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)

    def test_a_job_of_a_killed_worker_is_given_to_another(self) -> None:
        self.run_until_killed(SUBMIT)
        with outside(), connection.cursor() as cursor:
            # As a worker that was killed in the middle leaves it: `doing`, of a worker that
            # has not been heard of for long.
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id"
            )
            (worker,) = cursor.fetchone()
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker]
            )
        self.work_until(lambda: TaskInstance.objects.exists())

    def run_until_killed(self, code: str) -> None:
        ended = run_python(code, SAFETY_NET_SECONDS="1")
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("RuntimeError: The step fails.", ended.stderr)

    def work_until(self, done: Callable[[], bool]) -> None:
        """Run a real worker until something is so."""
        worker = start_manage("run_worker")
        try:
            wait_until(done, "The worker did not do it.")
        finally:
            worker.terminate()
            worker.wait(timeout=PATIENCE)

    def assert_no_job_is_left(self) -> None:
        jobs = ProcrastinateJob.objects.exclude(queue_name=Queue.UPKEEP)
        self.assertEqual(list(jobs.filter(status__in=("todo", "doing"))), [])

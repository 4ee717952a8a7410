"""What several processes do in one company at the same moment gives each task to who is next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.db import connection
from django.test import tag

from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import CompanyTransactionTestCase, run_python
from tenants.testing_tools.examples import is_long_run
from tenants.testing_tools.waits import wait_until
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED

PROCESSES = 4 if is_long_run() else 2
EACH, WORKERS = 12, 6
LAST = datetime.max.replace(tzinfo=UTC)
# Of this test alone: those who are ready share it, and go when the test lets go of it.
STARTING_GUN = 7_404_001
SUBMIT = f"""
import django
django.setup()
from django.db import connection
from tenants.connection import use_company
from tenants.models import Company, User
from workflows.models import TicketDefinition
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task

use_company(Company.objects.get(schema_name="acme"))
definition = TicketDefinition.objects.get(key="thing")
uma = User.objects.get(email="uma@acme.example")
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock_shared({STARTING_GUN})")
for number in range({EACH}):
    ticket = submit_ticket(definition=definition, data={{"amount": number}}, user=uma)
    task = ticket.workflow_instance.current_task
    if number % 2:
        complete_task(task=task, output={{"big": False}}, user=task.assigned_to)
"""


@tag("processes")
class AssignmentAtOnceTests(CompanyTransactionTestCase, SmallWorkflow):
    SECONDS_EACH = 15.0

    def test_each_task_goes_to_who_has_the_fewest_and_was_given_work_longest_ago(self) -> None:
        self.make_workflow()
        workers = [
            create_person(
                company=self.acme,
                email=f"worker{number}@acme.example",
                password=None,
                roles=[SystemRole.TASK_WORKER],
            )
            for number in range(WORKERS - 2)
        ]
        with ThreadPoolExecutor(PROCESSES) as pool:
            self._say("SELECT pg_advisory_lock(%s)")
            runs = [pool.submit(run_python, SUBMIT) for _each in range(PROCESSES)]
            try:
                self._wait_until_all_are_ready()
            finally:
                self._say("SELECT pg_advisory_unlock(%s)")
            for run in runs:
                ended = run.result()
                self.assertEqual(ended.returncode, 0, ended.stderr)
        tasks = TaskInstance.objects.all()
        self.assertEqual(tasks.filter(status=TaskStatus.OPEN).count(), PROCESSES * EACH)
        self.assertEqual(tasks.filter(status=TaskStatus.COMPLETED).count(), PROCESSES * (EACH // 2))
        self._assert_each_was_next([self.wendy.pk, self.walt.pk, *(each.pk for each in workers)])

    def _assert_each_was_next(self, people: list[int]) -> None:
        """Of every single one of them: in the end an uneven start would be evened out again.

        The events are numbered in the order of the assignments, under their lock.
        """
        loads = dict.fromkeys(people, 0)
        last_given: dict[int, datetime] = {}

        def turn(person: int) -> tuple[int, bool, datetime, int]:
            given = last_given.get(person)
            return loads[person], given is not None, given or LAST, person

        events = WorkflowEvent.objects.filter(kind__in=(ASSIGNED, TASK_COMPLETED)).order_by("pk")
        for event in events.select_related("task_instance"):
            assert event.task_instance is not None
            person = event.task_instance.assigned_to_id or 0
            if event.kind == TASK_COMPLETED:
                loads[person] -= 1
                continue
            self.assertEqual(person, min(people, key=turn), (event.pk, loads))
            self.assertEqual(event.data["to_id"], person)
            self.assertEqual(event.at, event.task_instance.assigned_at)
            loads[person] += 1
            last_given[person] = max(event.at, last_given.get(person, event.at))
        self.assertEqual(sum(loads.values()), PROCESSES * EACH)

    def _say(self, sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, [STARTING_GUN])
            return int(cursor.fetchone()[0] or 0)

    def _wait_until_all_are_ready(self) -> None:
        waiting = "SELECT count(*) FROM pg_locks WHERE objid = %s AND NOT granted"
        wait_until(lambda: self._say(waiting) >= PROCESSES, "The processes did not start.")

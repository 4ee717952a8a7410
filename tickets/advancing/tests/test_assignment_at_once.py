"""Tickets that several processes submit at the same moment are spread evenly over the workers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import CompanyTransactionTestCase, run_python
from tenants.testing_waits import wait_until
from tickets.repairing.tests.repair_case import SmallWorkflow
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent
from workflows.running.events.assigned import ASSIGNED

PROCESSES, EACH, WORKERS = 4, 5, 6
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

use_company(Company.objects.get(schema_name="acme"))
definition = TicketDefinition.objects.get(key="thing")
uma = User.objects.get(email="uma@acme.example")
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock_shared({STARTING_GUN})")
for number in range({EACH}):
    submit_ticket(definition=definition, data={{"amount": number}}, user=uma)
"""


class AssignmentAtOnceTests(CompanyTransactionTestCase, SmallWorkflow):
    SECONDS_EACH = 15.0

    def test_no_worker_is_given_more_than_one_task_more_than_another(self) -> None:
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
        # After each single one of them: in the end an uneven start would be evened out again.
        # The events are numbered in the order of the assignments, under their lock.
        loads = Counter({person.pk: 0 for person in (self.wendy, self.walt, *workers)})
        given = WorkflowEvent.objects.filter(kind=ASSIGNED).order_by("pk")
        for event in given.select_related("task_instance"):
            assert event.task_instance is not None
            loads[event.task_instance.assigned_to_id or 0] += 1
            self.assertLessEqual(max(loads.values()) - min(loads.values()), 1, loads)
        self.assertEqual(sum(loads.values()), PROCESSES * EACH)

    def _say(self, sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, [STARTING_GUN])
            return int(cursor.fetchone()[0] or 0)

    def _wait_until_all_are_ready(self) -> None:
        waiting = "SELECT count(*) FROM pg_locks WHERE objid = %s AND NOT granted"
        wait_until(lambda: self._say(waiting) >= PROCESSES, "The processes did not start.")

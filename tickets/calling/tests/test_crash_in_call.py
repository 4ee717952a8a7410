"""A worker is killed in the middle of a call."""

from __future__ import annotations

import subprocess
import threading

from django.test import tag

from tenants.testing import CompanyTransactionTestCase, start_manage
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import PATIENCE, wait_until
from tickets.calling.tests.action_case import submit_with_action
from tickets.models import Ticket, TicketError
from workflows.actions.tests.remote_system import Connection, RemoteSystem, answering
from workflows.models import ActionAttempt, TaskInstance, WorkflowEvent, WorkflowStatus


@tag("processes")
class CrashInCallTests(CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def hang_once(self, connection: Connection) -> None:
        """The first call is never answered: the worker is killed while it waits."""
        if len(connection.remote_system.received) == 1:
            self.go_on.wait(PATIENCE)
        answering(b'{"document": "A1"}', status=201)(connection)

    def start_worker(self, system: RemoteSystem) -> subprocess.Popen[str]:
        return start_manage(
            "run_worker",
            ACTION_CONNECT_TO=",".join(system.connect_to),
            WORKER_HEARTBEAT_SECONDS="1",
            WORKER_LOST_SECONDS="2",
        )

    def kill_in_call(self, system: RemoteSystem) -> None:
        worker = self.start_worker(system)
        try:
            wait_until(lambda: len(system.received) == 1)
        finally:
            worker.kill()
            worker.wait(timeout=PATIENCE)

    def test_the_attempt_counts_and_the_next_one_finishes_the_task(self) -> None:
        submit_with_action(by=self.carla, submitter=self.uma, retries=1, timeout_seconds=60)
        with RemoteSystem(self.hang_once) as system:
            self.kill_in_call(system)
            self.assertEqual(outcomes(), ["RUNNING"])
            self.assertEqual(TaskInstance.objects.get().status, "IN_PROGRESS")
            worker = self.start_worker(system)
            try:
                wait_until(lambda: Ticket.objects.get().status == WorkflowStatus.COMPLETED)
            finally:
                worker.kill()
                worker.wait(timeout=PATIENCE)
        self.assertEqual(outcomes(), ["LOST", "SUCCEEDED"])
        keys = {each.header("Idempotency-Key")[0] for each in system.received}
        self.assertEqual(keys, {str(TaskInstance.objects.get().uuid)})
        self.assertEqual(len(system.received), 2)
        self.assertEqual(WorkflowEvent.objects.filter(kind="TASK_COMPLETED").count(), 1)
        self.assertEqual(TicketError.objects.count(), 0)

    @long_run_only
    def test_without_retries_a_ticket_admin_sees_it(self) -> None:
        submit_with_action(by=self.carla, submitter=self.uma, retries=0, timeout_seconds=60)
        with RemoteSystem(self.hang_once) as system:
            self.kill_in_call(system)
            worker = self.start_worker(system)
            try:
                wait_until(TicketError.objects.exists)
            finally:
                worker.kill()
                worker.wait(timeout=PATIENCE)
        self.assertEqual(len(system.received), 1)
        self.assertEqual(outcomes(), ["LOST"])
        self.assertEqual(TaskInstance.objects.get().status, "ERROR")


def outcomes() -> list[str]:
    return list(ActionAttempt.objects.order_by("number").values_list("outcome", flat=True))

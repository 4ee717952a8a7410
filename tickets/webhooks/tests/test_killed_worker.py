"""A worker is killed in the middle of sending: it is sent again, by the same id, and in order."""

from __future__ import annotations

import subprocess
import threading

from django.test import tag

from tenants.testing import CompanyTransactionTestCase, start_manage
from tenants.testing_tools.waits import PATIENCE, wait_until
from tickets.models import WebhookDelivery
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks.tests.webhook_case import WebhookCase, id_of
from workflows.actions.tests.remote_system import Connection, RemoteSystem, answering


@tag("processes")
class KilledWorkerTests(WebhookCase, SmallWorkflow, CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)

    def hang_once(self, connection: Connection) -> None:
        """The second message is not answered at first: the worker is killed while it waits."""
        if len(connection.remote_system.received) == 2:
            self.go_on.wait(PATIENCE)
        answering()(connection)

    def start_worker(self, system: RemoteSystem) -> subprocess.Popen[str]:
        return start_manage(
            "run_worker",
            ACTION_CONNECT_TO=",".join(system.connect_to),
            WORKER_HEARTBEAT_SECONDS="1",
            WORKER_LOST_SECONDS="2",
        )

    def test_nothing_is_lost_and_nothing_gets_a_second_id(self) -> None:
        self.make_workflow()
        self.add_webhook(events=["ticket.submitted", "ticket.moved", "task.assigned"])
        self.submit()
        with RemoteSystem(self.hang_once) as system:
            worker = self.start_worker(system)
            try:
                wait_until(lambda: len(system.received) == 2)
            finally:
                worker.kill()
                worker.wait(timeout=PATIENCE)
            self.assertEqual(states(), ["DELIVERED", "SENDING", "WAITING"])
            worker = self.start_worker(system)
            try:
                wait_until(lambda: states() == ["DELIVERED"] * 3)
            finally:
                worker.kill()
                worker.wait(timeout=PATIENCE)
        first, second, third = (str(each) for each in ids())
        self.assertEqual([id_of(each) for each in system.received], [first, second, second, third])
        self.assertEqual(system.received[1].body, system.received[2].body)


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def ids() -> list[object]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("message_id", flat=True))

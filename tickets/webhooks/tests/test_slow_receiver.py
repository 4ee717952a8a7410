"""A receiver that never answers holds up its own company's webhooks, and nothing else."""

from __future__ import annotations

import threading

from django.test import tag

from tenants.connection import company_of
from tenants.fair_turns import SLOTS, Queue
from tenants.testing import GLOBEX, CompanyTransactionTestCase, start_manage
from tenants.testing_tools.waits import PATIENCE, wait_until
from tickets.calling.tests.action_case import submit_with_action
from tickets.models import Ticket, WebhookDelivery
from tickets.submitting.submit_ticket import submit_ticket
from tickets.webhooks.tests.webhook_case import WebhookCase, body_of
from workflows.actions.tests.remote_system import Connection, RemoteSystem, answering
from workflows.models import TicketDefinition, WorkflowStatus

SLOTS_OF_WEBHOOKS = SLOTS[Queue.WEBHOOKS]
OTHERS = "http://accounting.example/others"


@tag("processes")
class SlowReceiverTests(WebhookCase, CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.most_at_once = 0

    def reply(self, connection: Connection) -> None:
        """The webhook of the first company is never answered; all else is, at once."""
        if connection.path == "/hooks":
            self.go_on.wait(PATIENCE)
        answering(b'{"document": "A1"}')(connection)

    def test_another_company_and_all_tickets_go_on(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        submit_with_action(by=self.carla, submitter=self.uma)
        definition = TicketDefinition.objects.get()
        for _ticket in range(SLOTS_OF_WEBHOOKS.number + 2):
            submit_ticket(definition=definition, data={"amount": 7}, user=self.uma)
        with company_of(GLOBEX):
            self.add_webhook(events=["ticket.submitted"], url=OTHERS, by=self.charlie)
            submit_with_action(by=self.charlie, submitter=self.charlie)
        with RemoteSystem(self.reply) as system:
            worker = start_manage("run_worker", ACTION_CONNECT_TO=",".join(system.connect_to))
            try:
                wait_until(self.all_is_done)
            finally:
                worker.kill()
                worker.wait(timeout=PATIENCE)
                self.go_on.set()
        self.assertLessEqual(self.most_at_once, SLOTS_OF_WEBHOOKS.share)
        self.assertFalse(WebhookDelivery.objects.filter(state="DELIVERED").exists())
        told = {body_of(each)["data"]["company"] for each in system.received
                if each.path == "/others"}  # fmt: skip
        self.assertEqual(told, {"Globex"})

    def all_is_done(self) -> bool:
        """Of both companies the tickets with their calls, of the other one what it is told."""
        being_sent = WebhookDelivery.objects.filter(state="SENDING").count()
        self.most_at_once = max(self.most_at_once, being_sent)
        with company_of(GLOBEX):
            is_told = [each.state for each in self.deliveries()] == ["DELIVERED"]
            is_done = is_told and all_completed()
        return being_sent > 0 and is_done and all_completed()


def all_completed() -> bool:
    tickets = Ticket.objects.select_related("workflow_instance")
    return all(each.status == WorkflowStatus.COMPLETED for each in tickets)

"""What happens is noted for the webhooks that want it, in its own transaction."""

from __future__ import annotations

import json

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.connection import company_of
from tenants.testing import GLOBEX, CompanyTestCase
from tickets.calling.tests.action_case import Clock
from tickets.models import WebhookDelivery
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.submitting.submit_ticket import submit_ticket
from tickets.webhooks.change_webhook import pause_webhook, resume_webhook
from tickets.webhooks.tests.webhook_case import WebhookCase
from workflows.models import TaskInstance


class CaptureTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.clock = Clock()

    def test_a_step_is_noted_in_its_order(self) -> None:
        self.add_webhook()
        ticket = self.submit()
        self.assertEqual(
            self.noted(ticket_number=ticket.pk),
            ["ticket.submitted", "ticket.moved", "task.assigned"],
        )

    def test_who_is_found_by_the_statement_itself_is_named(self) -> None:
        self.add_webhook(events=["task.assigned"])
        self.submit()
        task = TaskInstance.objects.get()
        (noted,) = self.deliveries()
        self.assertIsNotNone(task.assigned_to_id)
        self.assertEqual(noted.about["to"], task.assigned_to_id)
        self.assertEqual(noted.about["task"]["key"], "check")

    def test_a_job_delivers_each_line(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"])
        ticket = self.submit()
        self.assertEqual(
            [{key: job.args[key] for key in ("schema", "webhook_id", "ticket_id")}
             for job in self.jobs()],
            [{"schema": "acme", "webhook_id": webhook.pk, "ticket_id": ticket.pk}],
        )  # fmt: skip

    def test_only_what_was_chosen_is_noted(self) -> None:
        self.add_webhook(events=["ticket.completed"])
        self.submit()
        self.assertEqual(self.noted(), [])

    def test_only_the_ticket_types_that_were_chosen(self) -> None:
        self.add_webhook(events=["ticket.submitted"], ticket_types=["another"])
        self.submit()
        self.assertEqual(self.noted(), [])
        self.add_webhook(events=["ticket.submitted"], ticket_types=["thing"])
        self.submit()
        self.assertEqual(self.noted(), ["ticket.submitted"])

    def test_each_webhook_gets_its_own(self) -> None:
        first, second = self.add_webhook(title="A"), self.add_webhook(title="B")
        self.submit()
        ids = {each.message_id for each in self.deliveries()}
        self.assertEqual(len(ids), 6)
        self.assertEqual(len(self.deliveries(webhook=first)), 3)
        self.assertEqual(len(self.deliveries(webhook=second)), 3)

    def test_nothing_is_noted_while_it_is_paused(self) -> None:
        webhook = self.add_webhook()
        pause_webhook(webhook_id=webhook.pk, user=self.alice, now=timezone.now())
        self.submit()
        self.assertEqual(self.noted(), [])
        resume_webhook(webhook_id=webhook.pk, user=self.alice, now=timezone.now())
        self.submit()
        self.assertTrue(self.noted())

    def test_what_is_undone_was_not_noted(self) -> None:
        self.add_webhook()
        try:
            with transaction.atomic():
                self.submit()
                raise RuntimeError
        except RuntimeError:
            pass
        self.assertEqual(self.noted(), [])
        self.assertEqual(self.jobs(), [])

    def test_a_step_costs_no_statement_more(self) -> None:
        self.submit()  # what the process keeps of the definition is read once
        with CaptureQueriesContext(connection) as without:
            self.submit()
        self.add_webhook()
        with CaptureQueriesContext(connection) as with_one:
            self.submit()
        self.assertEqual(len(with_one), len(without))
        self.assertTrue(self.noted())

    def test_a_company_without_webhooks_pays_nothing_for_them(self) -> None:
        def parts() -> list[bool]:
            """Of each statement of a submission and a completion, whether it notes something."""
            with CaptureQueriesContext(connection) as sent:
                self.answer(self.submit(), {"big": False})
            return ["INTO tickets_webhookdelivery" in each["sql"] for each in sent]

        self.assertNotIn(True, parts())
        webhook = self.add_webhook()
        self.assertEqual(parts().count(True), 2)
        pause_webhook(webhook_id=webhook.pk, user=self.alice, now=timezone.now())
        self.assertNotIn(True, parts())

    def test_no_answer_and_no_reason_is_noted(self) -> None:
        self.add_webhook()
        ticket = submit_ticket(definition=self.type, data={"amount": 555}, user=self.uma)
        cancel_ticket(ticket=ticket, by=self.terry, reason="A private reason")
        said = json.dumps([each.about for each in self.deliveries()])
        self.assertIn("cancelled", said)
        for secret in ("amount", "Ghent", "A private reason", "Uma", self.uma.email):
            self.assertNotIn(secret, said)

    def test_another_company_is_told_nothing(self) -> None:
        with company_of(GLOBEX):
            self.add_webhook(by=self.charlie)
        self.submit()
        with company_of(GLOBEX):
            self.assertEqual(WebhookDelivery.objects.count(), 0)
        self.assertEqual(WebhookDelivery.objects.count(), 0)

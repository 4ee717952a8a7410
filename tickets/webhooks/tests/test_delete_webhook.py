"""A webhook is deleted while something is noted for it: neither fails, and nothing is left."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from tenants.connection import company_of, use_company
from tenants.testing import GLOBEX, CompanyTransactionTestCase
from tickets.calling.tests.action_case import Clock, replies
from tickets.models import Ticket, Webhook, WebhookDelivery
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks.change_webhook import delete_webhook
from tickets.webhooks.look_after_webhooks import companies_with_late_webhooks, look_after_webhooks
from tickets.webhooks.tests.webhook_case import WebhookCase


def beside(work: Callable[[], None]) -> None:
    """By a connection of its own, until it is committed."""

    def run() -> None:
        try:
            with schema_context("acme"):
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


class DeleteWebhookTests(WebhookCase, SmallWorkflow, CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.make_workflow()

    def test_a_step_that_notes_something_meanwhile_is_kept(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"])
        with company_of(GLOBEX):
            other = self.add_webhook(by=self.charlie)
            other.deliveries.create(event="ticket.submitted", happened_at=timezone.now())
        with transaction.atomic():
            ticket = self.submit()
            beside(lambda: delete_webhook(webhook_id=webhook.pk, user=self.alice))
        self.assertTrue(Ticket.objects.filter(pk=ticket.pk).exists())
        self.assertFalse(Webhook.objects.exists())
        (left,) = self.deliveries()
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual(system.received, [])
        self.assert_pages_are_shown(left)
        self.clock.move(3600)
        self.assertIn("acme", companies_with_late_webhooks(now=self.clock()))
        self.assertEqual(look_after_webhooks(now=self.clock()), 0)
        self.assertFalse(WebhookDelivery.objects.exists())
        self.assertNotIn("acme", companies_with_late_webhooks(now=self.clock()))
        with company_of(GLOBEX):
            self.assertEqual(WebhookDelivery.objects.count(), 1)

    def assert_pages_are_shown(self, left: WebhookDelivery) -> None:
        self.log_in(self.alice)
        log = reverse("admin:tickets_webhookdelivery_changelist")
        page = reverse("admin:tickets_webhookdelivery_change", args=[left.pk])
        for address, status in ((log, 200), (page, 404)):
            self.assertEqual(self.client.get(address).status_code, status)
        use_company(self.acme)

"""What is sent after a webhook was changed: as it is wanted now, also what was noted before."""

from __future__ import annotations

from typing import Any
from unittest import mock

from tenants.connection import company_of
from tenants.testing import GLOBEX, CompanyTestCase
from tickets.calling.tests.action_case import Clock, replies
from tickets.models import Webhook, WebhookDelivery
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks.change_webhook import Wanted, change_webhook
from tickets.webhooks.errors import WebhookGoneError
from tickets.webhooks.pauses import PAUSES
from tickets.webhooks.send import Outcome, WebhookRequest, send
from tickets.webhooks.send_again import send_again
from tickets.webhooks.tests.webhook_case import URL, WebhookCase, body_of, id_of


class ChangeWebhookTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()

    def change(self, webhook: Webhook, **changes: Any) -> None:
        """Also: it is to get no answers any more."""
        said = {"title": webhook.title, "url": webhook.url, "events": webhook.events, **changes}
        change_webhook(webhook_id=webhook.pk, wanted=Wanted(**said), user=self.alice)

    def test_answers_that_were_taken_back_are_sent_no_more(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"], with_answers=True)
        self.submit()
        with replies((500, {}), (200, {}), (200, {})) as system:
            self.run_jobs(system)
            self.change(webhook)
            self.clock.move(PAUSES[0])
            self.run_jobs(system)
            delivered = self.deliveries()[0]
            send_again(delivery=delivered, user=self.alice, now=self.clock())
            self.run_jobs(system)
        first, *later = system.received
        self.assertIn("Ghent", first.body.decode())
        self.assertEqual(len(later), 2)
        expected = body_of(first)
        for name in ("title", "answers"):
            del expected["data"][name]
        for each in later:
            self.assertEqual((id_of(each), body_of(each)), (id_of(first), expected))

    def test_nor_when_the_worker_that_was_sending_them_died(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"], with_answers=True)
        self.submit()
        with replies((500, {})) as system:
            self.run_jobs(system)
        WebhookDelivery.objects.update(state="SENDING", job_id=None)
        self.change(webhook)
        self.clock.move(PAUSES[0])
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertNotIn("Ghent", system.received[0].body.decode())

    def test_what_is_not_chosen_any_more_waits_no_more(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted", "ticket.moved"])
        self.submit()
        self.change(webhook, events=["ticket.moved"])
        self.assertEqual(self.noted(), ["ticket.moved"])
        self.change(webhook, events=["ticket.moved"], ticket_types=["thing"])
        self.assertEqual(self.noted(), ["ticket.moved"])
        self.change(webhook, events=["ticket.moved"], ticket_types=["other"])
        self.assertEqual(self.noted(), [])

    def test_what_comes_after_one_that_is_not_chosen_any_more_is_sent(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted", "ticket.moved"])
        self.submit()

        def change_and_send(request: WebhookRequest) -> Outcome:
            self.change(webhook, events=["ticket.moved"])
            return send(request)

        with replies((200, {})) as system, mock.patch("tickets.webhooks.deliver.send") as sending:
            sending.side_effect = change_and_send
            self.run_jobs(system)
        types = [body_of(each)["type"] for each in system.received]
        self.assertEqual(types, ["ticket.submitted", "ticket.moved"])
        (left,) = self.deliveries()
        self.assertEqual((left.event, left.state), ("ticket.moved", "DELIVERED"))

    def test_nobody_elsewhere_changes_it(self) -> None:
        webhook = self.add_webhook()
        wanted = Wanted(title="Mine", url=URL, events=[])
        with company_of(GLOBEX), self.assertRaises(WebhookGoneError):
            change_webhook(webhook_id=webhook.pk, wanted=wanted, user=self.charlie)

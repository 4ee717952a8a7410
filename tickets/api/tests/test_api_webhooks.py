"""Programs read, pause and delete webhooks, and send again. What is secret they are never told."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from tenants.api.tests.api_case import ApiCase
from tickets.models import DeliveryState, Webhook, WebhookDelivery

SECRET: Final = "whsec-of-nobody"


class WebhookTests(ApiCase):
    def set_up_once(self) -> None:
        self.webhook = Webhook.objects.create(
            title="Accounts",
            url="https://accounts.example/in/token-of-theirs",
            encrypted=SECRET,
            created_by=self.alice,
            created_at=timezone.now(),
        )
        self.delivery = WebhookDelivery.objects.create(
            webhook=self.webhook,
            event="ticket_submitted",
            happened_at=timezone.now(),
            body="{}",
            state=DeliveryState.GIVEN_UP,
        )
        self.path = f"webhooks/{self.webhook.pk}"

    def test_they_are_read_without_their_secret(self) -> None:
        answer = self.ask(self.alice, "GET", "webhooks", expect=200)
        self.assertEqual(answer.json()["items"][0]["host"], "accounts.example")
        self.assertNotContains(answer, SECRET)
        self.assertNotContains(answer, "token-of-theirs")
        self.assertEqual(self.ask(self.charlie, "GET", "webhooks").json()["items"], [])

    def test_one_is_paused_and_deleted(self) -> None:
        paused = self.ask(self.alice, "POST", f"{self.path}/pause", expect=200).json()
        self.assertEqual(paused["paused"], "BY_HAND")
        again = f"webhook-deliveries/{self.delivery.pk}/send-again"
        self.assert_problem(self.ask(self.alice, "POST", again), 409)
        self.ask(self.alice, "DELETE", self.path, expect=204)
        self.assertFalse(Webhook.objects.exists() or WebhookDelivery.objects.exists())

    def test_a_message_is_sent_again_once(self) -> None:
        path, key = f"webhook-deliveries/{self.delivery.pk}/send-again", {"Idempotency-Key": "a-1"}
        more: dict[str, Any] = key
        self.ask(self.alice, "POST", path, **more, expect=200)
        self.ask(self.alice, "POST", path, **more, expect=200)
        self.delivery.refresh_from_db()
        self.assertEqual(self.delivery.state, DeliveryState.WAITING)
        self.assert_problem(self.ask(self.alice, "POST", path), 409)
        listed = self.ask(
            self.alice, "GET", f"webhook-deliveries?webhook={self.webhook.pk}&state=WAITING"
        ).json()["items"]
        self.assertEqual([each["id"] for each in listed], [self.delivery.pk])

    def test_a_test_is_sent(self) -> None:
        sent = self.ask(self.alice, "POST", f"{self.path}/test", expect=201).json()
        self.assertEqual(sent["event"], "test")

    def test_nobody_else_and_no_assistant(self) -> None:
        assistant = self.token_of(self.alice, assistant="Claude").raw
        for method, path in (
            ("POST", f"{self.path}/pause"),
            ("POST", f"{self.path}/test"),
            ("POST", f"webhook-deliveries/{self.delivery.pk}/send-again"),
            ("DELETE", self.path),
        ):
            with self.subTest(path):
                self.assert_problem(self.ask(self.charlie, method, path), 404)
                self.assert_problem(self.ask(self.terry, method, path), 403)
                self.assert_problem(self.ask(assistant, method, path), 403)
        self.assertEqual(self.ask(self.charlie, "GET", "webhook-deliveries").json()["items"], [])
        self.assert_problem(self.ask(self.terry, "GET", "webhooks"), 403)

"""Webhooks in a real browser: a company admin adds one, sends a test, and reads what was sent."""

from __future__ import annotations

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from project.tests.browser import BrowserTestCase
from tenants.testing_tools.waits import in_thread, wait_until
from tickets.models import Webhook, WebhookDelivery
from tickets.webhooks.send_test import deliver_test
from workflows.actions.tests.remote_system import NAME, RemoteSystem, answering


class WebhookInBrowserTests(BrowserTestCase):
    def test_it_is_added_and_tested(self) -> None:
        page = self.open_window(self.alice)
        page.goto(reverse("admin:tickets_webhook_changelist"))
        self.check(page)
        page.locator("#content-main, #main, main").get_by_role(
            "link", name="Add webhook"
        ).first.click()
        page.get_by_label("Title").fill("Bookkeeping")
        page.get_by_label("Address").fill(f"http://{NAME}/hooks")
        page.get_by_label("ticket.submitted").check()
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("[data-copied]")).to_contain_text("whsec_")
        self.check(page)
        page.get_by_role("link", name="I have written it down").click()
        self.check(page)
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("It is still to be delivered.")).to_be_visible()
        wait_until(WebhookDelivery.objects.exists)
        self.deliver()
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text("Delivered")).to_be_visible()
        self.check(page)
        page.goto(reverse("admin:tickets_webhookdelivery_changelist"))
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
        self.check(page)
        self.assertEqual(Webhook.objects.get().created_by, self.alice)

    def deliver(self) -> None:
        with (
            RemoteSystem(answering(b'{"taken": true}')) as system,
            override_settings(ACTION_CONNECT_TO=system.connect_to),
        ):
            # Playwright has a loop in this thread, and the client makes one of its own.
            number = WebhookDelivery.objects.get().pk
            run = in_thread(
                lambda: deliver_test(delivery_id=number, clock=timezone.now), company=self.acme
            )
            run.join()
            self.assertIsNone(run.raised)

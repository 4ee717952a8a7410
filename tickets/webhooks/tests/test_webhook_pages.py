"""The pages of webhooks: for company admins, and nobody else."""

from __future__ import annotations

import re
from dataclasses import replace
from unittest import mock

from django.contrib.admin.models import LogEntry
from django.test import override_settings
from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.connection import company_of
from tenants.limits.table import WEBHOOK_TESTS
from tenants.testing import GLOBEX, CompanyTestCase
from tickets.calling.tests.action_case import Clock, replies
from tickets.models import Webhook, WebhookDelivery
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks.tests.standard_webhooks import verify
from tickets.webhooks.tests.webhook_case import URL, WebhookCase

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")
LIST = "admin:tickets_webhook_changelist"
LOG = "admin:tickets_webhookdelivery_changelist"


class WebhookPagesTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.log_in(self.alice)

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()

    def form(self, **changes: object) -> dict[str, object]:
        return {
            "title": "Bookkeeping",
            "url": URL,
            "events": ["ticket.submitted"],
            "ticket_types": ["thing"],
            **changes,
        }

    def add(self, **changes: object) -> str:
        return self.html(
            self.client.post(reverse("admin:tickets_webhook_add"), self.form(**changes))
        )

    def html(self, response: object) -> str:
        self.assertEqual(response.status_code, 200)  # type: ignore[attr-defined]
        content: bytes = response.content  # type: ignore[attr-defined]
        return content.decode()

    def page(self, name: str, webhook: Webhook) -> str:
        return reverse(f"admin:tickets_webhook_{name}", args=[webhook.pk])

    def kinds(self) -> list[str]:
        found = AuditEvent.objects.filter(kind__startswith="company.webhook").order_by("pk")
        return list(found.values_list("kind", flat=True))

    def test_without_any_it_says_what_they_are_for(self) -> None:
        said = self.html(self.client.get(reverse(LIST)))
        self.assertIn("A webhook tells another system", said)
        self.assertIn(reverse("admin:tickets_webhook_add"), said)
        self.assertIn("will be listed here", self.html(self.client.get(reverse(LOG))))

    def test_a_failing_one_says_why_the_last_message_was_not_taken(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with replies((500, {})) as system:
            self.run_jobs(system)
        error = WebhookDelivery.objects.get().error
        self.assertIn("500", error)
        self.assertIn(error, self.html(self.client.get(self.page("change", webhook))))

    def test_it_is_added_and_its_secret_shown_once(self) -> None:
        response = self.client.post(reverse("admin:tickets_webhook_add"), self.form())
        said = self.html(response)
        (secret,) = SECRET.findall(said)
        self.assertIn("no-store", response["Cache-Control"])
        webhook = Webhook.objects.get()
        self.assertEqual((webhook.title, webhook.url), ("Bookkeeping", URL))
        self.assertEqual(webhook.created_by, self.alice)
        self.assertNotIn(secret, webhook.encrypted)
        for name in ("change", "edit", "secret"):
            self.assertNotIn("whsec_", self.html(self.client.get(self.page(name, webhook))))
        self.assertNotIn(secret, str(list(AuditEvent.objects.values_list("data", flat=True))))
        self.assertEqual(self.kinds(), ["company.webhook_added"])
        self.submit()
        with replies((200, {})) as system:
            self.run_jobs(system)
        (received,) = system.received
        now = self.clock().timestamp()
        verify(received.body, dict(received.headers), secret=secret, now=now)

    def test_what_cannot_be_is_said_at_its_question(self) -> None:
        for changes, said in (
            ({"url": "ftp://example.com"}, "This is no address that can be called."),
            ({"url": "http://me:pass@example.com/"}, "This is no address that can be called."),
            ({"url": "http://example.com:22/"}, "This is no address that can be called."),
            ({"events": []}, "Choose what the other system is told of."),
            ({"events": ["nothing.known"]}, "nothing.known"),
            ({"title": "\u200b"}, "Give it a title that can be seen."),
        ):
            with self.subTest(changes):
                self.assertIn(said, self.add(**changes))
        self.assertFalse(Webhook.objects.exists())

    @override_settings(COMPANY_MOST_WEBHOOKS=1)
    def test_a_company_has_no_more_than_it_may(self) -> None:
        self.add()
        self.assertIn("as many webhooks as it may have", self.add())
        self.assertEqual(Webhook.objects.count(), 1)

    def test_it_is_changed_paused_resumed_and_deleted(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"])
        changed = self.form(title="Other", with_answers="on")
        self.client.post(self.page("edit", webhook), changed)
        webhook.refresh_from_db()
        self.assertEqual((webhook.title, webhook.with_answers), ("Other", True))
        self.client.post(self.page("pause", webhook))
        said = self.html(self.client.get(self.page("change", webhook)))
        self.assertIn("Somebody has paused it.", said)
        self.assertIn(self.page("resume", webhook), said)
        self.client.post(self.page("resume", webhook))
        webhook.refresh_from_db()
        self.assertEqual(webhook.paused, "")
        self.submit()
        self.client.get(self.page("delete", webhook))
        self.assertTrue(Webhook.objects.exists())
        self.client.post(self.page("delete", webhook))
        self.assertFalse(Webhook.objects.exists() or WebhookDelivery.objects.exists())
        names = ("added", "changed", "paused", "resumed", "deleted")
        self.assertEqual(self.kinds(), [f"company.webhook_{each}" for each in names])

    def test_no_secret_in_its_address_stands_in_a_log(self) -> None:
        hidden = "T024-hidden-token"
        self.add(url=f"http://first.example/{hidden}")
        webhook = Webhook.objects.get()
        self.client.post(self.page("edit", webhook), self.form(url=f"{URL}/{hidden}"))
        self.client.post(self.page("edit", webhook), self.form(url=f"{URL}/{hidden}?again"))
        for name in ("pause", "resume", "secret", "delete"):
            self.client.post(self.page(name, webhook))
        logged = list(AuditEvent.objects.order_by("pk").values_list("kind", "data"))
        self.assertNotIn(hidden, str(logged))
        self.assertNotIn(hidden, str(list(LogEntry.objects.values())))
        changes = [data["changes"]["url"] for kind, data in logged if kind.endswith("k_changed")]
        host = "accounting.example"
        self.assertEqual(changes, [["first.example", host], [host, host]])

    def test_a_new_secret_is_shown_once(self) -> None:
        webhook = self.add_webhook()
        old = self.secret
        (new,) = SECRET.findall(self.html(self.client.post(self.page("secret", webhook))))
        self.assertNotEqual(new, old)
        webhook.refresh_from_db()
        self.assertEqual(webhook.secrets(now=self.clock()), [new, old])
        said = self.html(self.client.get(self.page("change", webhook)))
        self.assertIn("Messages are signed with it, too, until", said)
        self.assertIn("company.webhook_secret_made", self.kinds())

    def test_tests_are_so_many_in_an_hour(self) -> None:
        webhook = self.add_webhook()
        few = replace(WEBHOOK_TESTS, most=2, remembers=False)
        with mock.patch("tickets.webhooks.send_test.WEBHOOK_TESTS", few):
            for _each in range(2):
                self.client.post(self.page("test", webhook))
            refused = self.client.post(self.page("test", webhook), follow=True)
        self.assertContains(refused, "That is too often")
        self.assertEqual(WebhookDelivery.objects.count(), 2)

    def test_a_test_leads_to_what_becomes_of_it(self) -> None:
        webhook = self.add_webhook()
        response = self.client.post(self.page("test", webhook))
        delivery = WebhookDelivery.objects.get()
        page = reverse("admin:tickets_webhookdelivery_change", args=[delivery.pk])
        self.assertRedirects(response, page)
        self.assertIn("still to be delivered", self.html(self.client.get(page)))
        with replies((200, {"fine": "<b>yes</b>"})) as system:
            self.run_tests(system)
        said = self.html(self.client.get(page))
        self.assertIn("&lt;b&gt;yes&lt;/b&gt;", said)
        self.assertIn("&quot;type&quot;: &quot;test&quot;", said)
        self.assertNotIn("Send again", said)

    def test_the_log_shows_what_was_sent_and_sends_it_again(self) -> None:
        webhook, other = self.add_webhook(title="A"), self.add_webhook(title="B")
        ticket = self.submit()
        with replies((200, {"taken": True})) as system:
            self.run_jobs(system)
        delivery = WebhookDelivery.objects.filter(webhook=webhook).first()
        assert delivery is not None
        page = reverse("admin:tickets_webhookdelivery_change", args=[delivery.pk])
        said = self.html(self.client.get(page))
        for text in (str(delivery.message_id), "&quot;taken&quot;: true", "Delivered"):
            self.assertIn(text, said)
        address = reverse(LOG)
        for query, count in (
            ("", 6), (f"?webhook={other.pk}", 3), ("?event=ticket.moved", 2), ("?is=WAITING", 0),
            (f"?q={ticket.pk}", 6), ("?q=999999", 0), ("?q=abc", 0), ("?webhook=99999", 6),
        ):  # fmt: skip
            with self.subTest(query):
                found = self.client.get(f"{address}{query}").context["cl"].result_count
                self.assertEqual(found, count)
        again = reverse("admin:tickets_webhookdelivery_send_again", args=[delivery.pk])
        self.client.post(again)
        self.clock.move(60)
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual(len(system.received), 1)
        self.assertIn("company.webhook_sent_again", self.kinds())

    def test_nobody_else_and_nobody_elsewhere_sees_any(self) -> None:
        webhook = self.add_webhook()
        self.submit()
        delivery = WebhookDelivery.objects.first()
        assert delivery is not None
        pages = [
            reverse(LIST), reverse(LOG), reverse("admin:tickets_webhook_add"),
            reverse("admin:tickets_webhookdelivery_change", args=[delivery.pk]),
            *(self.page(name, webhook) for name in ("change", "edit", "secret", "delete")),
        ]  # fmt: skip
        for person in (self.uma, self.wendy, self.terry, self.carla):
            self.log_in(person)
            for page in pages:
                with self.subTest(person=person, page=page):
                    self.assertEqual(self.client.get(page).status_code, 403)
        self.log_in(self.charlie)
        for page in pages[3:]:
            with self.subTest(page):
                self.assertEqual(self.client.get(page).status_code, 404)
        for page in pages[:2]:
            said = self.html(self.client.get(page))
            self.assertNotIn("Hook</a>", said)
            self.assertNotIn("accounting.example", said)
        self.client.post(self.page("pause", webhook))
        webhook.refresh_from_db()
        self.assertEqual(webhook.paused, "")
        with company_of(GLOBEX):
            self.assertFalse(Webhook.objects.exists())

    def test_a_superuser_is_shown_no_secret(self) -> None:
        webhook = self.add_webhook()
        self.log_in(self.root)
        self.enter(self.acme)
        self.assertEqual(self.client.get(self.page("change", webhook)).status_code, 200)
        for page in (self.page("secret", webhook), reverse("admin:tickets_webhook_add")):
            self.assertEqual(self.client.post(page).status_code, 403)

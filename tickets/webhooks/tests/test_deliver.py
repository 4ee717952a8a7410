"""Delivering to a real server: in order, at least once, always by the same id, and no further."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock

from django.db import connection
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.companies.company_limits import WEBHOOKS, uses_of
from tenants.connection import company_of
from tenants.errors import CallsUsedUpError
from tenants.testing import GLOBEX, CompanyTestCase
from tickets.calling.tests.action_case import Clock, replies
from tickets.models import Notice, Webhook, WebhookDelivery
from tickets.notices.places import address_for
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks import look_after_webhooks as looking_after
from tickets.webhooks.change_webhook import (
    make_webhook_secret,
    pause_webhook,
    resume_webhook,
)
from tickets.webhooks.deliver import deliver
from tickets.webhooks.errors import NotSendableAgainError, WebhookPausedError
from tickets.webhooks.forget_deliveries import forget_deliveries
from tickets.webhooks.look_after_webhooks import look_after_webhooks
from tickets.webhooks.pauses import FAILING_FOR, MOST_ATTEMPTS, PAUSES
from tickets.webhooks.send_again import send_again
from tickets.webhooks.send_test import send_test
from tickets.webhooks.tests.standard_webhooks import NotVerifiedError, verify
from tickets.webhooks.tests.webhook_case import WebhookCase, body_of, done, id_of
from workflows.actions.tests.remote_system import Connection, RemoteSystem, answering
from workflows.actions.tests.resolver import Resolver


class DeliverTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        self.submit()  # what the process keeps is read once

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()

    def states(self) -> list[str]:
        return [each.state for each in self.deliveries()]

    def webhook(self) -> Webhook:
        return Webhook.objects.get()

    def test_what_happened_arrives_in_its_order(self) -> None:
        self.add_webhook()
        ticket = self.submit()
        self.answer(ticket, {"big": False})
        self.answer(ticket, {"signed": "Me"})
        with replies((200, {})) as system:
            self.run_jobs(system)
        types = [body_of(each)["type"] for each in system.received]
        self.assertEqual(types, self.noted())
        self.assertEqual(types[0], "ticket.submitted")
        self.assertEqual(types[-1], "ticket.completed")
        self.assertEqual(set(self.states()), {"DELIVERED"})
        data = body_of(system.received[-1])["data"]
        self.assertEqual(data["company"], "Acme")
        self.assertEqual(data["ticket"]["id"], ticket.pk)
        self.assertEqual(data["ticket"]["status"], "COMPLETED")
        self.assertTrue(data["ticket"]["url"].startswith("http"))
        self.assertEqual(data["label"], "signed")

    def test_nothing_overtakes_what_fails(self) -> None:
        self.add_webhook()
        first = self.submit()
        with replies((200, {}), (500, {}), (500, {}), (200, {})) as system:
            self.run_jobs(system)
            self.assertEqual(self.states(), ["DELIVERED", "WAITING", "WAITING"])
            self.answer(first, {"big": False})
            self.run_jobs(system)
            self.assertEqual(len(system.received), 2)
            self.clock.move(PAUSES[0])
            self.run_jobs(system)
            self.clock.move(PAUSES[1])
            self.run_jobs(system)
        self.assertEqual(set(self.states()), {"DELIVERED"})
        received = [id_of(each) for each in system.received]
        noted = [str(each.message_id) for each in self.deliveries()]
        # The second one three times, by the same id; each other once.
        self.assertEqual(received, [noted[0], *[noted[1]] * 3, *noted[2:]])
        self.assertEqual(len({each.body for each in system.received[1:4]}), 1)

    def test_another_ticket_does_not_wait_for_one_that_fails(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        first, second = self.submit(), self.submit()

        def reply(connection: Connection) -> None:
            (received,) = connection.remote_system.received[-1:]
            about = body_of(received)["data"]["ticket"]["id"]
            answering(status=500 if about == first.pk else 200)(connection)

        with RemoteSystem(reply) as system:
            self.run_jobs(system)
        states = {each.ticket_number: each.state for each in self.deliveries()}
        self.assertEqual(states, {first.pk: "WAITING", second.pk: "DELIVERED"})

    def test_what_is_given_up_lets_the_next_one_go(self) -> None:
        self.add_webhook(events=["ticket.submitted", "ticket.moved"])
        self.submit()
        with replies((500, {})) as system:
            for _attempt in range(MOST_ATTEMPTS - 1):
                self.run_jobs(system)
                # The whole webhook may rest; that is no pause of the message.
                self.clock.move(24 * 3600)
                Webhook.objects.update(rests_until=None, failing_since=None)
            self.run_jobs(system)
        self.assertEqual(self.deliveries()[0].state, "GIVEN_UP")
        self.assertEqual(self.deliveries()[0].attempts, MOST_ATTEMPTS)
        self.assertEqual(self.deliveries()[1].attempts, 0)
        self.clock.move(24 * 3600)
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual(self.states(), ["GIVEN_UP", "DELIVERED"])

    def test_the_pauses_grow_to_about_three_days(self) -> None:
        self.assertEqual(list(PAUSES), sorted(PAUSES))
        self.assertAlmostEqual(sum(PAUSES) / (24 * 3600), 3.15, delta=0.1)

    def test_an_address_that_is_gone_pauses_it_at_once(self) -> None:
        self.add_webhook(events=["ticket.submitted", "ticket.moved"])
        self.submit()
        with replies((410, {})) as system:
            self.run_jobs(system)
            self.clock.move(24 * 3600)
            self.run_jobs(system)
        self.assertEqual(len(system.received), 1)
        self.assertEqual(self.webhook().paused, "GONE")
        self.assertEqual(self.states(), ["GIVEN_UP", "WAITING"])
        (notice,) = Notice.objects.filter(kind="WEBHOOK_PAUSED")
        self.assertEqual(notice.recipient, self.alice)
        page = reverse("admin:tickets_webhook_change", args=[self.webhook().pk])
        self.assertEqual(address_for(notice, self.alice), page)

    def test_a_long_failure_pauses_it_and_admins_are_told(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with replies((503, {})) as system:
            self.run_jobs(system)
            self.assertEqual(self.webhook().paused, "")
            self.clock.move(FAILING_FOR.total_seconds())
            self.run_jobs(system)
        self.assertEqual(self.webhook().paused, "FAILING")
        self.assertEqual(Notice.objects.get(kind="WEBHOOK_PAUSED").about["title"], "Hook")
        resume_webhook(webhook_id=self.webhook().pk, user=self.alice, now=self.clock())
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual(self.states(), ["DELIVERED"])
        self.assertEqual((self.webhook().failures, self.webhook().failing_since), (0, None))

    def test_a_dead_address_is_asked_now_and_then_for_all_its_tickets(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        for _ticket in range(8):
            self.submit()
        with replies((500, {})) as system:
            self.run_jobs(system)
            self.assertEqual(len(system.received), 3)
            self.clock.move(6)
            self.run_jobs(system)
            self.assertEqual(len(system.received), 3)
        self.clock.move(3600)
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual(set(self.states()), {"DELIVERED"})

    def test_a_redirect_is_not_followed(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with replies((302, {}, {"Location": "http://accounting.example/other"})) as system:
            self.run_jobs(system)
        self.assertEqual(len(system.received), 1)
        (delivery,) = self.deliveries()
        self.assertEqual((delivery.state, delivery.status_code), ("WAITING", 302))
        self.assertIn("redirect", delivery.error)

    def test_private_addresses_are_not_called(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with replies((200, {})) as system:
            url = f"http://inside.example:{system.port}/hooks"
            Webhook.objects.update(url=url)
            with Resolver(["127.0.0.1"]).installed():
                self.run_jobs()
                self.assertEqual(system.received, [])
                (delivery,) = self.deliveries()
                self.assertIn("private network", delivery.error)
                self.clock.move(60)
                with override_settings(ACTION_ALLOWED_NETWORKS=["127.0.0.0/8"]):
                    self.run_jobs()
            self.assertEqual(len(system.received), 1)
        self.assertEqual(self.states(), ["DELIVERED"])

    def test_a_huge_answer_is_cut(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        self.submit()
        with RemoteSystem(answering(b"x" * 3_000_000)) as system:
            self.run_jobs(system)
        self.assertEqual(self.states(), ["DELIVERED", "DELIVERED"])
        for each in self.deliveries():
            self.assertLess(len(each.answer), 2_001)

    def test_what_cannot_be_kept_of_an_answer_is_replaced(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with RemoteSystem(answering(b"\x00\xff<b>hi")) as system:
            self.run_jobs(system)
        (delivery,) = self.deliveries()
        self.assertEqual((delivery.state, delivery.answer), ("DELIVERED", "\ufffd\ufffd<b>hi"))

    def test_the_signature_is_that_of_standard_webhooks(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"])
        old = self.secret
        self.submit()
        new = make_webhook_secret(webhook_id=webhook.pk, user=self.alice, now=self.clock())
        now = self.clock().timestamp()
        with replies((200, {})) as system:
            self.run_jobs(system)
            self.submit()
            self.clock.move(timedelta(days=1, seconds=1).total_seconds())
            self.run_jobs(system)
        first, second = system.received
        for secret in (old, new):
            found = verify(first.body, dict(first.headers), secret=secret, now=now)
            self.assertEqual(found, id_of(first))
        later = self.clock().timestamp()
        verify(second.body, dict(second.headers), secret=new, now=later)
        with self.assertRaises(NotVerifiedError):
            verify(second.body, dict(second.headers), secret=old, now=later)
        with self.assertRaises(NotVerifiedError):
            verify(first.body + b" ", dict(first.headers), secret=new, now=now)

    def test_answers_are_sent_where_it_is_wanted_and_only_what_the_requester_sees(self) -> None:
        self.sign.fields = [
            {"name": "signed", "label": "Signed", "type": "text", "seen_by": "requester"},
            {"name": "doubt", "label": "Doubt", "type": "text"},
        ]
        self.sign.save()
        self.add_webhook(events=["ticket.completed"], with_answers=True)
        ticket = self.submit()
        self.answer(ticket, {"big": False})
        self.answer(ticket, {"signed": "Yes, me", "doubt": "For the team"})
        with replies((200, {})) as system:
            self.run_jobs(system)
        data = body_of(system.received[0])["data"]
        self.assertEqual(data["answers"]["submitted"], {"amount": 7, "site": "Ghent"})
        self.assertEqual(data["answers"]["tasks"], {"sign": {"signed": "Yes, me"}})
        self.assertEqual(data["title"], ticket.title)
        self.assertNotIn("For the team", json.dumps(data))

    def test_send_again_sends_the_same_by_the_same_id(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        with replies((200, {})) as system:
            with self.assertRaises(NotSendableAgainError):
                self.send_again()
            self.run_jobs(system)
            self.send_again()
            self.run_jobs(system)
        first, second = system.received
        self.assertEqual((id_of(first), first.body), (id_of(second), second.body))
        webhook = self.webhook()
        pause_webhook(webhook_id=webhook.pk, user=self.alice, now=self.clock())
        with self.assertRaises(WebhookPausedError):
            self.send_again()

    def send_again(self) -> None:
        (delivery,) = self.deliveries()
        # A message that was never sent has nothing to be sent again.
        WebhookDelivery.objects.filter(body="").update(body="{}")
        send_again(delivery=delivery, user=self.alice, now=self.clock())

    def test_a_test_is_sent_once_also_while_it_is_paused(self) -> None:
        webhook = self.add_webhook()
        pause_webhook(webhook_id=webhook.pk, user=self.alice, now=self.clock())
        send_test(webhook_id=webhook.pk, now=self.clock())
        send_test(webhook_id=webhook.pk, now=self.clock())
        with replies((200, {"fine": True}), (500, {})) as system:
            self.run_tests(system)
        self.assertEqual([body_of(each)["type"] for each in system.received], ["test", "test"])
        self.assertEqual(self.states(), ["DELIVERED", "GIVEN_UP"])
        self.assertEqual(self.webhook().failures, 0)

    def test_what_is_more_than_a_company_may_waits(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        self.submit()
        with override_settings(COMPANY_MOST_WEBHOOKS_A_DAY=1):
            with replies((200, {})) as system, self.assertRaises(CallsUsedUpError):
                self.run_jobs(system)
            use = next(each for each in uses_of(self.acme) if each.limit is WEBHOOKS)
        self.assertEqual(self.states(), ["DELIVERED", "WAITING"])
        self.assertTrue(use.is_reached)

    def test_a_job_of_a_ticket_that_is_being_sent_leaves_it_alone(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        (job,) = self.jobs()
        WebhookDelivery.objects.update(state="SENDING", job_id=job.pk)
        self.answer(self.submit(), {"big": False})
        other = self.jobs()[-1]
        with replies((200, {})) as system:
            self.run_one(other, ticket_id=job.args["ticket_id"], system=system)
            self.assertEqual(system.received, [])
            self.run_one(job, ticket_id=job.args["ticket_id"], system=system)
        self.assertEqual(len(system.received), 1)

    def run_one(self, job: ProcrastinateJob, *, ticket_id: int, system: RemoteSystem) -> None:
        with override_settings(ACTION_CONNECT_TO=system.connect_to):
            deliver(
                webhook_id=self.webhook().pk,
                ticket_id=ticket_id,
                job_id=job.pk,
                clock=self.clock,
            )

    def test_what_has_no_job_is_found(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        self.assertEqual(look_after_webhooks(now=self.clock()), 0)
        self.clock.move(3600)
        self.assertEqual(look_after_webhooks(now=self.clock()), 0)
        self.forget_jobs()
        self.assertEqual(look_after_webhooks(now=self.clock()), 1)
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual(self.states(), ["DELIVERED"])

    def many_lines(self, number: int) -> None:
        """So many lines of which each begins a second after the one before, and no job."""
        self.add_webhook(events=["ticket.submitted"])
        first = self.clock() - timedelta(days=1)
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                webhook=self.webhook(),
                event="ticket.submitted",
                ticket_number=line or None,
                happened_at=first,
                due_at=first + timedelta(seconds=line),
            )
            for line in range(number)
        )

    def test_of_very_many_lines_each_has_its_turn(self) -> None:
        self.many_lines(40)
        with mock.patch("tickets.webhooks.look_after_webhooks.MOST_LOOKED_AT", 5):
            found = [
                look_after_webhooks(now=self.clock(), chance=partial(float, at / 20_000))
                for at in range(10)
            ]
        self.assertEqual(found[0], 5)
        self.assertLessEqual(max(found), 10)
        self.assertEqual(sum(found), 40)
        lines = {each.args["ticket_id"] for each in self.jobs()}
        self.assertEqual((len(self.jobs()), lines), (40, set(range(40))))
        self.assertEqual(look_after_webhooks(now=self.clock()), 0)

    def test_a_look_reads_no_more_where_more_lines_wait(self) -> None:
        self.many_lines(3_000)
        values = {**looking_after._values(now=self.clock(), chance=0.01), "looked_at": 50}
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE tickets_webhookdelivery")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {looking_after._SOME_STUCK}", values)
            [plan] = cursor.fetchone()[0]

        def read(node: dict[str, Any]) -> float:
            own = node["Actual Rows"] * node["Actual Loops"] if "Relation Name" in node else 0
            return float(own) + sum(read(each) for each in node.get("Plans", []))

        self.assertLess(read(plan["Plan"]), 600)

    def forget_jobs(self) -> None:
        for job in self.jobs():
            done(job)

    def test_the_log_ends(self) -> None:
        self.add_webhook(events=["ticket.submitted"])
        self.submit()
        now = timezone.now()
        self.assertEqual(forget_deliveries(now=now + timedelta(days=29)), 0)
        with override_settings(WEBHOOKS_KEEP_DAYS=0):
            self.assertEqual(forget_deliveries(now=now + timedelta(days=31)), 0)
        self.assertEqual(forget_deliveries(now=now + timedelta(days=31)), 1)

    def test_another_company_sees_nothing_of_it(self) -> None:
        webhook = self.add_webhook(events=["ticket.submitted"])
        self.submit()
        (job,) = self.jobs()
        with company_of(GLOBEX), replies((200, {})) as system:
            self.assertFalse(Webhook.objects.exists() or WebhookDelivery.objects.exists())
            deliver(webhook_id=webhook.pk, ticket_id=job.args["ticket_id"], job_id=job.pk)
        self.assertEqual(system.received, [])
        self.assertEqual(self.states(), ["WAITING"])

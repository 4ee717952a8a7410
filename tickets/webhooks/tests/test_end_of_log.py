"""What the log says ends with its ticket and with its people; and what is stuck in it is found."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tenants.encryption import decrypt
from tenants.testing import CompanyTestCase
from tickets.calling.tests.action_case import Clock, replies
from tickets.erasing.erase_person import erase_person
from tickets.health.tests.test_doctor import run_doctor
from tickets.keeping.keep_tickets import delete_tickets
from tickets.models import WebhookDelivery
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from tickets.webhooks.change_webhook import encrypt_webhooks_again, make_webhook_secret
from tickets.webhooks.tests.webhook_case import WebhookCase, done


class EndOfLogTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.webhook = self.add_webhook(
            events=["ticket.submitted", "ticket.cancelled"], with_answers=True
        )
        self.ticket = self.submit()
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def deliver(self) -> None:
        with replies((200, {"for": "Uma Urban"})) as system:
            self.run_jobs(system)

    def test_an_erased_person_is_not_named_in_it(self) -> None:
        self.deliver()
        said = "".join(each.body + each.answer for each in self.deliveries())
        self.assertIn("Uma Urban", said)
        erase_person(person_id=self.uma.pk, tickets=[])
        bodies = "".join(each.body for each in self.deliveries())
        self.assertIn(f"Erased person {self.uma.pk}", bodies)
        self.assertIn("Ghent", bodies)
        for each in self.deliveries():
            self.assertNotIn("Uma", each.body + each.answer)

    def test_what_they_typed_goes_with_the_ticket_that_was_chosen(self) -> None:
        self.deliver()
        erase_person(person_id=self.uma.pk, tickets=[self.ticket.pk])
        self.assertEqual({(each.body, each.answer) for each in self.deliveries()}, {("", "")})

    def test_what_was_told_of_a_deleted_ticket_goes_with_it(self) -> None:
        other = self.submit()
        self.assertEqual(len(self.deliveries(ticket_number=self.ticket.pk)), 2)
        delete_tickets([self.ticket.pk])
        self.assertEqual({each.ticket_number for each in self.deliveries()}, {other.pk})

    def test_the_doctor_finds_what_nobody_delivers_and_has_it_delivered(self) -> None:
        self.assertEqual(run_doctor("--quick")[0], 0)
        for job in self.jobs():
            done(job)
        WebhookDelivery.objects.update(due_at=timezone.now() - timedelta(hours=1))
        code, said = run_doctor("--quick")
        self.assertEqual(code, 1)
        self.assertIn("“Hook” is to be told of an event (Ticket submitted)", said)
        self.assertEqual(run_doctor("--quick", "--repair")[0], 0)
        self.deliver()
        self.assertEqual({each.state for each in self.deliveries()}, {"DELIVERED"})

    def test_new_keys_are_taken_for_its_secrets(self) -> None:
        old = self.secret
        new = make_webhook_secret(webhook_id=self.webhook.pk, user=self.alice, now=timezone.now())
        self.assertEqual(encrypt_webhooks_again(), 1)
        self.webhook.refresh_from_db()
        self.assertEqual(decrypt(self.webhook.encrypted), new)
        self.assertEqual(decrypt(self.webhook.old_encrypted), old)

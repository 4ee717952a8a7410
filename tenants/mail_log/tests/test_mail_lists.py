"""The lists of mails: what was sent, what was refused, and sending again."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.audit.models import AuditEvent
from tenants.connection import PUBLIC, company_of
from tenants.mail.models import MailStatus, OutgoingMail, ReceivedMail
from tenants.mail.outbox import message_id_of, queue_mail
from tenants.models import User
from tenants.testing import CompanyTestCase

MAILS = reverse("admin:mail_outgoingmail_changelist")
REFUSED = reverse("admin:mail_receivedmail_changelist")


class MailListTests(CompanyTestCase):
    def queue(self, **values: Any) -> OutgoingMail:
        given = {"to": self.uma, "kind": "test", "subject": "A subject", "text": "T", **values}
        number = queue_mail(**given)
        assert number is not None
        return OutgoingMail.objects.get(pk=number)

    def page(self, address: str, person: User) -> str:
        self.log_in(person)
        answer = self.client.get(address)
        return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)

    def test_an_admin_sees_how_far_mails_are_and_not_what_they_say(self) -> None:
        mail = self.queue(text="Secret words")
        OutgoingMail.objects.update(reason="450 Try later", attempts=3)
        detail = reverse("admin:mail_outgoingmail_change", args=[mail.pk])
        for address in (MAILS, detail):
            page = self.page(address, self.alice)
            for each in (self.uma.email, "A subject", "450 Try later"):
                self.assertIn(each, page)
            self.assertNotIn("Secret words", page)
        for person in (self.uma, self.wendy, self.terry, self.carla):
            self.assertEqual(self.page(MAILS, person), "403")
            self.assertEqual(self.page(REFUSED, person), "403")
        self.assertNotIn(self.uma.email, self.page(MAILS, self.charlie))

    def test_what_a_ticket_is_called_only_who_sees_all_tickets(self) -> None:
        thread = message_id_of("ticket.1")
        mail = self.queue(subject="Uma is ill", in_reply_to=thread, references=[thread])
        detail = reverse("admin:mail_outgoingmail_change", args=[mail.pk])
        for address in (MAILS, detail):
            page = self.page(address, self.alice)
            self.assertNotIn("Uma is ill", page)
            self.assertIn("About a ticket", page)
        self.alice.groups.add(*self.terry.groups.all())
        self.assertIn("Uma is ill", self.page(MAILS, self.alice))

    def test_sending_again(self) -> None:
        mail = self.queue()
        again = reverse("admin:mail_outgoingmail_send_again", args=[mail.pk])
        self.log_in(self.alice)
        said = self.client.post(again, follow=True).content.decode()
        self.assertIn("Only a mail that was given up", said)
        OutgoingMail.objects.update(status=MailStatus.FAILED, reason="550 No")
        self.assertIn("Send again", self.page(reverse("admin:mail_outgoingmail_change",
                                                      args=[mail.pk]), self.alice))  # fmt: skip
        self.client.post(again)
        mail.refresh_from_db()
        self.assertEqual((mail.status, mail.reason), ("WAITING", ""))
        self.assertEqual(AuditEvent.objects.latest("pk").kind, "company.mail_sent_again")
        self.log_in(self.uma)
        self.assertEqual(self.client.post(again).status_code, 403)
        self.log_in(self.charlie)
        self.assertIn(self.client.post(again).status_code, (403, 404))

    def test_refused_answers(self) -> None:
        ReceivedMail.objects.create(digest="a", refusal="EMPTY", sender="a@x.example", ticket_id=7)
        ReceivedMail.objects.create(digest="b", sender="taken@x.example")
        page = self.page(REFUSED, self.alice)
        for each in ("a@x.example", "It has no text of its own", "#7"):
            self.assertIn(each, page)
        self.assertNotIn("taken@x.example", page)
        self.assertIn("a@x.example", self.page(f"{REFUSED}?why=EMPTY", self.alice))
        self.assertNotIn("a@x.example", self.page(f"{REFUSED}?why=FILES", self.alice))

    def test_outside_superusers_see_those_of_the_installation(self) -> None:
        self.queue(subject="Of Acme")
        with company_of(PUBLIC):
            queue_mail(to="new@x.example", kind="test", subject="Outside", text="T")
            ReceivedMail.objects.create(digest="c", refusal="NO_ADDRESS", sender="spam@x.example")
        page = self.page(MAILS, self.root)
        self.assertIn("Outside", page)
        self.assertNotIn("Of Acme", page)
        self.assertIn("spam@x.example", self.page(REFUSED, self.root))

    def test_a_list_costs_the_same_however_long_it_is(self) -> None:
        self.log_in(self.alice)
        counts = []
        for number in (1, 40):
            for each in range(number):
                self.queue(name=f"mail-{number}-{each}")
            self.client.get(MAILS)
            with CaptureQueriesContext(connection) as queries:
                self.client.get(MAILS)
            counts.append(len(queries))
        self.assertEqual(*counts)

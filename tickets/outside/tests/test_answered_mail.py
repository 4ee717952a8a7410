"""Somebody outside answers the mail with the link instead of its form."""

from __future__ import annotations

from email.message import EmailMessage

from django.test import override_settings
from django.utils import timezone

from tenants.connection import company_of, use_company
from tenants.mail.models import ReceivedMail, Refusal
from tickets.models import Message, Ticket
from tickets.notices.reply_address import reply_address
from tickets.outside.tests.test_outside import ADDRESS, OutsideCase
from tickets.replying.take_mail import Taken, take_mail

MAILBOX = "reply@ticketflower.example"


@override_settings(
    MAIL_IN_ADDRESS=MAILBOX, MAIL_IN_TOKEN="a-token-of-the-provider", MAIL_FROM=MAILBOX
)
class AnsweredMailTests(OutsideCase):
    def take(self, to: str) -> Taken:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = ADDRESS, to, "Re: Say when we may come"
        mail["Message-ID"] = "<answer@customer.example>"
        mail.set_content("Come on Monday.")
        try:
            return take_mail(mail.as_bytes(), now=timezone.now())
        finally:
            use_company(self.acme)

    def assert_nothing_came(self, ticket: Ticket) -> None:
        self.assertEqual(Message.objects.count(), 0)
        task = self.task(ticket)
        self.assertEqual((task.status, task.output_data), ("PENDING", None))
        self.assert_sound(ticket)

    def test_such_a_mail_names_no_address_for_answers(self) -> None:
        """An address in it would let whoever writes under another's name write on the ticket."""
        self.ask()
        self.assertEqual([each.reply_to for each in self.mails()], [""])

    def test_what_is_answered_to_its_sender_reaches_no_ticket_and_is_kept_nowhere(self) -> None:
        ticket = self.ask()
        self.assertEqual(self.take(MAILBOX).refusal, Refusal.NO_ADDRESS)
        self.assert_nothing_came(ticket)
        self.assertFalse(ReceivedMail.objects.filter(ticket_id=ticket.pk).exists())

    def test_the_address_of_a_colleague_is_of_no_use_to_them(self) -> None:
        ticket = self.ask()
        to = reply_address(
            company_id=self.acme.pk, ticket_id=ticket.pk, person_id=self.uma.pk,
            is_internal=False, now=timezone.now(),
        )  # fmt: skip
        self.assertEqual(self.take(to).refusal, Refusal.WRONG_SENDER)
        self.assert_nothing_came(ticket)

    def test_another_company_sees_nothing_of_it(self) -> None:
        self.ask()
        self.take(MAILBOX)
        with company_of("globex"):
            self.assertEqual((Ticket.objects.count(), Message.objects.count()), (0, 0))
            self.assertEqual(ReceivedMail.objects.count(), 0)

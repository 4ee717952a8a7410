from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from django.test import override_settings
from django.utils import timezone

from tenants.connection import company_of, use_company
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.roles import SystemRole
from tickets.arriving.set_way_in import Ways, set_way_in
from tickets.arriving.type_address import MailAddress
from tickets.models import FileUpload, SavedAnswers, Ticket
from tickets.replying.take_mail import Taken, take_mail
from tickets.tests.screens import ScreenTestCase

PROVEN = "mx.example; dmarc=pass header.from=acme.example"


@override_settings(
    MAIL_IN_ADDRESS="reply@ticketflower.example",
    MAIL_IN_AUTHSERV_ID="mx.example",
    PUBLIC_URL="https://tickets.example",
    MAIL_FROM="tickets@ticketflower.example",
)
class TicketsByMailTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        ways = Ways(mail_on=True, mail_text="what", mail_files=["doc"])
        way_in = set_way_in(definition=self.definition, ways=ways, user=self.carla)
        self.to = MailAddress(self.acme.pk, way_in.pk).address

    def mail(self, text: str = "A desk, please.", **headers: str) -> EmailMessage:
        mail = EmailMessage()
        values = {
            "From": f"Uma <{self.uma.email}>",
            "To": self.to,
            "Subject": "Büro: a desk",
            "Message-ID": f"<{timezone.now().timestamp()}@example.com>",
            "Authentication-Results": PROVEN,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        for name, value in values.items():
            mail[name] = value
        mail.set_content(text)
        return mail

    def take(self, mail: EmailMessage) -> Taken:
        try:
            return take_mail(mail.as_bytes(), now=timezone.now())
        finally:
            use_company(self.acme)

    def sent(self, kind: str) -> Any:
        with company_of("acme"):
            return OutgoingMail.objects.filter(kind=kind)

    def refused(self) -> list[str]:
        return list(ReceivedMail.objects.refused().values_list("refusal", flat=True))

    def test_a_mail_becomes_a_ticket_once(self) -> None:
        self.assertRegex(self.to, r"^reply\+[a-z2-7]{20,48}@ticketflower\.example$")
        mail = self.mail()
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="a.pdf")
        for _twice in range(2):
            self.assertIsNone(self.take(mail).refusal)
        ticket = Ticket.objects.get()
        self.assertEqual((ticket.title, ticket.created_by), ("Büro: a desk", self.uma))
        self.assertEqual(ticket.data["what"], "A desk, please.")
        self.assertEqual(FileUpload.objects.get(ticket=ticket).filename, "a.pdf")
        (told,) = self.sent("TICKET_BY_MAIL")
        self.assertEqual(told.to, self.uma.email)
        self.assertIn(ticket.number, told.text)

    def test_what_is_missing_is_said_and_the_text_is_kept(self) -> None:
        self.take(self.mail(text=""))
        self.assertFalse(Ticket.objects.exists())
        saved = SavedAnswers.objects.get()
        self.assertEqual((saved.user, saved.title), (self.uma, "Büro: a desk"))
        (told,) = self.sent("TICKET_MISSING")
        self.assertIn("What do you need?", told.text)
        self.assertIn(f"saved={saved.pk}", told.text)
        many = self.mail()
        for name in ("a.txt", "b.txt"):
            many.add_attachment(b"x", maintype="text", subtype="plain", filename=name)
        self.take(many)
        self.assertFalse(Ticket.objects.exists())
        kept = SavedAnswers.objects.exclude(pk=saved.pk).get()
        self.assertEqual(kept.answers["what"], "A desk, please.")
        self.assertEqual(kept.answers["doc"]["filename"], "a.txt")

    def test_who_is_not_heard(self) -> None:
        for headers, why in (
            ({"Authentication_Results": "mx.example; dmarc=fail"}, "FORGED"),
            ({"Authentication_Results": "elsewhere.example; dmarc=pass"}, "FORGED"),
            ({"From": "stranger@other.example"}, "NO_ACCESS"),
            ({"From": self.charlie.email}, "NO_ACCESS"),
            ({"From": self.wendy.email}, "NO_ACCESS"),
            ({"Auto_Submitted": "auto-replied"}, "AUTOMATIC"),
        ):
            with self.subTest(why, **headers):
                self.take(self.mail(**headers))
                self.assertEqual(self.refused()[-1:] or self.refused(), [why])
                ReceivedMail.objects.all().delete()
        self.assertFalse(Ticket.objects.exists())
        # Only somebody of the company is told.
        self.assertEqual({each.to for each in self.sent("TICKET_MISSING")}, {self.wendy.email})
        self.give_role(self.wendy, SystemRole.USER)
        set_way_in(definition=self.definition, ways=Ways(), user=self.carla)
        self.take(self.mail())
        self.assertEqual(self.refused(), ["UNKNOWN_ADDRESS"])

"""Mails as people's programs send them, for tests."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any
from unittest import mock

from django.test import override_settings
from django.utils import timezone

from tenants.connection import company_of, use_company
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.models import User
from tickets.conversation.tests.talk_case import TalkCase
from tickets.models import Message
from tickets.notices.mail_notices import mail_notices
from tickets.replying.take_mail import Taken, take_mail

ADDRESS = "reply@ticketflower.example"
BELOW = "\n\nOn Sun, 3 May 2026 at 10:00, Tickets <tickets@example.com> wrote:\n> What it said\n"


class ReplyCase(TalkCase):
    """Uma's ticket, on which wendy works; mails are answered here."""

    def setUp(self) -> None:
        super().setUp()
        settings = override_settings(
            MAIL_IN_ADDRESS=ADDRESS,
            MAIL_IN_TOKEN="a-token-of-the-provider",
            PUBLIC_URL="https://tickets.example",
            MAIL_FROM="tickets@ticketflower.example",
        )
        settings.enable()
        self.addCleanup(settings.disable)

    def address_of(self, person: User) -> str:
        """Where the newest mail about a notice to somebody is answered to."""
        mail_notices(now=timezone.now())
        mail = OutgoingMail.objects.filter(person_id=person.pk).exclude(reply_to="").first()
        assert mail is not None
        return mail.reply_to

    def mail(
        self, person: User | str, to: str, text: str = "Yes, on Monday.", **headers: str
    ) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = person if isinstance(person, str) else f"{person} <{person.email}>"
        mail["To"] = to
        mail["Subject"] = "Re: a ticket"
        mail["Message-ID"] = f"<{timezone.now().timestamp()}@example.com>"
        for name, value in headers.items():
            del mail[name.replace("_", "-")]
            mail[name.replace("_", "-")] = value
        mail.set_content(text + BELOW)
        return mail

    def take(self, mail: EmailMessage | bytes, **values: Any) -> Taken:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        try:
            return take_mail(raw, now=values.pop("now", timezone.now()), **values)
        finally:
            use_company(self.acme)

    def last(self) -> Message:
        with company_of("acme"):
            message = Message.objects.order_by("pk").last()
        assert message is not None
        return message

    def count(self) -> int:
        with company_of("acme"):
            return Message.objects.count()

    def refused(self, schema: str = "acme") -> list[str]:
        with company_of(schema):
            found = ReceivedMail.objects.refused().order_by("pk")
            return list(found.values_list("refusal", flat=True))

    def answers(self) -> list[str]:
        """To whom polite answers go."""
        with company_of("acme"):
            found = OutgoingMail.objects.filter(kind="REPLY_REFUSED").order_by("pk")
            return list(found.values_list("to", flat=True))


def without_commit() -> Any:
    """A process that dies before it commits the message."""
    return mock.patch(
        "tickets.replying.take_mail.write_message", side_effect=KeyboardInterrupt("killed")
    )

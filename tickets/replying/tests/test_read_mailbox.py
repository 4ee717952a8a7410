"""Replies are read from a real mailbox (Dovecot), and what they answer went to a real server."""

from __future__ import annotations

import os
import unittest
from pathlib import Path
from unittest import mock

from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from tenants.connection import use_company
from tenants.errors import CompanyBehindError
from tenants.limits.table import DAY, Limit
from tenants.mail.incoming.mailbox import Mailbox
from tenants.mail.models import OutgoingMail
from tenants.mail.send_mail import send_mail
from tenants.mail.tests.mail_server import MailServer
from tenants.mail.tests.test_send_mail import certificate
from tickets.notices.mail_notices import mail_notices
from tickets.replying import read_mailbox as reading
from tickets.replying import take_mail as taking
from tickets.replying.read_mailbox import LOCK, read_mailbox
from tickets.replying.take_mail import take_mail
from tickets.replying.tests.imap_server import NOT_FOUND, ImapServer, find_dovecot
from tickets.replying.tests.replies import ReplyCase, without_commit


@unittest.skipUnless(find_dovecot(), NOT_FOUND)
class ReadMailboxTests(ReplyCase):
    """One server for each test method costs a second; so there are few of them."""

    def setUp(self) -> None:
        super().setUp()
        made = certificate()
        _context, file = made.__enter__()
        self.addCleanup(made.__exit__, None, None, None)
        key = Path(file).with_name("key.pem")
        self.server = self.enterContext(ImapServer(certificate=Path(file), key=key))

    def read(self) -> dict[str, int] | None:
        try:
            found = read_mailbox()
        finally:
            use_company(self.acme)
        return None if found is None else dict(found)

    def test_out_by_smtp_and_back_by_imap(self) -> None:
        self.said(self.wendy, "When do you need it?")
        mail_notices(now=timezone.now())
        with MailServer() as server:
            for mail in OutgoingMail.objects.filter(person_id=self.uma.pk):
                send_mail(mail_id=mail.pk)
            [sent] = [each for each in server.received if each["Reply-To"]]
        reply = self.mail(self.uma, str(sent["Reply-To"]), In_Reply_To=str(sent["Message-ID"]))
        self.server.deliver(reply.as_bytes())
        self.server.deliver(b"From: x@example.com\n\nBroken \xff")
        self.server.deliver(self.mail("x@example.com", "y@example.com").as_bytes())
        self.assertEqual(self.read(), {"taken": 1, "refused": 2})
        said = (self.last().text, self.last().written_by)
        self.assertEqual(said, ("Yes, on Monday.", self.uma))
        self.assertEqual((self.server.count(), self.server.count("ALL")), (0, 3))
        self.assertEqual(self.read(), {})

    def test_who_dies_and_what_breaks(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        before = self.count()
        self.server.deliver(self.mail(self.uma, to, "First").as_bytes())
        with without_commit(), self.assertRaises(KeyboardInterrupt):
            self.read()
        # Marked by nobody, as nothing was committed.
        self.assertEqual((self.server.count(), self.count()), (1, before))
        # Committed and not marked: the mail comes again, and makes no second message.
        with (
            mock.patch.object(Mailbox, "done", side_effect=KeyboardInterrupt("killed")),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.read()
        self.assertEqual((self.server.count(), self.count()), (1, before + 1))
        self.assertEqual(self.read(), {"taken": 1})
        self.assertEqual((self.server.count(), self.count()), (0, before + 1))
        # What breaks something stops no other, and is left aside at last.
        few = Limit("attempts at a mail in a test", DAY, 2, remembers=False)

        def broken(raw: bytes, **values: object) -> object:
            if b"Poison" in raw:
                raise RuntimeError
            return take_mail(raw, **values)  # type: ignore[arg-type]

        for text in ("Poison", "Second"):
            self.server.deliver(self.mail(self.uma, to, text).as_bytes())
        with (
            mock.patch.object(reading, "MAIL_ATTEMPTS", few),
            mock.patch.object(reading, "take_mail", broken),
            self.assertLogs("tickets.replying.read_mailbox"),
        ):
            self.assertEqual(self.read(), {"later": 1, "taken": 1})
            self.assertEqual(self.read(), {"later": 1})
            self.assertEqual(self.read(), {"failed": 1})
        self.assertEqual(self.server.count(), 0)
        self.assertEqual(self.refused("public"), ["FAILED"])

    def test_who_waits_for_a_company_that_is_behind_is_never_left_aside(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        before = self.count()
        few = Limit("attempts at a mail in another test", DAY, 2, remembers=False)
        for text in ("First", "Second", "Third"):
            self.server.deliver(self.mail(self.uma, to, text).as_bytes())
        with mock.patch.object(reading, "MAIL_ATTEMPTS", few):
            with mock.patch.object(taking, "ensure_up_to_date", side_effect=CompanyBehindError):
                for _time in range(5):
                    self.assertEqual(self.read(), {"later": 3})
                # They stand before all others in the mailbox, and stop none.
                self.server.deliver(self.mail("x@example.com", "y@example.com").as_bytes())
                with mock.patch.object(reading, "MOST", 2):
                    self.assertEqual(self.read(), {"refused": 1, "later": 1})
            self.assertEqual(self.read(), {"taken": 3})
        self.assertEqual(self.count(), before + 3)

    def test_too_large_moved_and_alone(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        mail.add_attachment(b"x" * 9000, maintype="text", subtype="csv", filename="a.csv")
        self.server.deliver(mail.as_bytes())
        with override_settings(MAIL_IN_MOST_BYTES=5000, MAIL_IN_DONE_FOLDER="Gelesen ü"):
            self.assertEqual(self.read(), {"refused": 1})
        self.assertEqual((self.refused(), self.answers()), (["TOO_LARGE"], [self.uma.email]))
        self.assertEqual(self.server.count("ALL"), 0)
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            self.assertIsNone(self.read())
            cursor.execute("SELECT pg_advisory_unlock_all()")
        other.close()
        with override_settings(MAIL_IN_PASSWORD="wrong"), self.assertRaises(CommandError) as said:
            call_command("read_mailbox")
        self.assertNotIn("wrong", str(said.exception))
        with (
            mock.patch.dict(os.environ, {"SSL_CERT_FILE": os.devnull}),
            self.assertRaisesMessage(CommandError, "CERTIFICATE_VERIFY_FAILED"),
        ):
            call_command("read_mailbox")
        use_company(self.acme)

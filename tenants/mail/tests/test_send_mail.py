"""Mails go from the outbox to a server that a test starts."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import PUBLIC, company_of, use_company
from tenants.mail import send_mail as sending
from tenants.mail.handing_over import RefusedError, TryAgainError
from tenants.mail.looking_after import forget_old, wake_forgotten
from tenants.mail.message import texts_of
from tenants.mail.models import MailStatus, OutgoingMail
from tenants.mail.outbox import (
    LONGEST_HTML,
    LONGEST_TEXT,
    SEND_MAIL,
    NewMail,
    message_id_of,
    queue_mail,
    queue_mails,
)
from tenants.mail.send_mail import (
    NotGivenUpError,
    TextsGoneError,
    _Handing,
    send_again,
    send_mail,
)
from tenants.mail.tests.mail_server import SENDER, MailServer
from tenants.mail.writing import write
from tenants.testing import CompanyTestCase

HOSTILE = "Hello\r\nBcc: everybody@example.com\r\n\r\nBuy!\x00\u2028\x85"


class MailCase(CompanyTestCase):
    def queue(self, **values: Any) -> OutgoingMail:
        given: dict[str, Any] = {
            "to": self.uma,
            "kind": "test",
            "subject": "A subject",
            "text": "A text\n",
            **values,
        }
        found = queue_mail(**given)
        assert found is not None
        return OutgoingMail.objects.get(pk=found)

    def send(self, mail: OutgoingMail) -> OutgoingMail:
        """As its job does, at whatever time it is due."""
        OutgoingMail.objects.filter(pk=mail.pk).update(due_at=timezone.now())
        send_mail(mail_id=mail.pk)
        return OutgoingMail.objects.get(pk=mail.pk)

    def jobs_of(self, mail: OutgoingMail) -> list[ProcrastinateJob]:
        return list(
            ProcrastinateJob.objects.filter(task_name=SEND_MAIL, args__mail_id=mail.pk).order_by(
                "pk"
            )
        )


class OutboxTests(MailCase):
    def test_the_row_and_its_job_stand_or_fall_with_what_causes_them(self) -> None:
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            self.queue()
            _ = 1 / 0
        self.assertEqual(OutgoingMail.objects.count(), 0)
        self.assertFalse(ProcrastinateJob.objects.filter(task_name=SEND_MAIL).exists())
        mail = self.queue()
        [job] = self.jobs_of(mail)
        self.assertEqual((job.queue_name, job.args["schema"]), ("mails", "acme"))
        self.assertEqual(
            (mail.to, mail.person_id, mail.status), (self.uma.email, self.uma.pk, "WAITING")
        )

    def test_a_mail_and_a_hundred_take_two_statements(self) -> None:
        OutgoingMail.objects.count()  # chooses the company
        with self.assertNumQueries(2):
            queue_mail(to=self.uma, kind="test", subject="One", text="One")
        many = [
            NewMail(to=f"p{each}@example.com", kind="test", subject="Many", text="Many")
            for each in range(100)
        ]
        with self.assertNumQueries(2):
            ids = queue_mails(many)
        self.assertEqual(len(ids), 100)
        self.assertEqual(queue_mails([]), [])

    def test_a_company_knows_nothing_of_the_outbox_of_another_or_of_the_installation(self) -> None:
        self.queue()
        with company_of(PUBLIC):
            outside = queue_mail(to="new@example.com", kind="test", subject="Out", text="Out")
            self.assertEqual(OutgoingMail.objects.count(), 1)
            [job] = ProcrastinateJob.objects.filter(args__mail_id=outside, args__schema=PUBLIC)
        use_company(self.globex)
        self.assertEqual(OutgoingMail.objects.count(), 0)
        use_company(self.acme)
        with MailServer() as server, company_of(job.args["schema"]):
            send_mail(mail_id=job.args["mail_id"])
        self.assertEqual(server.recipients, ["new@example.com"])
        self.assertEqual(OutgoingMail.objects.get().status, MailStatus.WAITING)

    def test_a_name_is_put_into_the_outbox_once(self) -> None:
        first = self.queue(name="ticket-5.event-7")
        self.assertIsNone(
            queue_mail(to=self.walt, kind="test", subject="S", text="T", name="ticket-5.event-7")
        )
        self.assertEqual(first.message_id, message_id_of("ticket-5.event-7"))
        self.assertEqual(len(self.jobs_of(first)), 1)
        use_company(self.globex)
        self.assertNotEqual(first.message_id, message_id_of("ticket-5.event-7"))

    def test_what_has_no_end_is_cut(self) -> None:
        mail = self.queue(
            subject="s" * 5_000, text="t" * (LONGEST_TEXT + 5), html="h" * (LONGEST_HTML + 1)
        )
        self.assertEqual((len(mail.subject), len(mail.text), mail.html), (200, LONGEST_TEXT, ""))

    def test_what_is_no_address_or_number_is_refused(self) -> None:
        for values in (
            {"to": " "},
            {"to": f"{'a' * 250}@example.com"},
            {"name": "a b"},
            {"name": "a>\r\nBcc: x"},
            {"in_reply_to": "no number"},
            {"references": ["<a@b>\r\nBcc: x"]},
        ):
            with self.subTest(values), self.assertRaises(ValueError):
                self.queue(**values)

    def test_a_secret_stands_encrypted_and_goes_with_its_mail(self) -> None:
        mail = self.queue(text="https://secret.example/token", html="<p>token</p>", is_secret=True)
        self.assertNotIn("token", mail.text + mail.html)
        with MailServer() as server:
            sent = self.send(mail)
        self.assertEqual((sent.text, sent.html), ("", ""))
        body = server.received[0].get_body(("plain",))
        assert body is not None
        self.assertEqual(body.get_content().strip(), "https://secret.example/token")
        with MailServer(at_recipient=lambda number: "550 No such user"):
            refused = self.send(self.queue(text="token", is_secret=True))
        self.assertEqual((refused.status, refused.text), (MailStatus.FAILED, ""))
        with self.assertRaises(TextsGoneError):
            send_again(mail=refused)


class SendMailTests(MailCase):
    def test_a_mail_arrives_with_its_headers_and_both_texts(self) -> None:
        text = ".begins with a dot\n..\nZürich, 東京\n" + "long " * 400
        mail = self.queue(
            subject="Urlaub für Jörg 🌴",
            text=text,
            html="<p>Zürich</p>",
            name="ticket-5.event-7",
            in_reply_to="<one@example.com>",
            references=["<zero@example.com>", "<one@example.com>"],
            reply_to="reply+abc@example.com",
            list_unsubscribe="https://tickets.example/unsubscribe/abc",
        )
        with MailServer() as server:
            sent = self.send(mail)
        self.assertEqual((sent.status, sent.attempts, sent.text), (MailStatus.SENT, 1, ""))
        [message] = server.received
        self.assertEqual(server.senders, ["tickets@ticketflower.example"])
        self.assertEqual(server.recipients, [self.uma.email])
        expected = {
            "From": SENDER,
            "To": self.uma.email,
            "Subject": "Urlaub für Jörg 🌴",
            "Message-ID": message_id_of("ticket-5.event-7"),
            "In-Reply-To": "<one@example.com>",
            "References": "<zero@example.com> <one@example.com>",
            "Reply-To": "reply+abc@example.com",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "List-Unsubscribe": "<https://tickets.example/unsubscribe/abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        self.assertEqual({name: message[name] for name in expected}, expected)
        self.assertTrue(message["Date"])
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        assert plain is not None
        assert html is not None
        self.assertEqual(plain.get_content().splitlines(), text.splitlines())
        self.assertEqual(html.get_content().strip(), "<p>Zürich</p>")
        self.assertTrue(server.raw[0].isascii())
        self.assertLess(max(map(len, server.raw[0].splitlines())), 998)

    def test_nothing_that_somebody_typed_becomes_a_header(self) -> None:
        mail = self.queue(
            subject=HOSTILE,
            text=HOSTILE,
            html=HOSTILE,
            reply_to="a@example.com\r\nBcc: x@example.com",
            list_unsubscribe="https://tickets.example/\r\nBcc: x@example.com",
        )
        with MailServer() as server:
            self.send(mail)
            mail = OutgoingMail.objects.get(pk=mail.pk)
            # The address that is none is refused, and the mail with it.
            self.assertEqual(mail.status, MailStatus.FAILED)
            self.send(
                self.queue(subject=HOSTILE, text=HOSTILE, list_unsubscribe=mail.list_unsubscribe)
            )
        [message] = server.received
        self.assertEqual(message["Subject"], "Hello Bcc: everybody@example.com Buy!")
        self.assertNotIn("Bcc", message)
        self.assertEqual(server.recipients, [self.uma.email])

    def test_an_address_that_no_server_takes_is_given_up_at_once(self) -> None:
        for address in ("no address", "ü@example.com", "a@b@c d", "a@" + "x" * 70 + ".example"):
            with self.subTest(address), MailServer() as server:
                mail = self.send(self.queue(to=address))
                self.assertEqual((mail.status, server.mails), (MailStatus.FAILED, 0))
                self.assertTrue(mail.reason)

    def test_a_domain_is_written_as_the_network_knows_it(self) -> None:
        with MailServer() as server:
            self.send(self.queue(to="a@bücher.example"))
        self.assertEqual(server.recipients, ["a@xn--bcher-kva.example"])

    def test_it_is_sent_once_however_often_its_job_runs(self) -> None:
        mail = self.queue()
        with MailServer() as server:
            for _ in range(3):
                self.send(mail)
        self.assertEqual(len(server.received), 1)

    def test_whoever_comes_second_while_it_is_handed_over_sends_nothing(self) -> None:
        mail = self.queue()
        with MailServer() as server:
            server.at_recipient = lambda number: "250 OK"
            first = OutgoingMail.objects.get(pk=mail.pk)
            self.assertEqual(self.send(mail).status, MailStatus.SENT)
            # The other has read the row before, and comes to its end only now.
            OutgoingMail.objects.filter(pk=mail.pk).update(status=MailStatus.HANDING_OVER)
            self.assertFalse(_Handing(first).do(b"Subject: twice\r\n\r\ntext\r\n", mail.to))
        self.assertEqual(len(server.received), 1)

    def send_while(
        self, mail: OutgoingMail, meanwhile: Callable[[], object], error: Exception, *, taken: bool
    ) -> OutgoingMail:
        """Something happens while a job hands a mail over, before or after it has taken the row;
        then it hears a no."""

        def hand_over(*_args: object, before_the_end: Callable[[], bool], **_more: object) -> None:
            if taken:
                self.assertTrue(before_the_end())
            meanwhile()
            raise error

        with mock.patch.object(sending, "hand_over", hand_over):
            return self.send(mail)

    def test_whoever_comes_second_and_hears_a_no_leaves_what_another_has_taken(self) -> None:
        for error in (TryAgainError("451 Later"), RefusedError("550 No such user")):
            with self.subTest(error.reason):
                mail = self.queue()
                first = _Handing(OutgoingMail.objects.get(pk=mail.pk))
                left = self.send_while(mail, first.take, error, taken=False)
                self.assertEqual(left.status, MailStatus.HANDING_OVER)
                self.assertEqual(len(self.jobs_of(mail)), 1)

    def test_whoever_comes_while_the_answer_is_waited_for_leaves_it_to_who_waits(self) -> None:
        mail = self.queue(text="token", is_secret=True)
        left = self.send_while(
            mail, lambda: send_mail(mail_id=mail.pk), TryAgainError("451 Later"), taken=True
        )
        self.assertEqual((left.status, left.reason), (MailStatus.WAITING, "451 Later"))
        self.assertEqual(texts_of(left)[0], "token")
        self.assertEqual(len(self.jobs_of(mail)), 2)

    def test_who_was_held_for_dead_and_hears_a_no_says_so(self) -> None:
        for is_secret, expected in ((False, MailStatus.WAITING), (True, MailStatus.FAILED)):
            with (
                self.subTest(is_secret=is_secret),
                mock.patch.object(sending, "GONE_AFTER", timedelta()),
            ):
                mail = self.queue(is_secret=is_secret)
                left = self.send_while(
                    mail,
                    lambda mail=mail: send_mail(mail_id=mail.pk),  # type: ignore[misc]
                    TryAgainError("451 Later"),
                    taken=True,
                )
                self.assertEqual((left.status, left.reason), (expected, "451 Later"))

    def test_one_that_was_broken_off_is_left_after_a_while(self) -> None:
        mail = self.queue()
        _Handing(mail).take()
        self.assertEqual(self.send(mail).status, MailStatus.HANDING_OVER)
        long_ago = timezone.now() - sending.GONE_AFTER
        OutgoingMail.objects.filter(pk=mail.pk).update(changed_at=long_ago)
        self.assertEqual(self.send(mail).status, MailStatus.UNSURE)

    def test_a_server_that_puts_off_is_asked_again_later(self) -> None:
        mail = self.queue()
        with MailServer(
            at_recipient=lambda number: "451 4.7.1 Greylisted" if number == 0 else "250 OK"
        ) as server:
            waiting = self.send(mail)
            self.assertEqual((waiting.status, waiting.attempts), (MailStatus.WAITING, 1))
            self.assertEqual(waiting.reason, "451 4.7.1 Greylisted")
            self.assertGreater(waiting.due_at, timezone.now())
            job = self.jobs_of(mail)[-1]
            assert job.scheduled_at is not None
            self.assertAlmostEqual(
                job.scheduled_at.timestamp(), waiting.due_at.timestamp(), delta=1
            )
            send_mail(mail_id=mail.pk)  # too early
            self.assertEqual(len(server.recipients), 1)
            sent = self.send(mail)
        self.assertEqual((sent.status, sent.attempts, sent.reason), (MailStatus.SENT, 2, ""))
        self.assertEqual(len(server.received), 1)

    def test_pauses_grow_and_end(self) -> None:
        mail = self.queue()
        pauses = []
        with MailServer(at_end=lambda number: "452 Full"):
            for _ in range(40):
                before = timezone.now()
                mail = self.send(mail)
                if mail.status != MailStatus.WAITING:
                    break
                pauses.append((mail.due_at - before).total_seconds())
            self.assertGreater(pauses[5], 10 * pauses[0])
            self.assertLess(max(pauses), 6 * 3600)
            OutgoingMail.objects.filter(pk=mail.pk).update(give_up_at=timezone.now())
            mail = self.send(mail)
        self.assertEqual((mail.status, mail.reason), (MailStatus.FAILED, "452 Full"))
        self.assertIn("A text", mail.text)

    def test_what_is_refused_for_good_is_given_up_with_the_reason(self) -> None:
        refusals: tuple[dict[str, Any], ...] = (
            {"at_recipient": lambda number: "550 5.1.1 No such user"},
            {"at_end": lambda number: "554 5.7.1 Spam"},
        )
        for values in refusals:
            with self.subTest(values), MailServer(**values) as server:
                mail = self.send(self.queue())
                self.assertEqual(mail.status, MailStatus.FAILED)
                self.assertRegex(mail.reason, r"^55")
                self.assertEqual((server.received, len(self.jobs_of(mail))), ([], 1))

    def test_a_connection_that_is_cut_before_the_end_is_tried_again(self) -> None:
        mail = self.queue()
        with MailServer(at_recipient=lambda number: None if number == 0 else "250 OK") as server:
            self.assertEqual(self.send(mail).status, MailStatus.WAITING)
            self.assertEqual(self.send(mail).status, MailStatus.SENT)
        self.assertEqual(len(server.received), 1)

    def test_one_that_is_cut_after_it_may_have_been_sent_and_is_left(self) -> None:
        mail = self.queue()
        with MailServer(at_end=lambda number: None) as server:
            self.assertEqual(self.send(mail).status, MailStatus.UNSURE)
            self.assertEqual(self.send(mail).status, MailStatus.UNSURE)
            self.assertEqual(server.mails, 1)
        send_again(mail=mail)  # somebody has looked
        with MailServer() as server:
            self.assertEqual(self.send(mail).status, MailStatus.SENT)
        with self.assertRaises(NotGivenUpError):
            send_again(mail=mail)

    def test_a_server_that_says_nothing_is_given_up_in_time(self) -> None:
        with silent_server() as port, MailServer() as server:
            quiet = {"MAIL_PORT": port, "MAIL_TIMEOUT_SECONDS": 0.2}
            with override_settings(**quiet):
                mail = self.send(self.queue())
        self.assertEqual((mail.status, server.mails), (MailStatus.WAITING, 0))
        self.assertIn("timed out", mail.reason)

    def test_nobody_there_is_tried_again(self) -> None:
        with MailServer():
            pass
        with override_settings(MAIL_HOST="127.0.0.1", MAIL_PORT=1, MAIL_SECURITY="none"):
            self.assertEqual(self.send(self.queue()).status, MailStatus.WAITING)

    def test_user_and_password(self) -> None:
        with MailServer(user="tf", password="right") as server:
            with override_settings(MAIL_USER="tf", MAIL_PASSWORD="wrong"):
                mail = self.send(self.queue())
                # A mistake in the settings: no reason to lose a mail.
                self.assertEqual(mail.status, MailStatus.WAITING)
                self.assertRegex(mail.reason, "^535")
                self.assertNotIn("wrong", mail.reason)
            with override_settings(MAIL_USER="tf", MAIL_PASSWORD="right"):
                self.assertEqual(self.send(mail).status, MailStatus.SENT)
        self.assertEqual(len(server.received), 1)

    def test_nothing_goes_in_the_clear_where_tls_is_wanted(self) -> None:
        with MailServer() as server, override_settings(MAIL_SECURITY="starttls"):
            mail = self.send(self.queue())
        self.assertEqual((mail.status, server.recipients), (MailStatus.WAITING, []))
        self.assertIn("STARTTLS", mail.reason)

    def test_with_tls_the_certificate_is_checked(self) -> None:
        for is_known in (False, True):
            with self.subTest(is_known=is_known), certificate() as (server_context, file):
                trusted = {"SSL_CERT_FILE": file} if is_known else {}
                wanted = {"MAIL_SECURITY": "starttls", "MAIL_HOST": "localhost"}
                with (
                    mock.patch.dict(os.environ, trusted),
                    MailServer(tls=server_context) as server,
                    override_settings(**wanted),
                ):
                    mail = self.send(self.queue())
                self.assertEqual(mail.status == MailStatus.SENT, is_known)
                self.assertEqual(len(server.received), int(is_known))


@contextmanager
def certificate() -> Iterator[tuple[ssl.SSLContext, str]]:
    """A server's context for `localhost`, and the file of whoever trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    with tempfile.TemporaryDirectory() as folder:
        file, key_file = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file, key_file)
        yield context, str(file)


@contextmanager
def silent_server() -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


class WithoutServerTests(MailCase):
    def test_mails_are_written_to_files(self) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(MAIL_HOST="", MAIL_FOLDER=Path(folder) / "new"),
        ):
            mail = self.send(self.queue(subject="Into a file"))
            self.assertEqual(mail.status, MailStatus.SENT)
            [file] = (Path(folder) / "new").iterdir()
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
        self.assertEqual((message["Subject"], message["To"]), ("Into a file", self.uma.email))
        self.assertEqual(file.suffix, ".eml")

    def test_a_folder_that_cannot_be_written_is_tried_again(self) -> None:
        with (
            tempfile.NamedTemporaryFile() as file,
            override_settings(MAIL_HOST="", MAIL_FOLDER=Path(file.name)),
        ):
            self.assertEqual(self.send(self.queue()).status, MailStatus.WAITING)


class UpkeepTests(MailCase):
    def test_a_mail_whose_job_was_lost_gets_another_one(self) -> None:
        lost, fresh, ended = self.queue(), self.queue(), self.queue()
        OutgoingMail.objects.filter(pk__in=(lost.pk, ended.pk)).update(
            due_at=timezone.now() - timedelta(hours=1)
        )
        OutgoingMail.objects.filter(pk=ended.pk).update(status=MailStatus.FAILED)
        with company_of(PUBLIC):
            self.assertEqual(wake_forgotten(), 1)
        self.assertEqual([len(self.jobs_of(each)) for each in (lost, fresh, ended)], [2, 1, 1])

    def test_old_rows_are_deleted_when_nothing_happens_to_them_any_more(self) -> None:
        old, waiting = self.queue(), self.queue()
        OutgoingMail.objects.filter(pk=old.pk).update(status=MailStatus.SENT)
        OutgoingMail.objects.update(created_at=timezone.now() - timedelta(days=40))
        recent = self.queue()
        with company_of(PUBLIC):
            forget_old()
        self.assertEqual(
            set(OutgoingMail.objects.values_list("pk", flat=True)), {waiting.pk, recent.pk}
        )


class SetUpTests(MailCase):
    def test_send_test_mail(self) -> None:
        out = StringIO()
        with MailServer() as server:
            call_command("send_test_mail", "you@example.com", stdout=out)
        self.assertIn("has taken a mail", out.getvalue())
        [message] = server.received
        self.assertEqual(message["To"], "you@example.com")
        with MailServer(at_recipient=lambda number: "550 Relaying denied"):
            with self.assertRaisesMessage(CommandError, "550 Relaying denied"):
                call_command("send_test_mail", "you@example.com")
            with self.assertRaisesMessage(CommandError, "not one"):
                call_command("send_test_mail", "you")
        with (
            tempfile.TemporaryDirectory() as folder,
            override_settings(MAIL_HOST="", MAIL_FOLDER=Path(folder)),
        ):
            call_command("send_test_mail", "you@example.com", stdout=out)
            self.assertEqual(len(list(Path(folder).glob("*.eml"))), 1)
        self.assertIn("MAIL_HOST is not set", out.getvalue())

    def test_mistakes_in_the_settings_are_said_at_the_start(self) -> None:
        with MailServer():
            self.assertEqual(
                [each.id for each in run_checks() if str(each.id).startswith("mail.")], []
            )
            with override_settings(MAIL_FROM="nobody", PUBLIC_URL="", MAIL_SECURITY="some"):
                found = {each.id for each in run_checks()}
        self.assertLessEqual({"mail.E001", "mail.E002", "mail.E003"}, found)

    def test_a_sender_whose_domain_has_an_umlaut(self) -> None:
        with (
            MailServer() as server,
            override_settings(MAIL_FROM="Bücher <tickets@bücher.example>"),
        ):
            found = [each.id for each in run_checks() if str(each.id).startswith("mail.")]
            sent = self.send(self.queue())
        self.assertEqual((found, sent.status), ([], MailStatus.SENT))
        self.assertEqual(server.senders, ["tickets@xn--bcher-kva.example"])
        [message] = server.received
        self.assertEqual(message["From"], "Bücher <tickets@xn--bcher-kva.example>")
        self.assertTrue(message["Message-ID"].endswith("@xn--bcher-kva.example>"))

    def test_a_sender_that_the_network_has_no_form_for(self) -> None:
        with MailServer() as server:
            for address in ("tickets@" + "ü" * 60 + ".example", "tüte@example.com"):
                with self.subTest(address), override_settings(MAIL_FROM=address):
                    self.assertIn("mail.E002", [each.id for each in run_checks()])
                    waits = self.send(self.queue())
                    self.assertNotEqual(waits.status, MailStatus.SENT)
                    self.assertTrue(waits.reason)
        self.assertEqual(server.received, [])

    def test_what_a_template_writes(self) -> None:
        with override_settings(PUBLIC_URL="https://tickets.example"):
            written = write("mail/test", company="Smith & <Sons>", path="/app/")
        self.assertIn("https://tickets.example/app/", written.text)
        self.assertIn("Smith & <Sons>", written.text)
        self.assertNotIn("\n\n\n", written.text)
        self.assertIn("Smith &amp; &lt;Sons&gt;", written.html)
        self.assertIn('href="https://tickets.example/app/"', written.html)

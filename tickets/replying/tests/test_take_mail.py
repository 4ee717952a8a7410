"""What becomes of mails that are sent to the addresses for replies."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.core.checks import run_checks
from django.test import override_settings
from django.utils import timezone

from tenants.connection import use_company
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.mail.tests.mail_server import free_port
from tenants.models import Company, User
from tenants.testing import CompanyClient
from tickets.conversation import write_message
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.errors import MayNotWriteError
from tickets.models import FileUpload, Message, Notice, Visibility
from tickets.models.message import LONGEST_MESSAGE
from tickets.notices.reply_address import DAYS, read_token, reply_address
from tickets.replying import jobs, take_mail
from tickets.replying.tests.replies import ADDRESS, ReplyCase, without_commit


class TakeMailTests(ReplyCase):
    def test_an_answer_becomes_a_message_without_what_it_quotes(self) -> None:
        self.said(self.wendy, "When do you need it?")
        to = self.address_of(self.uma)
        self.assertRegex(to, r"^reply\+[a-z2-7]{20,48}@ticketflower\.example$")
        self.assertIsNone(self.take(self.mail(self.uma, to)).refusal)
        message = self.last()
        said = (message.text, message.written_by, message.ticket, message.visibility)
        self.assertEqual(said, ("Yes, on Monday.", self.uma, self.ticket, Visibility.PUBLIC))
        self.assertTrue(Notice.objects.filter(recipient=self.wendy, kind="MESSAGE").exists())

    def test_the_mail_says_what_was_written_and_who_reads_an_answer(self) -> None:
        self.said(self.wendy, "When do you need <it>?")
        self.said(self.terry, "Only for us", Visibility.INTERNAL)
        self.address_of(self.uma)
        to_uma = OutgoingMail.objects.get(person_id=self.uma.pk, kind="MESSAGE")
        self.assertIn("When do you need <it>?", to_uma.text)
        self.assertIn("When do you need &lt;it&gt;?", to_uma.html)
        self.assertIn("everybody who takes part", to_uma.text)
        to_wendy = OutgoingMail.objects.get(person_id=self.wendy.pk, kind="MESSAGE")
        self.assertIn("Only for us", to_wendy.text)
        self.assertIn("only the team", to_wendy.text)

    def test_the_same_mail_twice_is_one_message(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        before = self.count()
        self.assertEqual([self.take(mail).refusal for _time in range(3)], [None] * 3)
        self.assertEqual(self.count(), before + 1)
        self.assertEqual(ReceivedMail.objects.count(), 1)

    def test_who_dies_before_the_commit_leaves_nothing_and_the_next_takes_it(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        before = self.count()
        with without_commit(), self.assertRaises(KeyboardInterrupt):
            self.take(mail)
        self.assertEqual((self.count(), ReceivedMail.objects.count()), (before, 0))
        self.take(mail)
        self.assertEqual((self.count(), ReceivedMail.objects.count()), (before + 1, 1))

    def test_an_answer_to_a_note_stays_with_the_team(self) -> None:
        self.said(self.terry, "Is she right?", Visibility.INTERNAL)
        to = self.address_of(self.wendy)
        self.take(self.mail(self.wendy, to, "No."))
        self.assertEqual((self.last().text, self.last().visibility), ("No.", Visibility.INTERNAL))

    def test_an_answer_to_a_note_of_who_left_the_team_is_refused_and_shown_to_nobody(self) -> None:
        self.said(self.wendy, "What do you say?")
        self.said(self.wendy, "@Terry Tickets look", Visibility.INTERNAL)
        self.said(self.terry, "An own note", Visibility.INTERNAL)
        to = self.address_of(self.wendy)
        found = read_token(to.partition("+")[2].partition("@")[0])
        assert found is not None
        self.assertTrue(found.is_internal)
        as_uma = reply_address(
            company_id=self.acme.pk,
            ticket_id=self.ticket.pk,
            person_id=self.uma.pk,
            is_internal=True,
            now=timezone.now(),
        )
        before = self.count()
        self.take(self.mail(self.uma, as_uma))
        self.assertEqual((self.count(), self.refused()), (before, ["NO_ACCESS"]))

    def test_the_requesters_answer_lets_the_task_go_on(self) -> None:
        ask_requester(
            task=self.task, user=self.wendy, text="Which?", token="a" * 32, now=timezone.now()
        )
        self.task.refresh_from_db()
        self.assertTrue(self.task.waits_for_answer)
        self.take(self.mail(self.uma, self.address_of(self.uma), "The blue one."))
        self.task.refresh_from_db()
        self.assertFalse(self.task.waits_for_answer)
        self.assertTrue(self.task.is_workable)

    def test_files_come_along(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../Büro.pdf")
        mail.add_attachment(
            b"logo", maintype="image", subtype="png", cid="<l>", disposition="inline"
        )
        self.take(mail)
        files = FileUpload.objects.filter(message=self.last())
        self.assertEqual(list(files.values_list("filename", flat=True)), ["Büro.pdf"])

    def test_of_too_large_a_file_nothing_is_kept(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        mail.add_attachment(b"x" * 2000, maintype="text", subtype="csv", filename="a.csv")
        before = self.count()
        with override_settings(MAX_UPLOAD_BYTES=1000):
            self.take(mail)
        self.assertEqual((self.count(), self.refused()), (before, ["FILES"]))
        self.assertEqual(self.answers(), [self.uma.email])

    def test_of_a_mail_that_is_no_message_no_file_is_kept(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)

        def take(**changed: object) -> str | None:
            mail = self.mail(self.uma, to, **{"text": "Hi", **changed})  # type: ignore[arg-type]
            for name in ("a.csv", "b.csv"):
                mail.add_attachment(b"x" * 700_000, maintype="text", subtype="csv", filename=name)
            refusal = self.take(mail).refusal
            return None if refusal is None else refusal.value

        def used() -> int:
            return Company.objects.get(pk=self.acme.pk).file_bytes

        before, room = self.count(), used()
        self.assertEqual(take(text="x" * (LONGEST_MESSAGE + 1)), "TOO_LONG")
        with mock.patch.object(write_message, "MOST_AN_HOUR", 0):
            self.assertEqual(take(), "TOO_MANY")
        with mock.patch.object(take_mail, "write_message", side_effect=MayNotWriteError):
            self.assertEqual(take(), "NO_ACCESS")
        with (
            mock.patch.object(take_mail, "write_message", side_effect=RuntimeError),
            self.assertRaises(RuntimeError),
        ):
            take()
        # There is room for the first one only.
        Company.objects.filter(pk=self.acme.pk).update(most_stored_mb=1, database_bytes=0)
        self.assertEqual(take(), "STORAGE")
        found = (self.count(), used(), FileUpload.objects.count())
        self.assertEqual(found, (before, room, 0))

    def test_too_long_or_too_many_is_known_before_files_are_kept(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        with mock.patch.object(take_mail, "keep_file", side_effect=AssertionError):
            for text, most, refusal in (("x" * (LONGEST_MESSAGE + 1), 120, "TOO_LONG"),
                                        ("Hi", 0, "TOO_MANY")):  # fmt: skip
                mail = self.mail(self.uma, to, text)
                mail.add_attachment(b"x", maintype="text", subtype="csv", filename="a.csv")
                with mock.patch.object(write_message, "MOST_AN_HOUR", most):
                    self.assertEqual(self.take(mail).refusal, refusal)

    def test_headers_decide_who_is_heard_and_the_rest_is_read_of_those_only(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        many = b"--b\n\nx\n" * 200

        def raw(sender: str, to: str, *more: str) -> bytes:
            lines = (f"From: {sender}", f"To: {to}", f"Message-ID: <{len(seen)}@x.example>",
                     "Content-Type: multipart/mixed; boundary=b", *more)  # fmt: skip
            return "\n".join(lines).encode() + b"\n\n" + many

        seen: list[str] = []
        auto = "Auto-Submitted: auto-replied"
        for sender, address, *more in (
            (self.uma.email, "nobody@example.com"),
            (self.uma.email, f"reply+{'a' * 40}@ticketflower.example"),
            ("stranger@elsewhere.example", to),
            (self.uma.email, to, auto),
            (self.uma.email, to),
        ):
            refusal = self.take(raw(sender, address, *more)).refusal
            seen.append("" if refusal is None else refusal.value)
        self.assertEqual(
            seen, ["NO_ADDRESS", "UNKNOWN_ADDRESS", "WRONG_SENDER", "AUTOMATIC", "UNREADABLE"]
        )
        # Whoever we know is told, once.
        self.assertEqual(self.answers(), [self.uma.email])
        self.assertEqual(self.refused()[-1], "UNREADABLE")

    def test_only_from_the_person_whom_the_mail_was_sent_to(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        senders = ("stranger@elsewhere.example", self.charlie.email, self.wendy.email,
                   f"{self.uma.email}, stranger@elsewhere.example", "")  # fmt: skip
        before = self.count()
        for sender in senders:
            self.take(self.mail(sender or "nobody", to))
        self.assertEqual(self.count(), before)
        self.assertEqual(self.refused(), ["WRONG_SENDER"] * len(senders))
        # Strangers hear nothing: they may have written nothing.
        self.assertEqual(self.answers(), [self.wendy.email])

    def test_what_was_changed_in_the_address_leads_nowhere(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        local, _at, domain = to.partition("@")
        token = local.partition("+")[2]
        for place in range(len(token)):
            other = "a" if token[place] != "a" else "b"
            forged = f"{token[:place]}{other}{token[place + 1 :]}"
            found = read_token(forged)
            # The last sign has bits that say nothing.
            self.assertTrue(found is None or place == len(token) - 1)
        before = self.count()
        self.take(self.mail(self.uma, f"reply+b{token[1:-1]}@{domain}"))
        self.take(self.mail(self.uma, ADDRESS))
        self.assertEqual(self.count(), before)
        self.assertEqual(self.refused("public"), ["UNKNOWN_ADDRESS", "NO_ADDRESS"])

    def test_mail_servers_may_write_it_in_capitals(self) -> None:
        self.said(self.wendy)
        self.assertIsNone(self.take(self.mail(self.uma, self.address_of(self.uma).upper())).refusal)

    def test_an_old_mail_is_not_answered_any_more(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        later = timezone.now() + timedelta(days=DAYS + 1)
        self.take(mail, now=later)
        self.assertEqual((self.refused(), self.answers()), (["EXPIRED"], [self.uma.email]))

    def test_programs_are_refused_and_never_answered(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        ours = OutgoingMail.objects.latest("pk").message_id
        before = self.count()
        headers: list[dict[str, str]] = [
            {"Auto_Submitted": "auto-replied (vacation)"},
            {"X_Auto_Response_Suppress": "All"},
            {"Precedence": "bulk"},
            {"List_Id": "<list.example.com>"},
            {"Return_Path": "<>"},
            {"Message_ID": ours},
            {"From": "tickets@ticketflower.example"},
            {"From": to},
            {"From": "MAILER-DAEMON@example.com"},
        ]
        for each in headers:
            self.take(self.mail(self.uma, to, **each))
        self.assertEqual(self.count(), before)
        self.assertEqual(
            self.refused(), ["AUTOMATIC"] * 4 + ["BOUNCED"] + ["OWN"] * 3 + ["BOUNCED"]
        )
        self.assertEqual(self.answers(), [])

    def test_a_person_of_the_same_domain_is_no_program(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        number = "<3f2b8c9e-1d2c-4a5b-9e8f-0123456789ab@ticketflower.example>"
        mail = self.mail(self.uma, to, Message_ID=number, Auto_Submitted="no")
        self.assertIsNone(self.take(mail).refusal)

    def test_what_the_own_mail_server_found_forged(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        found = {
            "mx.example.com; spf=pass; dmarc=fail (p=none) header.from=example.com": "FORGED",
            "mx.example.com 1; spf=fail smtp.mailfrom=x": "FORGED",
            "MX.example.com; spf=fail; dmarc=pass": None,
            "mx.example.com; spf=softfail; dkim=none": None,
            "other.example.com; dmarc=fail": None,
            "mx.example.com; none": None,
            'mx.example.com; spf=pass smtp.mailfrom="a;dmarc=pass;b"@x; dmarc=fail': "FORGED",
            'mx.example.com; spf=none smtp.mailfrom="(a"@x; dmarc=fail; dkim=none': "FORGED",
            'mx.example.com; spf=none smtp.mailfrom="a\\";dmarc=pass"@x; dmarc=fail': "FORGED",
            "mx.example.com; spf=none smtp.mailfrom=a;dmarc=pass@x; dmarc=fail": "FORGED",
            "mx.example.com; dmarc=pass; spf=fail; dmarc=none": "FORGED",
            "mx.example.com; spf=none (a (b (c) d; dmarc=pass) e) x=y; dmarc=fail": "FORGED",
            "mx.example.com; spf=none (a (b; dmarc=fail": "FORGED",
            'mx.example.com; spf=none smtp.mailfrom="a; dmarc=fail': "FORGED",
            f"mx.example.com; {'dkim=none header.d=x; ' * 300} dmarc=fail": "FORGED",
            "mx.example.com; dmarc/1 = fail": "FORGED",
            'mx.example.com; spf=pass (a " (b) \\( c) smtp.mailfrom="a (b"@x; dmarc=pass': None,
        }
        with override_settings(MAIL_IN_AUTHSERV_ID="mx.example.com"):
            for header, refusal in found.items():
                with self.subTest(header):
                    mail = self.mail(self.uma, to, Authentication_Results=header)
                    self.assertEqual(self.take(mail).refusal, refusal)
        self.assertEqual(self.answers(), [])

    def test_a_polite_answer_a_day(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        for _time in range(3):
            self.take(self.mail(self.uma, to, " "))
        self.assertEqual(self.refused(), ["EMPTY"] * 3)
        self.assertEqual(self.answers(), [self.uma.email])

    def test_who_is_switched_off_or_whose_company_is(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        User.objects.filter(pk=self.uma.pk).update(is_active=False)
        self.take(self.mail(self.uma, to))
        self.assertEqual((self.refused(), self.answers()), (["NO_ACCESS"], []))
        self.acme.is_active = False
        self.acme.save()
        self.take(self.mail(self.uma, to))
        self.assertEqual(self.refused("public"), ["SWITCHED_OFF"])

    def test_another_company_sees_nothing_of_it(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma)
        self.take(self.mail(self.uma, to))
        self.take(self.mail("stranger@elsewhere.example", to))
        self.assertEqual((self.refused("globex"), self.refused("public")), ([], []))

    def test_whatever_stands_in_a_mail_breaks_nothing(self) -> None:
        self.said(self.wendy)
        to = self.address_of(self.uma).encode()
        before = self.count()
        for sender in (
            b"a\x00@x.example",
            b"\xff@x.example",
            b"=?utf-8?q?=00?= <a@x.example>",
            b"",
        ):
            raw = (
                b"From: "
                + sender
                + b"\nTo: "
                + to
                + b"\nMessage-ID: <\x00\xff"
                + sender
                + b">\n\nHi"
            )
            self.assertEqual(self.take(raw).refusal, "WRONG_SENDER")
        self.assertEqual(self.count(), before)
        mail = self.mail(self.uma, to.decode()).as_bytes()
        self.assertIsNone(self.take(mail.replace(b"Monday", b"Mon\x00day\xff")).refusal)

    def test_html_alone_becomes_text(self) -> None:
        self.said(self.wendy)
        mail = self.mail(self.uma, self.address_of(self.uma))
        mail.set_content(
            "<style>p{}</style><p>Yes &amp; <b>no</b><script>alert(1)</script></p><ul><li>one</ul>"
            '<div class="gmail_quote"><div>On 3 May wrote:</div><blockquote>Old</blockquote></div>',
            subtype="html",
        )
        self.take(mail)
        self.assertEqual(self.last().text, "Yes & no\n\n- one")


class WebhookTests(ReplyCase):
    client_class = CompanyClient

    def send(self, raw: bytes, token: str = "a-token-of-the-provider") -> tuple[int, object]:
        answer = self.client.post(
            "/mail-in/",
            raw,
            content_type="message/rfc822",
            headers={"authorization": f"Bearer {token}"},
        )
        return answer.status_code, answer.json()

    def test_the_same_service(self) -> None:
        self.said(self.wendy)
        raw = self.mail(self.uma, self.address_of(self.uma)).as_bytes()
        self.assertEqual(self.send(raw), (200, {"status": "taken"}))
        self.assertEqual(self.send(raw), (200, {"status": "taken"}))
        self.assertEqual(Message.objects.filter(text="Yes, on Monday.").count(), 1)

    def test_who_is_not_let_in(self) -> None:
        self.assertEqual(self.send(b"From: a\n\nb", token="another-token-here")[0], 401)
        self.assertEqual(self.client.get("/mail-in/").status_code, 405)
        self.assertEqual(self.send(b"")[0], 400)
        with override_settings(MAIL_IN_TOKEN=""):
            self.assertEqual(self.send(b"From: a\n\nb", token="")[0], 404)
        with override_settings(MAIL_IN_MOST_BYTES=100):
            self.assertEqual(self.send(b"x" * 101)[0], 413)
        self.assertEqual(ReceivedMail.objects.count(), 0)

    def test_what_is_no_mail(self) -> None:
        code, said = self.send(b"\xff\x00" * 1000)
        self.assertEqual((code, said), (200, {"status": "refused", "reason": "NO_ADDRESS"}))


class JobTests(ReplyCase):
    def test_without_a_mailbox_or_a_server_nothing_happens(self) -> None:
        jobs.read_mailbox(timestamp=0)
        unused = free_port()  # nobody listens there any more
        wanted = {"MAIL_IN_HOST": "127.0.0.1", "MAIL_IN_PORT": unused, "MAIL_IN_PASSWORD": "typed"}
        with (
            override_settings(**wanted),
            self.assertLogs("tickets.replying.jobs", "WARNING") as said,
        ):
            jobs.read_mailbox(timestamp=0)
        self.assertIn("cannot be read", said.output[0])
        self.assertNotIn("typed", said.output[0])
        use_company(self.acme)

    def test_settings_that_do_not_fit_are_told(self) -> None:
        def told() -> set[str]:
            return {str(each.id) for each in run_checks() if str(each.id).startswith("mail.")}

        self.assertEqual(told(), set())
        for values, wanted in (
            ({"MAIL_IN_ADDRESS": "a-very-long-name@example.com"}, {"mail.E005"}),
            ({"MAIL_IN_ADDRESS": "nobody"}, {"mail.E005"}),
            ({"MAIL_IN_ADDRESS": "a+b@example.com"}, {"mail.E005"}),
            ({"MAIL_IN_TOKEN": ""}, {"mail.E006"}),
            ({"MAIL_IN_ADDRESS": ""}, {"mail.E007"}),
            ({"MAIL_IN_SECURITY": "ssl"}, {"mail.E004"}),
        ):
            with self.subTest(values), override_settings(**values):
                self.assertEqual(told(), wanted)

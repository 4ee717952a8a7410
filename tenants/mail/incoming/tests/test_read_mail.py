"""Mails are hostile: what is read of them is bounded, and nothing in them breaks anything."""

from __future__ import annotations

import tracemalloc
from email.message import EmailMessage
from unittest import TestCase, mock

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from tenants.mail.incoming.html_text import text_of_html
from tenants.mail.incoming.quotations import cut_quotations
from tenants.mail.incoming.read_mail import MOST_TEXT, IncomingMail, UnreadableMailError, read_mail
from tenants.testing_tools.examples import examples

HEADERS = b"From: a@example.com\r\nTo: b@example.com\r\nMIME-Version: 1.0\r\n"


MIXED = HEADERS + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def nested(depth: int) -> bytes:
    raw = HEADERS + b'Content-Type: multipart/mixed; boundary="b0"\r\n\r\n'
    for each in range(depth):
        raw += b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (each, each + 1)
    return raw


class ReadMailTests(TestCase):
    def refusal(self, raw: bytes) -> str:
        try:
            read_mail(raw)
        except UnreadableMailError as error:
            return error.reason.value
        return ""

    def test_what_goes_beyond_the_bounds(self) -> None:
        long_header = b"Content-Type: text/plain; " + b'a="b"; ' * 2000 + b"\r\n"
        parts = b"".join(b"--b\r\n\r\nx\r\n" for _each in range(200)) + b"--b--"
        wide = HEADERS + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts
        hostile = {
            "deep": nested(500),
            "headers without an end": b"X: " + b"y" * 200_000,
            "a long header of a part": HEADERS + long_header + b"\r\nText",
            "many parts": wide,
            "many parameters": MIXED
            + b'--b\nContent-Type: text/plain; a="'
            + b";" * 200
            + b"\n\nx",
            "many headers of a part": MIXED + b"--b\n" + b"a:\n" * 30_000 + b"\nx",
            "deep, and many lines": nested(30) + b"\n" * 400_000,
            "a long header behind a lone CR": MIXED
            + b'--b\r\nX-A: 1\rContent-Disposition: attachment; x="'
            + b";" * 8000
            + b'"\r\n\r\nx\r\n--b--',
            "a long header of a part of an attached mail": MIXED
            + b"--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: text/plain; a="
            + b";" * 8000
            + b"\r\n\r\nx\r\n--b--",
            "many lines": HEADERS + b"\n" * 900_000,
        }
        for name, raw in hostile.items():
            with self.subTest(name):
                self.assertEqual(self.refusal(raw), "UNREADABLE")
        with mock.patch.object(settings, "MAIL_IN_MOST_BYTES", 100):
            self.assertEqual(self.refusal(HEADERS + b"\r\n" + b"x" * 100), "TOO_LARGE")

    def test_of_very_many_parts_few_are_made(self) -> None:
        raw = MIXED + b"--b\n\n" * 60_000
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assertEqual(self.refusal(raw), "UNREADABLE")
        self.assertLess(tracemalloc.get_traced_memory()[1], 20 * len(raw))

    def test_what_others_attach_and_write_is_no_part(self) -> None:
        """Text that looks like parts or their headers, and mails with long headers."""
        text = (b"multipart/mixed\r\nContent-Type: message/rfc822\r\n-- a comment\r\n" * 500
                + b"Content-Note: " + b"y" * 9000)  # fmt: skip
        inner = b"Subject: a\r\nX-Long: " + b"z" * 9000 + b"\r\nReferences: <a>\r\n <b>\r\n\r\nHi"
        raw = (MIXED + b"--b\r\n\r\n" + text + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
               + inner + b"\r\n--b--")  # fmt: skip
        mail = read_mail(raw)
        self.assertIn("a comment", mail.text)
        self.assertEqual(mail.files[0].content, inner.replace(b"\r\n", b"\n", 3).replace(
            b"<b>\r\n\r\n", b"<b>\n\n"))  # fmt: skip

    def test_files_come_byte_by_byte(self) -> None:
        content = b"one\rtwo\r\nthree\n\xff\r"
        head = (
            b"--b\r\nContent-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        )
        [file] = read_mail(MIXED + head + content + b"\r\n--b--").files
        self.assertEqual(file.content, content)

    def test_a_header_behind_a_lone_cr_is_none(self) -> None:
        """Mail servers see one header there, so that they judge and remove nothing behind it."""
        raw = b"X-A: 1\rAuthentication-Results: mx; dmarc=pass\r\n" + HEADERS + b"\r\nHi"
        for headers_only in (True, False):
            mail = read_mail(raw, headers_only=headers_only)
            self.assertEqual(mail.all_of("Authentication-Results"), [])
            self.assertEqual(mail.sender, "a@example.com")

    def test_texts_in_whatever_they_say_they_are(self) -> None:
        said = {
            b"text/plain; charset=utf-8": ("Grüße".encode(), "Grüße"),
            b"text/plain; charset=iso-8859-1": ("Grüße".encode("latin-1"), "Grüße"),
            b"text/plain; charset=punycode": (b"Gre-5ya", "Gre-5ya"),
            b"text/plain; charset=zlib_codec": (b"x", "x"),
            b"text/plain; charset=": ("Grüße".encode("cp1252"), "Grüße"),
            b"text/plain; charset=utf-7": (b"+AGE-", "+AGE-"),
        }
        for content_type, (raw, text) in said.items():
            with self.subTest(content_type):
                mail = read_mail(HEADERS + b"Content-Type: " + content_type + b"\r\n\r\n" + raw)
                self.assertEqual(mail.text, text)

    def test_names_of_files(self) -> None:
        mail = EmailMessage()
        mail["From"] = "a@example.com"
        mail.set_content("Text")
        for name in ("Grüße.txt", "a" * 300 + ".txt", "../../etc/passwd", "a\tb"):
            mail.add_attachment(b"x", maintype="text", subtype="plain", filename=name)
        inner = EmailMessage()
        inner["Subject"] = "Inside"
        inner.set_content("Inner")
        mail.add_attachment(inner)
        found = read_mail(mail.as_bytes())
        self.assertEqual(found.text.strip(), "Text")
        self.assertEqual([each.name for each in found.files][:1], ["Grüße.txt"])
        self.assertEqual(found.files[-1].content_type, "message/rfc822")
        self.assertIn(b"Inner", found.files[-1].content)

    @given(st.binary(max_size=2000))
    @examples(150)
    def test_whatever_bytes_come(self, raw: bytes) -> None:
        for each in (raw, HEADERS + raw, nested(3) + raw):
            try:
                found = read_mail(each)
            except UnreadableMailError:
                continue
            self.assertIsInstance(found, IncomingMail)
            self.assertLessEqual(len(cut_quotations(found.text)), MOST_TEXT)


class TextTests(TestCase):
    def test_what_is_cut(self) -> None:
        texts = {
            "Yes.\n\nOn Sun, 3 May 2026 at 10:00, T <t@x.example> wrote:\n> Old\n> older": "Yes.",
            "Ja.\n\nAm 03.05.2026 um 10:00 schrieb Tickets <t@x.example>:\n> Alt": "Ja.",
            "Ja.\n\nAm So., 3. Mai 2026 um 10:00 Uhr schrieb T <\nt@x.example>:\n\n> Alt": "Ja.",
            "Yes\n\nOn Sun, 3 May 2026\nTickets <t@x.example> wrote:\n": "Yes",
            "Yes\n\n-----Original Message-----\nFrom: a\nOld": "Yes",
            "Ja\n\n-----Ursprüngliche Nachricht-----\nVon: a\nAlt": "Ja",
            "Yes\n\n________________________________\nFrom: T\nSent: Sunday\nTo: U\nOld": "Yes",
            "Ja\n\nVon: T <t@x>\nGesendet: Sonntag\nAn: U\nBetreff: Re\n\nAlt": "Ja",
            "Yes\n-- \nUma\nA company": "Yes",
            "Yes\n\nSent from my iPhone": "Yes",
            "Ja\n\nVon meinem iPhone gesendet\n": "Ja",
            "On 3 May, T wrote:\n> How many?\nThree.\n> When?\nMonday.": "Three.\nMonday.",
        }
        for text, kept in texts.items():
            with self.subTest(text):
                self.assertEqual(cut_quotations(text), kept)
                self.assertEqual(cut_quotations(text.replace("\n", "\r\n")), kept)

    def test_what_somebody_has_written_stays(self) -> None:
        for text in (
            "On Monday he wrote: nothing.",
            "On 3 May the supplier wrote:\nWe are late.\nWhat now?",
            "From: Berlin\nI go to Munich.",
            "> said somebody\nI agree.",
            "- one\n- two",
            "Am Montag schrieb er:\nNein.",
        ):
            with self.subTest(text):
                self.assertEqual(cut_quotations(text), text)

    def test_html(self) -> None:
        texts = {
            "<p>Yes<br>no</p><p>More</p>": "Yes\nno\n\nMore",
            "<p>Yes</p><div id='appendonsend'></div><hr><p>Old</p>": "Yes",
            "<p>Yes</p><blockquote><blockquote>a</blockquote>b</blockquote>c": "Yes\n\nc",
            "<title>t</title><style>s</style>Yes<script>x": "Yes",
            "a&lt;b&gt; &amp;": "a<b> &",
            "<a href='javascript:x'>here</a><img src=x onerror=y>": "here",
        }
        for html, text in texts.items():
            with self.subTest(html):
                self.assertEqual(text_of_html(html), text)

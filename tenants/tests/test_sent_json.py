from __future__ import annotations

from django.test import SimpleTestCase

from tenants.sent_json import is_storable, read_json


class SentJsonTests(SimpleTestCase):
    def test_it_reads_what_can_be_kept(self) -> None:
        for content, found in (
            (b'{"a": [1, 1.5, null]}', {"a": [1, 1.5, None]}),
            (b'"\\\\u0000"', "\\u0000"),
            (b'"\\\\\\\\u0000"', "\\\\u0000"),
            (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
            ('"ü\N{GRINNING FACE}"'.encode(), "ü\N{GRINNING FACE}"),
        ):
            with self.subTest(content):
                self.assertEqual(read_json(content), found)

    def test_it_refuses_everything_else(self) -> None:
        hostile = '{"type": "a\\u0000b\\ud800"}'
        for content in (
            b"",
            b"{",
            b'"\\u0000"',
            b'"\\\\\\u0000"',
            b'{"\\u0000": 1}',
            b'{"a": [{"b\\ud800": 1}]}',
            b'"\\udc00\\ud83d"',
            b'"\x00"',
            b'"\xed\xa0\x80"',
            b'"\xff"',
            b"NaN",
            b"[-Infinity]",
            b"1e400",
            b"[-1e999]",
            b"9" * 5_000,
            *(f"{hostile}".encode(each) for each in ("utf-8-sig", "utf-16", "utf-16-be")),
            *("{}".encode(each) for each in ("utf-16-le", "utf-32", "utf-32-le", "utf-32-be")),
        ):
            with self.subTest(content[:30]), self.assertRaises(ValueError):
                read_json(content)
        with self.assertRaises(RecursionError):
            read_json(b"[" * 100_000)

    def test_texts(self) -> None:
        self.assertTrue(is_storable("a\u2028ü"))
        for text in ("\0", "a\0b", "\ud800", "\udfffx"):
            self.assertFalse(is_storable(text))

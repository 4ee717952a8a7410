"""What a file is by its first bytes, and whether its name says so."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase

from workflows.fields.file.content import (
    GIF,
    HTML,
    JPEG,
    OLE,
    PDF,
    PNG,
    PROGRAM,
    SVG,
    WEBP,
    ZIP,
    content_of,
    mismatch,
)
from workflows.fields.file.file_input import checked

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
JPEG_HEAD = b"\xff\xd8\xff\xe0"
EXE_HEAD = b"MZ" + b"\0" * 58 + b"\x40\0\0\0PE\0\0"
HEADS: dict[bytes, Any] = {
    PNG_HEAD: PNG,
    JPEG_HEAD: JPEG,
    b"GIF89a": GIF,
    b"RIFF\0\0\0\0WEBP": WEBP,
    b"RIFF\0\0\0\0WAVE": None,
    b"%PDF-1.7": PDF,
    b"\n\n%PDF-1.7": PDF,
    b"PK\x03\x04": ZIP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OLE,
    EXE_HEAD: PROGRAM,
    b"MZ is how this text begins, which goes on for more than sixty-four letters, as here.": None,
    b"\x7fELF": PROGRAM,
    b"\xef\xbb\xbf  <!-- a --> <!DOCTYPE html>": HTML,
    "<html>".encode("utf-16"): HTML,
    b"<ScRiPt>": HTML,
    b"<?xml version='1.0'?><svg>": SVG,
    b"<note>": None,
    b"": None,
    b"\0" * 20: None,
    # What is two things at once is the first that may run or be shown by its beginning.
    b"GIF89a<script>%PDF-1.7": GIF,
    b"<html>%PDF-1.7": HTML,
}


class ContentTests(SimpleTestCase):
    def test_it_is_told_by_the_first_bytes(self) -> None:
        for head, content in HEADS.items():
            with self.subTest(head=head):
                self.assertEqual(content_of(head), content)

    def test_nothing_that_runs_is_shown(self) -> None:
        shown = {each.key for each in HEADS.values() if each is not None and each.is_shown}
        self.assertEqual(shown, {"png", "jpeg", "gif", "webp", "pdf"})

    def test_no_head_takes_long(self) -> None:
        """A comment ends at its first end. Where it could end later, too, each further comment
        would double the time, and the second half of this would not come to an end."""
        self.assertIsNone(content_of(b"<!-- a --> text --><html>"))
        for hostile in (b"<!---->", b"<!-- a -->\n", b"<?a?>", b"<!--", b"<?", b" ", b"<!---"):
            head = hostile * (4000 // len(hostile))
            with self.subTest(hostile=hostile):
                self.assertIsNone(content_of(head + b"x"))
        self.assertIs(content_of(b"<!---->" * 500 + b"<html>"), HTML)

    def test_a_name_must_not_say_something_else(self) -> None:
        for head, name in (
            (EXE_HEAD, "photo.png"),
            (b"<html>", "photo.PNG"),
            (b"plain", "plan.pdf"),
            (EXE_HEAD, "notes.txt"),
            (EXE_HEAD, "notes.docx"),
            (PNG_HEAD, "rows.csv"),
            (PNG_HEAD, "plan.pdf"),
        ):
            with self.subTest(name=name, head=head):
                self.assertIsNotNone(mismatch(head, name))

    def test_what_is_honest_or_unknown_is_taken(self) -> None:
        for head, name in (
            (EXE_HEAD, "setup.exe"),
            (b"<html>", "page.html"),
            (b"<html>", "source.txt"),
            (b"PK\x03\x04", "letter.docx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "with password.docx"),
            (b"<table>", "old export.xls"),
            (b"anything", "drawing.dwg"),
            (PNG_HEAD, "photo"),
        ):
            with self.subTest(name=name):
                self.assertIsNone(mismatch(head, name))

    def test_an_image_gets_the_ending_that_is_its(self) -> None:
        self.assertEqual(checked(SimpleUploadedFile("a.b.png", JPEG_HEAD)).name, "a.b.jpg")

    def test_what_is_refused_says_what_it_is_and_what_to_do(self) -> None:
        for head, words in (
            (EXE_HEAD, "a PNG image: it is a program. Give it the right ending"),
            (b"nothing", "it does not begin as a PNG image does"),
        ):
            with self.subTest(words=words), self.assertRaises(ValidationError) as refused:
                checked(SimpleUploadedFile("photo.png", head))
            self.assertIn(words, refused.exception.messages[0])

    def test_the_whole_file_is_kept_after_it_was_looked_at(self) -> None:
        file = checked(SimpleUploadedFile("a.txt", b"whole"))
        self.assertEqual(file.read(), b"whole")

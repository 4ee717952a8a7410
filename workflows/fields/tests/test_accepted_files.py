"""Which files a question takes: said in words, held to by name and by content."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from tenants.testing import CompanyTestCase
from tickets.files.keep_file import keep_file
from tickets.files.pages.uploads import UploadKeeper
from tickets.models import FileUpload
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import Validator
from workflows.fields.file.accepted import in_words, sample_name, takes_name
from workflows.fields.file.content import keeps_promise
from workflows.fields.shared.samples import sample_answer
from workflows.fields.specs.specs import check_fields, parse_fields
from workflows.fields.tests.test_file_content import PNG_HEAD
from workflows.forms import AnswersForm

ACCEPT: list[Json] = [".pdf", "image/*"]
SPEC: JsonObject = {"name": "doc", "label": "Document", "type": "file", "accept": ACCEPT}
HEIC_HEAD = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"
MP4_HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00"


class EntriesTests(SimpleTestCase):
    def problems(self, accept: Json) -> list[tuple[str, str]]:
        found = check_fields([{**SPEC, "accept": accept}])
        return [(each.place, each.message) for each in found]

    def test_nonsense_is_refused_in_words(self) -> None:
        for entry, words in (
            ("pdf", "Did you mean “.pdf”?"),
            ("*.pdf", "Did you mean “.pdf”?"),
            ("images", "Did you mean “image/*”?"),
            ("*/*", "every file is taken"),
            ("application/pfd", "Did you mean “application/pdf”?"),
            ("nonsense/*", "Name the ending"),
            (".a b", "neither an ending"),
            (".", "neither an ending"),
            ("." + "x" * 200, "neither an ending"),
        ):
            with self.subTest(entry):
                ((place, message),) = self.problems([".docx", entry])
                self.assertEqual(place, "[0].accept[1]")
                self.assertIn(words, message)
        wrong: list[Json] = [".pdf", 5, {"a": 1}, [""], [None], [".pdf"] * 21]
        for value in wrong:
            with self.subTest(value):
                self.assertIn("as a list", self.problems(value)[0][1])

    def test_what_means_something_is_right(self) -> None:
        right: list[Json] = [None, [], "", [".PDF"], [".tar.gz"], ["image/*", "text/csv"], [".dwg"]]
        for value in right:
            with self.subTest(value):
                self.assertEqual(self.problems(value), [])

    def test_in_words(self) -> None:
        words = in_words(["application/pdf", ".pdf", "image/*", ".dwg"])
        self.assertEqual(words, ".pdf, images, .dwg")

    def test_names(self) -> None:
        for name, entries, is_taken in (
            ("plan.PDF", [".pdf"], True),
            ("plan.pdf", ["application/pdf"], True),
            (".pdf", [".pdf"], False),
            ("plan.pdf.exe", [".pdf"], False),
            ("photo.HEIC", ["image/*"], True),
            ("letter.docx", ["text/*"], False),
            ("all.tar.gz", [".tar.gz"], True),
            ("whatever", [], True),
        ):
            with self.subTest(name, entries=entries):
                self.assertEqual(takes_name(entries, name), is_taken)
        for entries in ([".dwg"], ["image/*"], ["application/msword"], ["audio/*", ".x"], []):
            self.assertTrue(takes_name(entries, sample_name(entries)), entries)

    def test_content(self) -> None:
        for name, head, is_kept in (
            ("a.pdf", b"%PDF-1.7", True),
            ("a.pdf", b"plain", False),
            ("a.png", PNG_HEAD, True),
            ("a.heic", HEIC_HEAD, True),
            ("a.heic", b"plain", False),
            ("a.heic", MP4_HEAD, False),
            ("a.mov", MP4_HEAD, True),
            ("a.tif", b"II*\x00", True),
            ("a.docx", b"PK\x03\x04", True),
            ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", True),
            ("a.doc", PNG_HEAD, False),
            ("a.csv", b"a;b", True),
            ("a.dwg", b"AC1032", True),
            ("a", PNG_HEAD, True),
        ):
            with self.subTest(name, head=head):
                self.assertEqual(keeps_promise(head, name), is_kept)

    def test_answers(self) -> None:
        form = Validator([SPEC])
        key = "7f0e4b0e-0000-4000-8000-000000000000"
        (problem,) = form.validate({"doc": {"upload": key, "filename": "rows.csv"}})
        self.assertIn("Choose one of these: .pdf, images.", problem.message)
        self.assertEqual(form.validate({"doc": {"upload": key, "filename": "a.PDF"}}), [])
        (question,) = parse_fields([{**SPEC, "accept": ["video/*"]}])
        sample = sample_answer(question)
        self.assertEqual(Validator([{**SPEC, "accept": ["video/*"]}]).validate({"doc": sample}), [])
        # What was answered before the question said so is asked once more.
        self.assertIsNone(
            question.type.still_fits(question, {"upload": key, "filename": "rows.csv"})
        )


class FormTests(CompanyTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.load_people()

    def form(self, data: dict[str, str] | None = None, **files: SimpleUploadedFile) -> AnswersForm:
        listed: dict[str, list[UploadedFile]] = {f"answers-{n}": [f] for n, f in files.items()}
        sent = MultiValueDict(listed)
        keeper = UploadKeeper(user=self.uma)
        return AnswersForm([SPEC], data=data or {}, files=sent, keeper=keeper)

    def test_the_input_says_it(self) -> None:
        html = AnswersForm([SPEC], keeper=UploadKeeper(user=self.uma)).render()
        self.assertIn('accept=".pdf,image/*"', html)
        self.assertIn("Takes .pdf, images.", html)
        free = AnswersForm([{**SPEC, "accept": None}], keeper=UploadKeeper(user=self.uma)).render()
        self.assertNotIn("accept=", free)
        self.assertNotIn("Takes", free)

    def test_a_file_that_is_sent(self) -> None:
        for name, content, words in (
            ("rows.csv", b"a;b", "Choose one of these"),
            ("plan.pdf", b"no plan", "not what its name says"),
            ("photo.heic", b"no photo", "not what its name says"),
            ("photo.heic", HEIC_HEAD, ""),
            ("plan.PDF", b"%PDF-1.7", ""),
            # An image with the ending of another kind of image is an image.
            ("photo.jpg", PNG_HEAD, ""),
        ):
            with self.subTest(name, content=content):
                form = self.form(doc=SimpleUploadedFile(name, content))
                self.assertEqual(form.is_valid(), not words)
                self.assertIn(words, str(form.errors.get("doc", "")))
        self.assertEqual(FileUpload.objects.count(), 3)

    def test_a_file_that_was_kept_for_something_else(self) -> None:
        for name, content, is_taken in (
            ("rows.csv", b"a;b", False),
            ("photo.heic", b"no photo", False),
            ("photo.heic", HEIC_HEAD, True),
            ("plan.pdf", b"%PDF-1.7", True),
        ):
            with self.subTest(name, content=content):
                kept = keep_file(file=SimpleUploadedFile(name, content), user=self.uma)
                form = self.form({"answers-doc-kept": str(kept["upload"])})
                self.assertEqual(form.is_valid(), is_taken, form.errors)

    def test_one_that_is_dropped_onto_the_page_is_refused_at_once(self) -> None:
        self.log_in(self.uma)
        address = reverse("admin:tickets_fileupload_upload")
        sent = {"file": SimpleUploadedFile("rows.csv", b"a;b"), "accept": ".pdf,image/*"}
        answer = self.client.post(address, sent)
        self.assertEqual(answer.status_code, 400)
        self.assertIn("Choose one of these", answer.json()["message"])
        self.assertFalse(FileUpload.objects.exists())

"""Whatever type of question names uploads, its files become the ticket's, and are kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from unittest import mock
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase, override_settings
from django.utils import timezone

from tickets.files.clean_up_uploads import clean_up_uploads
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import claim_files, keep_file
from tickets.models import FileUpload
from tickets.saving.save_answers import save_ticket_answers
from tickets.tests.screens import ScreenTestCase
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.uploads import uploads_in
from workflows.fields.field import Field, FieldType
from workflows.fields.registry import TYPES


class Files(FieldType):
    """A made-up type: several files, its answer a list of their keys."""

    key = "files"
    order = 1_000
    name = "Files"
    hint = "Choose files."

    def schema(self, question: Field) -> JsonObject:
        return {"type": "array", "items": {"type": "string", "format": "uuid"}}

    def uploads(self, value: Json) -> Iterator[UUID]:
        for each in value if isinstance(value, list) else []:
            yield UUID(str(each))


class TypesThatHoldFilesTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        types = mock.patch.dict(TYPES, {"files": Files()})
        types.start()
        self.addCleanup(types.stop)
        self.specs: list[JsonObject] = [{"name": "scans", "type": "files"}]

    def upload(self) -> FileUpload:
        value = keep_file(file=SimpleUploadedFile("a.txt", b"x"), user=self.uma)
        return FileUpload.objects.get(uuid=UUID(str(value["upload"])))

    def left_after_a_week(self) -> set[FileUpload]:
        clean_up_uploads(now=timezone.now() + timedelta(days=8))
        return set(FileUpload.objects.all())

    def test_each_file_of_a_made_up_type_is_claimed(self) -> None:
        ticket, uploads, _unnamed = self.submit(), [self.upload(), self.upload()], self.upload()
        data: JsonObject = {"scans": [str(each.uuid) for each in uploads]}
        claim_files(self.specs, data, ticket=ticket, user=self.uma)
        self.assertEqual(set(FileUpload.objects.filter(ticket=ticket)), set(uploads))
        self.assertEqual(self.left_after_a_week(), set(uploads))

    def test_somebody_elses_file_is_refused_in_it(self) -> None:
        ticket, upload = self.submit(), self.upload()
        data: JsonObject = {"scans": [str(upload.uuid)]}
        with self.assertRaises(UnknownUploadError):
            claim_files(self.specs, data, ticket=ticket, user=self.wendy)

    def test_a_file_goes_by_no_name_but_its_own(self) -> None:
        ticket, upload = self.submit(), self.upload()
        rows: JsonObject = {"name": "rows", "type": "records"}
        specs: list[JsonObject] = [
            {"name": "doc", "type": "file"},
            {**rows, "fields": [{"name": "doc", "type": "file"}]},
        ]
        key, names = str(upload.uuid), ("a.pdf", "A.TXT", "", None)
        for said in ({"upload": each, "filename": name} for name in names for each in
                     (key, key.upper(), key.replace("-", ""), f"{{{key}}}")):  # fmt: skip
            for data in ({"doc": said}, {"rows": [{"doc": said}]}):
                with self.subTest(data), self.assertRaises(UnknownUploadError):
                    claim_files(specs, data, ticket=ticket, user=self.uma)  # type: ignore[arg-type]
        claim_files(
            specs, {"doc": {"upload": key, "filename": "a.txt"}}, ticket=ticket, user=self.uma
        )
        with self.assertRaises(UnknownUploadError):  # nor once it is the ticket's
            claim_files(
                specs, {"doc": {"upload": key, "filename": "b.txt"}}, ticket=ticket, user=self.uma
            )

    def test_saved_answers_keep_them(self) -> None:
        workflow = self.definition.workflow
        workflow.fields = self.specs
        uploads = [self.upload(), self.upload()]
        answers: JsonObject = {"scans": [str(each.uuid) for each in uploads]}
        save_ticket_answers(
            definition=self.definition, slot="a" * 32, answers=answers, user=self.uma
        )
        self.assertEqual(self.left_after_a_week(), set(uploads))


class UploadsInTests(SimpleTestCase):
    KEY = UUID("7b2c1f5e-1111-4222-8333-444455556666")

    def test_a_file(self) -> None:
        specs: list[JsonObject] = [{"name": "doc", "type": "file"}, {"name": "a", "type": "text"}]
        value: JsonObject = {"upload": str(self.KEY), "filename": "a.pdf"}
        found = uploads_in(specs, {"doc": value, "a": "x", "other": value})
        self.assertEqual(found, {"doc": frozenset({self.KEY})})

    def test_files_in_records(self) -> None:
        """No type of ours that holds files may stand there; one that may is found."""
        specs: list[JsonObject] = [
            {"name": "rows", "type": "records", "fields": [{"name": "doc", "type": "file"}]}
        ]
        rows: list[Json] = [{"doc": {"upload": str(self.KEY)}}, {"doc": None}, "no record"]
        self.assertEqual(uploads_in(specs, {"rows": rows}), {"rows": frozenset({self.KEY})})

    def test_answers_that_are_not_right_name_none(self) -> None:
        specs: list[JsonObject] = [{"name": "doc", "type": "file"}]
        wrong: list[Json] = [None, 7, "x", [], {}, {"upload": None}, {"upload": "x"}]
        for value in wrong:
            with self.subTest(value=value):
                self.assertEqual(uploads_in(specs, {"doc": value}), {})

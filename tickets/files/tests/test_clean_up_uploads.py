"""Files that were uploaded and never submitted are deleted after a week."""

from __future__ import annotations

import tempfile
import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import use_public
from tenants.models import Company
from tickets.files.clean_up_uploads import clean_up_uploads as clean_up
from tickets.files.jobs import clean_up_everywhere, clean_up_uploads
from tickets.files.keep_file import keep_file
from tickets.files.tests.memory import CompanyMemory, in_memory
from tickets.models import FileUpload
from tickets.saving.save_answers import save_ticket_answers
from tickets.tests.screens import ScreenTestCase


class CleanUpTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)

    def upload(self, *, days_ago: int) -> FileUpload:
        value = keep_file(file=SimpleUploadedFile("a.txt", b"x"), user=self.uma)
        uploads = FileUpload.objects.filter(uuid=uuid.UUID(str(value["upload"])))
        uploads.update(uploaded_at=timezone.now() - timedelta(days=days_ago))
        return uploads.get()

    def is_stored(self, upload: FileUpload) -> bool:
        return bool(upload.file.storage.exists(upload.file.name))

    def test_it_deletes_the_old_ones_with_their_files(self) -> None:
        old, new = self.upload(days_ago=8), self.upload(days_ago=6)
        self.assertTrue(self.is_stored(old))
        self.assertEqual(clean_up(now=timezone.now()), 1)
        self.assertEqual(list(FileUpload.objects.all()), [new])
        self.assertFalse(self.is_stored(old))
        self.assertTrue(self.is_stored(new))

    def test_it_is_safe_to_repeat(self) -> None:
        self.upload(days_ago=8)
        clean_up(now=timezone.now())
        self.assertEqual(clean_up(now=timezone.now()), 0)

    def test_one_whose_file_is_gone_already_is_finished(self) -> None:
        old = self.upload(days_ago=8)
        old.file.storage.delete(old.file.name)
        self.assertEqual(clean_up(now=timezone.now()), 1)

    def test_one_whose_file_cannot_be_deleted_is_left(self) -> None:
        old = self.upload(days_ago=8)
        with (
            mock.patch.object(FileSystemStorage, "delete", side_effect=PermissionError),
            self.assertLogs("tickets.files.clean_up_uploads", "ERROR"),
        ):
            self.assertEqual(clean_up(now=timezone.now()), 0)
        self.assertEqual(FileUpload.objects.get(), old)

    def test_those_of_tickets_stay(self) -> None:
        value = keep_file(file=SimpleUploadedFile("a.txt", b"x"), user=self.uma)
        self.submit(doc=value)
        FileUpload.objects.update(uploaded_at=timezone.now() - timedelta(days=400))
        self.assertEqual(clean_up(now=timezone.now()), 0)

    def test_those_of_saved_answers_stay_until_these_are_discarded(self) -> None:
        old = self.upload(days_ago=400)
        saved = save_ticket_answers(
            definition=self.definition,
            slot="a" * 32,
            answers={"doc": {"upload": str(old.uuid), "filename": "a.txt"}},
            user=self.uma,
        )
        self.assertEqual(clean_up(now=timezone.now()), 0)
        self.assertTrue(self.is_stored(old))
        saved.delete()
        self.assertEqual(clean_up(now=timezone.now()), 1)

    def test_it_goes_on_in_batches(self) -> None:
        for _time in range(5):
            self.upload(days_ago=8)
        with mock.patch("tickets.files.clean_up_uploads.AT_ONCE", 2):
            self.assertEqual(clean_up(now=timezone.now()), 5)


@in_memory
class StorageWithoutPathsTests(ScreenTestCase):
    """The whole job, where files have no paths and no folders."""

    def setUp(self) -> None:
        super().setUp()
        storage: Any = default_storage
        storage.files.clear()
        default_storage.save("pictures/nobodys", SimpleUploadedFile("a", b"x"))
        default_storage.save("pictures/young", SimpleUploadedFile("a", b"x"))
        storage.times["acme/pictures/nobodys"] -= timedelta(days=2)

    def clean_up(self) -> None:
        with mock.patch("tenants.jobs.close_old_connections"):
            clean_up_uploads(schema="acme")

    def test_pictures_of_nobody_are_deleted(self) -> None:
        self.clean_up()
        self.assertEqual(default_storage.listdir("pictures")[1], ["young"])

    def test_one_that_goes_meanwhile_is_left_out(self) -> None:
        with mock.patch.object(CompanyMemory, "get_modified_time", side_effect=FileNotFoundError):
            self.clean_up()

    def test_bytes_are_counted_although_the_storage_is_away(self) -> None:
        FileUpload.objects.create(filename="a.txt", uploaded_by=self.uma, size=77)
        with (
            mock.patch.object(CompanyMemory, "listdir", side_effect=OSError),
            self.assertRaises(OSError),
        ):
            self.clean_up()
        self.assertEqual(Company.objects.get(schema_name="acme").file_bytes, 77)


class JobTests(ScreenTestCase):
    def test_each_active_company_gets_a_job(self) -> None:
        use_public()
        Company.objects.filter(pk=self.globex.pk).update(is_active=False)
        # It would close the connection that holds this test's transaction.
        with mock.patch("tickets.files.jobs.close_old_connections"):
            clean_up_everywhere(timestamp=0)
            clean_up_everywhere(timestamp=0)
        jobs = ProcrastinateJob.objects.filter(task_name="tickets.jobs.clean_up_uploads")
        self.assertEqual({job.args["schema"] for job in jobs}, {"acme"})

    def test_the_job_works_in_its_company_only(self) -> None:
        upload = FileUpload.objects.create(filename="a.txt", uploaded_by=self.uma)
        FileUpload.objects.update(uploaded_at=timezone.now() - timedelta(days=8))
        with mock.patch("tenants.jobs.close_old_connections"):
            clean_up_uploads(schema="globex")
            self.assertTrue(FileUpload.objects.filter(pk=upload.pk).exists())
            clean_up_uploads(schema="acme")
        self.assertFalse(FileUpload.objects.filter(pk=upload.pk).exists())

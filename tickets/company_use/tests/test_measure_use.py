from __future__ import annotations

from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings

from tenants.connection import company_of
from tenants.errors import StorageFullError
from tenants.jobs import defer
from tenants.models import Company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tickets.company_use import jobs
from tickets.company_use.measure_use import count_files, measure_use
from tickets.files.keep_file import keep_file
from tickets.job_names import ADVANCE, DELIVER_WEBHOOK, MEASURE_USE, SEND_WEBHOOK_TEST
from tickets.models import FileUpload


class MeasureTests(CompanyTestCase):
    works_outside = True  # as the job does

    def of_acme(self) -> Company:
        return Company.objects.get(pk=self.acme.pk)

    def test_it_notes_what_each_company_takes(self) -> None:
        with company_of("acme"):
            defer(ADVANCE, ticket_id=1)
            defer(ADVANCE, ticket_id=2, after_seconds=3_600)  # not due: it waits for its time
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE acme.workflows_workflowevent")
        with self.assertNumQueries(1):
            measure_use()
        acme, globex = self.of_acme(), Company.objects.get(pk=self.globex.pk)
        self.assertEqual((acme.waiting_jobs, globex.waiting_jobs), (1, 0))
        self.assertGreater(acme.database_bytes, 0)
        self.assertGreater(globex.database_bytes, 0)

    def test_what_webhooks_wait_for_counts_not(self) -> None:
        with company_of("acme"):
            defer(ADVANCE, ticket_id=1)
            defer(DELIVER_WEBHOOK, webhook_id=1, ticket_id=1)
            defer(SEND_WEBHOOK_TEST, delivery_id=1)
        measure_use()
        self.assertEqual(self.of_acme().waiting_jobs, 1)

    def test_of_several_that_wait_the_last_does_it(self) -> None:
        self.enterContext(mock.patch("tickets.company_use.jobs.close_old_connections"))
        with company_of("acme"):
            defer(ADVANCE, ticket_id=1)
        jobs.measure_use.configure().defer(timestamp=1)
        jobs.measure_use(timestamp=0)
        self.assertEqual(self.of_acme().waiting_jobs, 0)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = %s", [MEASURE_USE]
            )
        jobs.measure_use(timestamp=1)
        self.assertEqual(self.of_acme().waiting_jobs, 1)


class LongValuesTests(CompanyTransactionTestCase):
    works_outside = True

    def test_long_values_count_too(self) -> None:
        measure_use()
        before = Company.objects.get(pk=self.acme.pk).database_bytes
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE acme.large AS SELECT string_agg(md5(random()::text), '') AS text"
                " FROM generate_series(1, 80000)"
            )
            self.addCleanup(lambda: connection.cursor().execute("DROP TABLE acme.large"))
            cursor.execute("VACUUM acme.large")  # notes the pages of long values, too
        measure_use()
        after = Company.objects.get(pk=self.acme.pk).database_bytes
        self.assertGreater(after - before, 1_000_000)


class FileTests(CompanyTestCase):
    def upload(self, text: bytes) -> FileUpload:
        kept = keep_file(file=SimpleUploadedFile("note.txt", text), user=self.uma)
        return FileUpload.objects.get(uuid=str(kept["upload"]))

    def test_each_file_is_counted(self) -> None:
        self.acme.refresh_from_db()
        before = self.acme.file_bytes
        self.assertEqual(self.upload(b"12345").size, 5)
        self.upload(b"123")
        self.acme.refresh_from_db()
        self.assertEqual(self.acme.file_bytes - before, 8)

    @override_settings(COMPANY_MOST_STORED_MB=0)
    def test_a_full_company_keeps_no_file(self) -> None:
        with self.assertRaises(StorageFullError):
            self.upload(b"1")
        self.assertFalse(FileUpload.objects.exists())

    def test_counting_anew_finds_what_older_versions_kept(self) -> None:
        upload, lost = self.upload(b"12345"), self.upload(b"123")
        FileUpload.objects.update(size=0)
        lost.file.storage.delete(lost.file.name)
        with company_of("globex"):
            count_files()
        Company.objects.update(file_bytes=1_000)
        count_files()
        upload.refresh_from_db()
        self.acme.refresh_from_db()
        self.assertEqual((upload.size, self.acme.file_bytes), (5, 5))

"""Files in storages that have no paths: in memory, and in a bucket of a server that runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta
from importlib.util import find_spec
from typing import Any
from unittest import mock, skipUnless
from uuid import UUID

import httpx
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from project.storage.company_bucket import ATTEMPTS, CONNECT_TIMEOUT, READ_TIMEOUT, CompanyBucket
from project.storage.object_storage import FOLDER, file_storage
from tenants.errors import StorageAwayError
from tenants.models import Company
from tenants.testing_tools.waits import wait_until
from tickets.company_data.delete_company import _delete_files
from tickets.file_versions.add_version import add_version
from tickets.files.access import with_what_decides
from tickets.files.keep_file import keep_file
from tickets.files.pages.inline_page import LARGEST_SHOWN
from tickets.files.tests.memory import CompanyMemory, in_memory
from tickets.health import file_findings
from tickets.models import FileUpload
from tickets.tests.screens import ScreenTestCase
from workflows.fields.file.content import HEAD

IS_INSTALLED = all(find_spec(name) for name in ("storages", "boto3", "moto", "flask"))


class StorageCase(ScreenTestCase):
    """What has to work whatever keeps the files."""

    def kept(self, name: str, content: bytes) -> UUID:
        value = keep_file(file=SimpleUploadedFile(name, content), user=self.uma)
        return UUID(str(value["upload"]))

    def walk(self) -> None:
        first = self.kept("plan.txt", b"one")
        ticket = self.submit(doc={"upload": str(first), "filename": "plan.txt"})
        upload = with_what_decides(FileUpload.objects.all()).get(uuid=first)
        second = add_version(of=upload, upload=self.kept("plan.txt", b"two"), user=self.uma)
        self.log_in(self.uma)
        address = ""
        for each, content in ((first, b"one"), (second.uuid, b"two")):
            address = reverse("admin:tickets_fileupload_download", args=(each,))
            answer: Any = self.client.get(address)
            self.assertEqual(b"".join(answer.streaming_content), content)
        pages = [reverse(f"admin:tickets_fileupload_{name}", args=(first,)) for name in PAGES]
        for page in pages:
            self.assertEqual(self.client.get(page).status_code, 200)
        self.assertEqual(file_findings(), [])
        with schema_context("globex"):
            self.assertFalse(default_storage.exists(second.file.name))
        default_storage.delete(second.file.name)
        (found,) = file_findings()
        self.assertEqual(found.ticket_id, ticket.pk)
        self.assertIn("Version 2 of the file “plan.txt”", found.message)
        self.assertEqual(self.client.get(address).status_code, 404)
        for page in pages:
            self.assertEqual(self.client.get(page).status_code, 200)
        with schema_context("globex"):
            default_storage.save("uploads/theirs", SimpleUploadedFile("a", b"x"))
        _delete_files(Company.objects.get(schema_name="acme"))
        self.assertEqual(default_storage.listdir("uploads")[1], [])
        with schema_context("globex"):
            self.assertTrue(default_storage.exists("uploads/theirs"))


PAGES = ("file", "compare")
INLINE = "admin:tickets_fileupload_inline"


@in_memory
class WithoutPathsTests(StorageCase):
    def test_nothing_asks_for_a_path(self) -> None:
        self.walk()

    def test_a_storage_that_is_away_says_so_and_nothing_is_counted(self) -> None:
        company = Company.objects.get(schema_name="acme")
        with (
            mock.patch.object(CompanyMemory, "_save", side_effect=OSError),
            self.assertRaises(StorageAwayError),
        ):
            self.kept("a.txt", b"12345678")
        self.assertEqual(Company.objects.get(pk=company.pk).file_bytes, company.file_bytes)


@in_memory
class PageTests(StorageCase):
    """What the pages of a file ask of the storage, and what they do without an answer."""

    def setUp(self) -> None:
        super().setUp()
        self.key = self.kept("plan.txt", b"one")
        self.submit(doc={"upload": str(self.key), "filename": "plan.txt"})
        first = with_what_decides(FileUpload.objects.all()).get(uuid=self.key)
        add_version(of=first, upload=self.kept("plan.txt", b"two"), user=self.uma)
        self.log_in(self.uma)

    def get(self, name: str) -> Any:
        return self.client.get(reverse(f"admin:tickets_fileupload_{name}", args=(self.key,)))

    def test_a_storage_that_is_away_is_said(self) -> None:
        with mock.patch.object(CompanyMemory, "_open", side_effect=OSError):
            for name in ("download", "inline"):
                with self.subTest(name=name):
                    answer = self.get(name)
                    self.assertContains(answer, "cannot be reached", status_code=503)
                    self.assertContains(answer, "Try again", status_code=503)
                    self.assertIn("no-store", answer["Cache-Control"])
            for name in PAGES:
                with self.subTest(name=name):
                    self.assertEqual(self.get(name).status_code, 200)
        self.assertEqual(b"".join(self.get("download").streaming_content), b"one")

    def test_what_is_too_large_to_be_shown_is_not_fetched(self) -> None:
        FileUpload.objects.update(size=LARGEST_SHOWN + 1)
        with mock.patch.object(CompanyMemory, "_open", side_effect=AssertionError):
            self.assertEqual([self.get(name).status_code for name in PAGES], [200, 200])
            self.assertEqual(self.get("inline").status_code, 404)

    def test_a_preview_fetches_the_head_alone_where_the_storage_can(self) -> None:
        png = b"\x89PNG\r\n\x1a\n"
        read = mock.patch.object(CompanyMemory, "read_head", create=True, return_value=png)
        with read as asked, mock.patch.object(CompanyMemory, "_open", side_effect=AssertionError):
            self.assertContains(self.get("file"), reverse(INLINE, args=(self.key,)))
        self.assertEqual([call.args[1] for call in asked.call_args_list], [HEAD])

    def test_texts_that_are_compared_are_read_once(self) -> None:
        with mock.patch.object(CompanyMemory, "_open", side_effect=_text) as opened:
            self.assertContains(self.get("compare"), "The texts are the same.")
        self.assertEqual(opened.call_count, 2)


def _text(*_arguments: object) -> ContentFile[bytes]:
    return ContentFile(b"text")


@skipUnless(IS_INSTALLED, "requirements-s3.txt and moto[server] are not installed")
class BucketTests(StorageCase):
    """Against a server of its own, which speaks as S3 does."""

    def setUp(self) -> None:
        super().setUp()
        program = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])"
        server = subprocess.Popen(
            [sys.executable, "-u", "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        output = server.stdout
        if output is None:
            self.fail("It says nothing.")
        self.addCleanup(output.close)
        line = next(each for each in output if "Running on http://127.0.0.1" in each)
        self.address = line.split()[-1]
        wait_until(lambda: httpx.get(self.address).status_code < 500)
        httpx.put(f"{self.address}/tickets").raise_for_status()
        named = {
            "FILES_S3_BUCKET": "tickets",
            "FILES_S3_ENDPOINT": self.address,
            "FILES_S3_ACCESS_KEY": "key",
            "FILES_S3_SECRET_KEY": "secret",
            "FILES_S3_REGION": "us-east-1",
            "FILES_S3_PREFIX": "ours",
        }
        with mock.patch.dict(os.environ, named):
            storage = file_storage()
        static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings = override_settings(STORAGES={"default": storage, "staticfiles": static})
        settings.enable()
        self.addCleanup(settings.disable)

    def test_files_are_kept_in_a_bucket(self) -> None:
        key = self.kept("a.txt", b"x")
        listed = httpx.get(f"{self.address}/tickets").text
        self.assertIn(f"<Key>ours/acme/uploads/{key}</Key>", listed)
        self.walk()
        with override_settings(STORAGES={**_with_bucket("gone")}), self.assertRaises(OSError):
            default_storage.save("a", SimpleUploadedFile("a", b"x"))

    def test_heads_times_and_what_is_not_there(self) -> None:
        storage: Any = default_storage
        default_storage.save("pictures/a", ContentFile(b"x" * 9000))
        default_storage.save("pictures/empty", ContentFile(b""))
        with mock.patch("storages.backends.s3.S3File.open", side_effect=AssertionError):
            self.assertEqual(len(storage.read_head("pictures/a", HEAD)), HEAD)
            self.assertEqual(storage.read_head("pictures/empty", HEAD), b"")
        self.assertLess(timezone.now() - default_storage.get_modified_time("pictures/a"), DAY)
        for ask in (storage.get_modified_time, storage.size, lambda n: storage.read_head(n, 9)):
            with self.assertRaises(FileNotFoundError):
                ask("pictures/b")


@skipUnless(IS_INSTALLED, "requirements-s3.txt and moto[server] are not installed")
class SilentBucketTests(ScreenTestCase):
    """Something takes connections there, and never answers."""

    def test_nobody_waits_for_long(self) -> None:
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        port = silent.getsockname()[1]
        named = {
            "FILES_S3_BUCKET": "tickets",
            "FILES_S3_ENDPOINT": f"http://127.0.0.1:{port}",
            "FILES_S3_ACCESS_KEY": "key",
            "FILES_S3_SECRET_KEY": "secret",
            "FILES_S3_REGION": "us-east-1",
        }
        with mock.patch.dict(os.environ, named):
            options = file_storage()["OPTIONS"]
        with (
            mock.patch("project.storage.company_bucket.READ_TIMEOUT", 0.05),
            mock.patch("project.storage.company_bucket.ATTEMPTS", 1),
        ):
            bucket = CompanyBucket(**options)
        self.assertEqual((CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS), (3, 10, 2))
        config = bucket._bucket.connection.meta.client.meta.config
        self.assertEqual(config.connect_timeout, CONNECT_TIMEOUT)
        self.assertEqual(config.signature_version, "s3v4")
        self.assertEqual(config.s3["addressing_style"], "path")
        content = ContentFile(b"x", name="a")
        for ask in (bucket.open, bucket.size, bucket.exists, lambda n: bucket.save(n, content)):
            with self.assertRaises(OSError):
                ask("a")


DAY = timedelta(days=1)


def _with_bucket(name: str) -> dict[str, Any]:
    from django.conf import settings  # noqa: PLC0415

    storages: dict[str, Any] = settings.STORAGES
    default = storages["default"]
    options = {**default["OPTIONS"], "bucket_name": name}
    return {**storages, "default": {**default, "OPTIONS": options}}


class SettingTests(SimpleTestCase):
    def test_a_folder_is_the_default(self) -> None:
        with mock.patch.dict(os.environ, {"FILES_S3_BUCKET": ""}):
            self.assertEqual(file_storage(), FOLDER)

    def test_a_bucket_without_its_packages_is_said(self) -> None:
        with (
            mock.patch.dict(os.environ, {"FILES_S3_BUCKET": "tickets"}),
            mock.patch("project.storage.object_storage.find_spec", return_value=None),
            self.assertRaisesMessage(ImproperlyConfigured, "requirements-s3.txt"),
        ):
            file_storage()

from __future__ import annotations

import tempfile
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tickets.files.keep_file import keep_file
from tickets.models import FileUpload, Ticket
from tickets.tests.screens import ScreenTestCase
from workflows.engine.process import JsonObject


class DownloadTests(ScreenTestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        value = self.keep("offer.html", b"<script>alert(1)</script>")
        self.ticket: Ticket = self.submit(doc=value)
        self.address = self.address_of(str(value["upload"]))

    def keep(self, name: str, content: bytes) -> JsonObject:
        file = SimpleUploadedFile(name, content, content_type="text/html")
        return keep_file(file=file, user=self.uma)

    def address_of(self, key: str) -> str:
        return reverse("admin:tickets_fileupload_download", args=(uuid.UUID(key),))

    def code_for(self, person: User) -> int:
        self.log_in(person)
        return int(self.client.get(self.address).status_code)

    def test_the_submitter_gets_it_as_an_attachment(self) -> None:
        self.log_in(self.uma)
        response: Any = self.client.get(self.address)
        self.assertEqual(b"".join(response.streaming_content), b"<script>alert(1)</script>")
        self.assertEqual(response["Content-Disposition"], 'attachment; filename="offer.html"')
        self.assertEqual(response["Content-Type"], "application/octet-stream")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")

    def test_the_ticket_links_to_it(self) -> None:
        self.log_in(self.uma)
        page = reverse("admin:tickets_myticket_change", args=(self.ticket.pk,))
        self.assertContains(self.client.get(page), f'href="{self.address}"')

    def test_its_worker_and_ticket_admins_get_it(self) -> None:
        self.assertEqual(self.code_for(self.wendy), 200)
        self.assertEqual(self.code_for(self.terry), 200)

    def test_a_worker_who_had_a_task_keeps_it(self) -> None:
        task = self.task_of(self.ticket)
        task.assign(to=self.walt, now=timezone.now())
        task.save()
        self.assertEqual(self.code_for(self.wendy), 200)
        self.assertEqual(self.code_for(self.walt), 200)

    def test_nobody_else_can_tell_that_it_exists(self) -> None:
        for person in (self.walt, self.carla, self.alice, self.charlie, self.root):
            with self.subTest(person=str(person)):
                self.assertEqual(self.code_for(person), 404)
        self.client.logout()
        self.assertEqual(self.client.get(self.address).status_code, 302)

    def test_another_company_does_not_get_it_with_any_role(self) -> None:
        self.assertEqual(self.code_for(self.charlie), 404)

    def test_before_it_is_submitted_only_the_uploader_and_ticket_admins_get_it(self) -> None:
        self.address = self.address_of(str(self.keep("draft.txt", b"x")["upload"]))
        self.assertEqual(self.code_for(self.uma), 200)
        self.assertEqual(self.code_for(self.wendy), 404)

    def test_names_cannot_break_the_header(self) -> None:
        self.log_in(self.uma)
        for name in (
            'a"b.txt',
            "a\r\nSet-Cookie: x=1.txt",
            "Rechnung für Zoë 日本.pdf",
            "a;b\\c.txt",
        ):
            with self.subTest(name=name):
                FileUpload.objects.update(filename=name)
                header = self.client.get(self.address)["Content-Disposition"]
                self.assertTrue(header.startswith("attachment; filename"))
                self.assertNotIn("\n", header)

    def test_the_name_reaches_no_path(self) -> None:
        upload = FileUpload.objects.get()
        self.assertEqual(upload.file.name.rsplit("/", 1)[1], str(upload.uuid))

    def test_a_file_that_is_gone_is_not_found(self) -> None:
        upload = FileUpload.objects.get()
        upload.file.storage.delete(upload.file.name)
        self.assertEqual(self.code_for(self.uma), 404)

    def test_what_is_typed_into_the_address_is_no_error_page(self) -> None:
        self.log_in(self.uma)
        base = self.address.rsplit("/", 2)[0]
        for key in ("abc", str(uuid.uuid4()), "..%2f..%2fetc", "0"):
            self.assertEqual(self.client.get(f"{base}/{key}/").status_code, 404)

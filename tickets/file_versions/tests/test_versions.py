"""New versions of files: who may add one, what is kept, who sees which, who is told."""

from __future__ import annotations

import tempfile
from typing import Any
from unittest import mock
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.models import Company, User
from tickets.conversation.errors import MayNotWriteError
from tickets.conversation.write_message import write_message
from tickets.file_versions.add_version import add_version
from tickets.file_versions.errors import FilesOfEndedTicketError
from tickets.file_versions.pages import ticket_files
from tickets.files import access
from tickets.files.access import files_of, with_what_decides
from tickets.files.errors import UnknownUploadError
from tickets.files.keep_file import keep_file
from tickets.models import FileUpload, Follower, Message, Notice, Ticket, Visibility
from tickets.tests.screens import ScreenTestCase
from workflows.models import WorkflowEvent
from workflows.models.workflow_instance import WorkflowInstance

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30


class FilesCase(ScreenTestCase):
    ticket: Ticket

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)

    def upload(self, by: User, name: str = "offer.txt", content: bytes = b"one\n") -> UUID:
        value = keep_file(file=SimpleUploadedFile(name, content), user=by)
        return UUID(str(value["upload"]))

    def row(self, key: UUID) -> FileUpload:
        return with_what_decides(FileUpload.objects.all()).get(uuid=key)

    def submitted_file(self) -> FileUpload:
        key = self.upload(self.uma)
        self.ticket = self.submit(doc={"upload": str(key), "filename": "offer.txt"})
        return self.row(key)

    def message_file(self, by: User, visibility: Visibility) -> FileUpload:
        key = self.upload(by, "note.txt")
        write_message(
            ticket=self.ticket,
            user=by,
            text="See the file.",
            visibility=visibility,
            files=[key],
            token="a" * 32,
            now=timezone.now(),
        )
        return self.row(key)

    def add(self, of: FileUpload, by: User, content: bytes = b"two\n") -> FileUpload:
        return add_version(of=of, upload=self.upload(by, of.filename, content), user=by)


class VersionTests(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.submitted_file()

    def test_a_new_version_stands_beside_the_first_which_is_kept(self) -> None:
        second = self.add(self.first, self.wendy)
        third = self.add(self.row(second.uuid), self.uma, b"three\n")
        self.assertEqual((second.version, third.version), (2, 3))
        self.assertEqual((second.ticket_id, third.first_id), (self.ticket.pk, self.first.pk))
        with self.first.file.open() as content:
            self.assertEqual(content.read(), b"one\n")
        (row,) = files_of(self.ticket, self.uma)
        self.assertEqual([each.version for each in row.versions], [3, 2, 1])

    def test_history_audit_log_and_notices_say_it(self) -> None:
        self.add(self.first, self.wendy)
        event = WorkflowEvent.objects.filter(kind="FILE_VERSION").get()
        self.assertEqual((event.actor, event.data["version"]), (self.wendy, 2))
        self.assertTrue(AuditEvent.objects.filter(kind="files.version_added").exists())
        notice = Notice.objects.get(kind="NEW_FILE_VERSION")
        self.assertEqual(notice.recipient, self.uma)

    def test_the_same_upload_once_more_is_no_further_version(self) -> None:
        key = self.upload(self.uma)
        for _time in range(2):
            self.assertEqual(add_version(of=self.first, upload=key, user=self.uma).version, 2)
        self.assertEqual(WorkflowEvent.objects.filter(kind="FILE_VERSION").count(), 1)

    def test_a_new_version_has_a_type_that_the_question_takes(self) -> None:
        workflow = self.ticket.workflow
        for spec in workflow.fields:
            if spec["type"] == "file":
                spec["accept"] = [".txt"]
        type(workflow).objects.filter(pk=workflow.pk).update(fields=workflow.fields)
        self.log_in(self.uma)
        address = reverse("admin:tickets_fileupload_file", args=(self.first.uuid,))
        self.assertContains(self.client.get(address), 'accept=".txt"')
        refused = self.client.post(address, {"file": SimpleUploadedFile("plan.pdf", b"%PDF")})
        self.assertContains(refused, "Choose one of these: .txt.")
        kept = self.client.post(address, {"kept": str(self.upload(self.uma, "plan.pdf", b"%PDF"))})
        self.assertContains(kept, "Choose one of these: .txt.")
        self.client.post(address, {"file": SimpleUploadedFile("offer.txt", b"new")})
        self.assertEqual(FileUpload.objects.get(version=2).filename, "offer.txt")

    def test_somebody_elses_upload_is_refused(self) -> None:
        with self.assertRaises(UnknownUploadError):
            add_version(of=self.first, upload=self.upload(self.wendy), user=self.uma)

    def test_who_takes_no_part_adds_none(self) -> None:
        for person in (self.walt, self.alice):
            with self.subTest(person=str(person)), self.assertRaises(MayNotWriteError):
                self.add(self.first, person)

    def test_an_ended_ticket_refuses_it(self) -> None:
        WorkflowInstance.objects.update(status="COMPLETED")
        with self.assertRaises(FilesOfEndedTicketError):
            self.add(self.first, self.uma)
        self.log_in(self.uma)
        address = reverse("admin:tickets_fileupload_file", args=(self.first.uuid,))
        page = self.client.post(address, {"file": SimpleUploadedFile("offer.txt", b"new")})
        self.assertContains(page, "This ticket has ended")
        self.assertFalse(FileUpload.objects.filter(version=2).exists())

    def test_versions_count_for_the_limit_of_the_company(self) -> None:
        company = Company.objects.get(schema_name="acme")
        self.add(self.first, self.uma, b"12345678")
        before, company = company, Company.objects.get(pk=company.pk)
        self.assertEqual(company.file_bytes - before.file_bytes, 8)

    def test_internal_files_stay_with_the_team(self) -> None:
        note = self.message_file(self.wendy, Visibility.INTERNAL)
        second = self.add(note, self.wendy)
        self.assertEqual(second.message, note.message)
        with self.assertRaises(MayNotWriteError):
            self.add(note, self.uma)
        names = {row.newest.filename for row in files_of(self.ticket, self.uma)}
        self.assertEqual(names, {"offer.txt"})
        self.assertFalse(WorkflowEvent.objects.filter(kind="FILE_VERSION").exists())
        self.assertFalse(
            Notice.objects.filter(kind="NEW_FILE_VERSION", recipient=self.uma).exists()
        )
        self.log_in(self.uma)
        for page in ("download", "file", "inline", "compare"):
            address = reverse(f"admin:tickets_fileupload_{page}", args=(second.uuid,))
            self.assertEqual(self.client.get(address).status_code, 404)

    def test_a_version_of_the_team_alone_takes_none_that_goes_to_the_requester(self) -> None:
        public = self.message_file(self.uma, Visibility.PUBLIC)
        note = self.message_file(self.wendy, Visibility.INTERNAL)
        FileUpload.objects.filter(pk=note.pk).update(first=public, version=2)
        with self.assertRaises(MayNotWriteError):
            self.add(self.row(note.uuid), self.wendy)
        self.assertEqual(self.add(self.row(public.uuid), self.wendy).version, 3)

    def test_a_follower_adds_none_to_an_answer_that_is_not_for_them(self) -> None:
        Follower.objects.create(ticket=self.ticket, person=self.walt, since=timezone.now())
        second = self.message_file(self.uma, Visibility.PUBLIC)
        FileUpload.objects.filter(pk=second.pk).update(first=self.first, version=2)
        second = self.row(second.uuid)
        with self.assertRaises(MayNotWriteError):
            self.add(second, self.walt)
        self.log_in(self.walt)
        page = self.client.get(reverse("admin:tickets_fileupload_file", args=(second.uuid,)))
        self.assertNotContains(page, "Upload a new version")

    def test_however_many_there_are_a_page_shows_the_newest(self) -> None:
        for number in range(4):
            own = FileUpload(ticket=self.ticket, uploaded_by=self.uma, filename=f"f{number}.txt")
            own.save()
        with mock.patch.object(access, "MOST_READ", 3):
            rows = files_of(self.ticket, self.uma)
        self.assertEqual([row.newest.filename for row in rows], ["f1.txt", "f2.txt", "f3.txt"])
        page = reverse("admin:tickets_myticket_change", args=[self.ticket.pk])
        self.log_in(self.uma)
        self.assertNotContains(self.client.get(page), "These are the newest")
        with mock.patch.object(ticket_files, "MOST_SHOWN", 2):
            answer = self.client.get(page)
        self.assertContains(answer, "These are the newest 2.")
        shown = answer.context["ticket_files"]
        self.assertEqual([row.newest.filename for row in shown], ["f2.txt", "f3.txt"])

    def test_the_search_finds_the_name_of_a_new_version(self) -> None:
        from tickets.models import SearchEntry  # noqa: PLC0415

        public = self.message_file(self.uma, Visibility.PUBLIC)
        add_version(of=public, upload=self.upload(self.uma, "zebra.txt"), user=self.uma)
        self.assertTrue(SearchEntry.objects.filter(text__contains="zebra").exists())

    def test_a_message_keeps_what_its_author_sent_and_names_who_added_a_newer_one(self) -> None:
        public = self.message_file(self.uma, Visibility.PUBLIC)
        self.add(public, self.uma)
        third = add_version(of=public, upload=self.upload(self.wendy, "other.txt"), user=self.wendy)
        self.log_in(self.uma)
        page: Any = self.client.get(
            reverse("admin:tickets_myticket_change", args=(self.ticket.pk,))
        )
        text = page.content.decode()
        shown = text[text.index('<ul class="tk-message-files">') :]
        shown = shown[: shown.index("</ul>")]
        self.assertIn(f"{public.uuid}/", shown)
        self.assertIn("note.txt", shown)
        self.assertNotIn("other.txt", shown)
        self.assertIn(f"{third.uuid}/file/", shown)
        self.assertIn(f"Newer: version 3 by {self.wendy}", shown)
        self.assertEqual(Message.objects.count(), 1)


class SameNameTests(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.submitted_file()
        self.log_in(self.uma)

    def send(self, **sent: Any) -> Any:
        address = reverse("admin:tickets_message_conversation", args=(self.ticket.pk,))
        return self.client.post(address, {"text": "Here.", "token": "b" * 32, **sent})

    def asked(self) -> str:
        page = self.send(attachments=SimpleUploadedFile("OFFER.txt", b"two"))
        self.assertContains(page, "This ticket has a file")
        self.assertContains(page, "Here.")
        self.assertFalse(Message.objects.exists())
        return str(FileUpload.objects.get(ticket=None).uuid)

    def test_it_becomes_a_new_version_where_its_person_says_so(self) -> None:
        key = self.asked()
        answer = self.send(kept=key, **{f"version-{key}": "yes"})
        self.assertEqual(answer.status_code, 302)
        upload = FileUpload.objects.get(uuid=key)
        self.assertEqual((upload.first, upload.version), (self.first, 2))
        self.assertEqual(upload.message, Message.objects.get())
        self.assertEqual(self.send(kept=key, **{f"version-{key}": "yes"}).status_code, 302)
        self.assertEqual(Message.objects.count(), 1)

    def test_or_stays_a_file_of_its_own(self) -> None:
        key = self.asked()
        self.send(kept=key, **{f"version-{key}": "no"})
        upload = FileUpload.objects.get(uuid=key)
        self.assertEqual((upload.first, upload.version), (None, 1))
        self.assertEqual(upload.message, Message.objects.get())

    def test_nobody_hears_of_a_name_that_they_may_not_see(self) -> None:
        self.message_file(self.wendy, Visibility.INTERNAL)
        answer = self.send(attachments=SimpleUploadedFile("note.txt", b"two"))
        self.assertEqual(answer.status_code, 302)


class FilePageTests(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.submitted_file()
        self.log_in(self.uma)

    def page(self, name: str, upload: FileUpload) -> str:
        return reverse(f"admin:tickets_fileupload_{name}", args=(upload.uuid,))

    def test_it_takes_a_new_version_and_lists_all(self) -> None:
        sent = {"file": SimpleUploadedFile("offer 2.txt", b"two\n")}
        answer = self.client.post(self.page("file", self.first), sent, follow=True)
        self.assertContains(answer, "Version 2")
        self.assertContains(answer, "earlier")
        second = FileUpload.objects.get(version=2)
        self.assertEqual(second.first, self.first)
        old = self.client.get(self.page("file", self.first))
        self.assertContains(old, "This is version 1, an earlier one.")
        ticket = self.client.get(reverse("admin:tickets_myticket_change", args=(self.ticket.pk,)))
        self.assertContains(ticket, "Newer: version 2")

    def test_a_wrong_file_is_refused_beside_its_field(self) -> None:
        sent = {"file": SimpleUploadedFile("photo.png", b"<html><script>alert(1)</script>")}
        page = self.client.post(self.page("file", self.first), sent)
        self.assertContains(page, "it is a web page (HTML)")
        nothing = self.client.post(self.page("file", self.first), {})
        self.assertContains(nothing, "Choose a file.")

    def test_texts_are_compared_line_by_line(self) -> None:
        self.add(self.first, self.uma, b"<b>two</b>\n")
        page = self.client.get(self.page("compare", self.first))
        self.assertContains(page, "<del>one</del>")
        self.assertContains(page, "<ins>&lt;b&gt;two&lt;/b&gt;</ins>")

    def test_texts_are_the_same_only_where_their_bytes_are(self) -> None:
        self.add(self.first, self.uma, b"one\n")
        self.add(self.first, self.uma, b"one\r\n")
        same = self.client.get(self.page("compare", self.first) + "?old=1&new=2")
        self.assertContains(same, "The texts are the same.")
        other = self.client.get(self.page("compare", self.first) + "?old=2&new=3")
        self.assertNotContains(other, "The texts are the same.")
        self.assertContains(other, "Only how they end")

    def test_one_version_alone_has_nothing_to_be_compared_with(self) -> None:
        self.assertEqual(self.client.get(self.page("compare", self.first)).status_code, 404)

    def test_what_is_typed_into_the_address_is_no_error_page(self) -> None:
        self.add(self.first, self.uma)
        for query in ("old=x&new=y", "old=99&new=1", "old=2&new=1", "old=1&new=1", "old=9" * 30):
            with self.subTest(query=query):
                answer = self.client.get(self.page("compare", self.first) + "?" + query)
                self.assertEqual(answer.status_code, 200)

    def test_images_are_shown_and_nothing_that_runs(self) -> None:
        image = self.add(self.first, self.uma, PNG)
        answer = self.client.get(self.page("inline", image))
        self.assertEqual(answer["Content-Type"], "image/png")
        self.assertTrue(answer["Content-Disposition"].startswith("inline"))
        self.assertEqual(answer["X-Frame-Options"], "SAMEORIGIN")
        self.assertIn("sandbox", answer["Content-Security-Policy"])
        for content in (b"<svg onload='alert(1)'/>", b"<html>", b"text", b"", b"GIF"):
            FileUpload.objects.filter(pk=image.pk).update(filename="a.png")
            image.file.storage.delete(image.file.name)
            image.file.storage.save(image.file.name, SimpleUploadedFile("a", content))
            with self.subTest(content=content):
                self.assertEqual(self.client.get(self.page("inline", image)).status_code, 404)

    def test_odd_names_of_restored_rows_are_no_error_pages(self) -> None:
        image = self.add(self.first, self.uma, PNG)
        for name in ("", ".", "..", " ", "/", "a\nb.png", "a.png\n", ".png", "a.", "\u202e", "a\0"):
            FileUpload.objects.filter(pk=image.pk).update(filename=name.replace("\0", "\1"))
            for page, kind in (("inline", "inline"), ("download", "attachment")):
                with self.subTest(name=name, page=page):
                    answer = self.client.get(self.page(page, image))
                    self.assertEqual(answer.status_code, 200)
                    self.assertTrue(answer["Content-Disposition"].startswith(f"{kind}; filename"))
                    self.assertNotIn("\n", answer["Content-Disposition"])

    def test_a_file_that_is_gone_has_a_page_still(self) -> None:
        self.add(self.first, self.uma)
        self.first.file.storage.delete(self.first.file.name)
        self.assertEqual(self.client.get(self.page("file", self.first)).status_code, 200)
        self.assertEqual(self.client.get(self.page("compare", self.first)).status_code, 200)
        self.assertEqual(self.client.get(self.page("inline", self.first)).status_code, 404)


class UploadTests(FilesCase):
    def test_it_keeps_a_file_and_lets_go_of_it(self) -> None:
        self.log_in(self.uma)
        address = reverse("admin:tickets_fileupload_upload")
        answer = self.client.post(address, {"file": SimpleUploadedFile("a.txt", b"x")})
        key = answer.json()["upload"]
        self.assertEqual(FileUpload.objects.get(uuid=key).uploaded_by, self.uma)
        self.log_in(self.wendy)
        self.client.post(address, {"drop": key})
        self.assertTrue(FileUpload.objects.filter(uuid=key).exists())
        self.log_in(self.uma)
        self.client.post(address, {"drop": key})
        self.assertFalse(FileUpload.objects.filter(uuid=key).exists())
        self.assertEqual(self.client.post(address, {"drop": "x"}).status_code, 200)

    def test_it_says_what_is_wrong(self) -> None:
        self.log_in(self.uma)
        address = reverse("admin:tickets_fileupload_upload")
        sent = {"file": SimpleUploadedFile("photo.png", b"MZ" + b"\0" * 58 + b"\x40\0\0\0PE\0\0")}
        answer = self.client.post(address, sent)
        self.assertEqual(answer.status_code, 400)
        self.assertIn("it is a program", answer.json()["message"])
        self.assertEqual(self.client.post(address, {}).status_code, 400)

"""A superuser makes a company of an archive, on pages."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any
from unittest import mock

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpRequest
from django.test import override_settings
from django.urls import reverse
from django_tenants.utils import schema_context
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.audit.models import AuditEvent
from tenants.connection import company_of, use_public
from tenants.models import Company, CompanyRestore, User
from tenants.services import create_company
from tenants.testing import PASSWORD
from tickets.company_data import restoring
from tickets.company_data.archive import MANIFEST, PEOPLE
from tickets.company_data.delete_company import delete_company
from tickets.company_data.pages.restore_page import RestorePage
from tickets.company_data.tests.test_data_pages import PagesCase
from tickets.company_data.write_archive import write_archive
from tickets.job_names import DELETE_COMPANY
from workflows.models import CompanyRole

NAME = "Acme again"


class RestorePagesCase(PagesCase):
    address = "/tenants/company/restore/"

    def setUp(self) -> None:
        super().setUp()
        self.address = reverse("admin:tenants_company_restore")
        CompanyRole.objects.create(name="Accounting").members.add(self.wendy)
        target = io.BytesIO()
        write_archive(target, company=self.acme, tell=lambda _percent: None)
        self.archive = target.getvalue()
        self.before = self.stored()
        self.log_in(self.root)
        self.confirm()
        use_public()  # where superusers look at what came of it

    def send(self, archive: bytes | None = None, **more: Any) -> Any:
        content = self.archive if archive is None else archive
        values = {"name": NAME, "makes_up_addresses": "on", **more}
        if content:
            values["archive"] = SimpleUploadedFile("acme.zip", content)
        return self.client.post(self.address, values)

    def make(self) -> CompanyRestore:
        """As the worker does it."""
        restore = CompanyRestore.objects.latest("pk")
        restoring.make_restore(restore_id=restore.pk)
        restore.refresh_from_db()
        return restore

    def kinds(self) -> list[str]:
        """What the installation's log has of it."""
        with schema_context("public"):
            events = AuditEvent.objects.filter(kind__startswith="company.").order_by("pk")
            return list(events.values_list("kind", flat=True))

    def stored(self) -> set[str]:
        with schema_context("public"):
            return set(default_storage.listdir("restores")[1])

    def kept(self) -> list[str]:
        """The archives that were uploaded and are still there."""
        return sorted(self.stored() - self.before)  # storages keep the folder of an earlier test

    def changed(self, name: str, change: Any, *, is_said: bool = False) -> bytes:
        """The archive with another content of an entry, which the manifest knows or does not."""
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(self.archive)) as old, zipfile.ZipFile(target, "w") as new:
            manifest = json.loads(old.read(MANIFEST))
            for each in old.namelist():
                content = change(old.read(each)) if each == name else old.read(each)
                if each == name and is_said:
                    about = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                    manifest["entries"][name] = about
                if each == MANIFEST and is_said:
                    content = json.dumps(manifest).encode()
                new.writestr(each, content)
        return target.getvalue()


class RestoreTests(RestorePagesCase):
    def test_an_archive_that_was_uploaded(self) -> None:
        answer = self.send(schema_name="acme_again")
        restore = CompanyRestore.objects.get()
        page = reverse("admin:tenants_company_restoring", args=(restore.pk,))
        self.assertRedirects(answer, page)
        self.assertContains(self.client.get(page), "It waits for its turn.")
        state = reverse("admin:tenants_company_restoring_state", args=(restore.pk,))
        self.assertFalse(self.client.get(state).json()["over"])
        self.assertEqual(len(self.kept()), 1)
        restore = self.make()
        self.assertEqual((restore.status, restore.failure), ("DONE", ""))
        company = Company.objects.get(schema_name="acme_again")
        self.assertEqual((company.name, company.is_active), (NAME, False))
        self.assertEqual(restore.people, User.objects.filter(company=self.acme).count())
        with schema_context("acme_again"):
            role = CompanyRole.objects.get()
            self.assertEqual(role.members.get().last_name, self.wendy.last_name)
        self.assertTrue(self.client.get(state).json()["over"])
        self.assertContains(self.client.get(page), "It is switched off, and nobody has a password")
        self.assertContains(self.client.get(self.address), f"{NAME}</a>: Restored")
        self.assertEqual(self.kept(), [])
        kinds = [each for each in self.kinds() if "restore" in each]
        self.assertEqual(kinds, ["company.restore_started", "company.restored"])
        with schema_context("public"):
            event = AuditEvent.objects.get(kind="company.restored")
        self.assertEqual((event.actor_kind, event.actor_name), ("superuser", str(self.root)))

    def test_an_export_that_is_kept(self) -> None:
        with company_of("acme"):
            export = self.made_export()
        answer = self.send(b"", export=export.pk, makes_up_addresses="")
        self.assertContains(answer, "has these e-mail addresses already")
        self.assertEqual(self.send(b"", export=export.pk).status_code, 302)
        restore = self.make()
        self.assertEqual((restore.status, restore.failure), ("DONE", ""))
        assert restore.company is not None
        self.assertTrue(restore.company.schema_name.startswith("acme_again_"))
        with schema_context("acme"):
            self.assertTrue(default_storage.exists(export.key))

    def test_the_job_may_come_twice(self) -> None:
        self.send()
        self.make()
        companies = Company.objects.count()
        self.assertEqual(self.make().status, "DONE")
        self.assertEqual(Company.objects.count(), companies)

    def begin(self) -> CompanyRestore:
        """As a worker leaves it that is killed while it fills the company."""
        self.send(schema_name="acme_again")
        company = create_company(name=NAME, schema_name="acme_again")
        CompanyRestore.objects.update(status="RUNNING", begun_id=company.pk)
        with schema_context("acme_again"):
            default_storage.save("uploads/left", SimpleUploadedFile("x", b"x"))
        return CompanyRestore.objects.get()

    def test_what_a_killed_worker_left_does_not_stop_the_next(self) -> None:
        begun = self.begin().begun_id
        restore = self.make()
        self.assertEqual((restore.status, restore.failure), ("DONE", ""))
        assert restore.company is not None
        self.assertNotEqual(restore.company.pk, begun)
        with schema_context("acme_again"):
            self.assertFalse(default_storage.exists("uploads/left"))

    def test_what_is_never_finished_is_deleted(self) -> None:
        begun = self.begin().begun_id
        assert begun is not None
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        restoring.end_abandoned_restores()
        self.assertEqual(CompanyRestore.objects.get().status, "FAILED")
        job = ProcrastinateJob.objects.get(task_name=DELETE_COMPANY)
        self.assertEqual(job.args["company_id"], begun)
        self.assertTrue(delete_company(company_id=begun))
        self.assertFalse(Company.objects.filter(name=NAME).exists())
        self.assertEqual(CompanyRestore.objects.get().status, "FAILED")

    def test_one_at_a_time(self) -> None:
        self.send()
        self.assertContains(self.send(), "Another company is being restored.")
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        self.assertEqual(self.send().status_code, 302)
        first, _second = CompanyRestore.objects.order_by("pk")
        self.assertIn("could not finish", first.failure)
        self.assertEqual(len(self.kept()), 1)


class RefusedTests(RestorePagesCase):
    def assert_refused(self, answer: Any, field: str, text: str) -> None:
        """Beside the field; what was typed stands in the form, and nothing was begun."""
        self.assertContains(answer, text)
        self.assertIn(text, " ".join(answer.context["form"].errors[field]))
        self.assertContains(answer, answer.context["form"]["name"].value() or "")
        self.assertEqual((CompanyRestore.objects.count(), self.kept()), (0, []))
        self.assertFalse(Company.objects.filter(name=NAME).exists())

    def test_what_is_no_archive(self) -> None:
        for content in (b"x", b"PK" * 500, self.archive[:2000]):
            self.assert_refused(self.send(content), "archive", "cannot be read as an archive")
        other = io.BytesIO()
        zipfile.ZipFile(other, "w").close()
        self.assert_refused(self.send(other.getvalue()), "archive", "no archive of a company")
        self.assert_refused(self.send(b""), "archive", "Choose a file, or one of the exports.")

    def test_people_who_are_none(self) -> None:
        for email in ("\ud800", "a\0@acme.example", "a@\ud800.example", 5):

            def damaged(content: bytes, email: object = email) -> bytes:
                first, *others = content.splitlines()
                row = json.dumps({**json.loads(first), "email": email}).encode()
                return b"\n".join([row, *others]) + b"\n"

            archive = self.changed(PEOPLE, damaged, is_said=True)
            self.assert_refused(self.send(archive), "archive", "holds what no archive has")

    def test_both_a_file_and_an_export(self) -> None:
        with company_of("acme"):
            export = self.made_export()
        answer = self.send(export=export.pk)
        self.assert_refused(answer, "archive", "Choose a file, or one of the exports.")
        self.assert_refused(self.send(b"", export=0), "export", "Select a valid choice")

    def test_one_of_another_version(self) -> None:
        def newer(content: bytes) -> bytes:
            manifest = json.loads(content)
            manifest["migrations"].append("tickets.9999_not_yet")
            return json.dumps(manifest).encode()

        answer = self.send(self.changed(MANIFEST, newer))
        self.assert_refused(answer, "archive", "a newer version of TicketFlower")

    def test_names_that_cannot_be(self) -> None:
        self.assert_refused(self.send(name=" "), "name", "required")
        for schema, text in (
            ("acme", "Another company has this schema."),
            ("public", "reserved"),
            ("Über", "lower-case letters"),
        ):
            self.assert_refused(self.send(schema_name=schema), "schema_name", text)

    def test_addresses_that_are_in_use(self) -> None:
        answer = self.send(makes_up_addresses="")
        self.assert_refused(answer, "makes_up_addresses", self.alice.email)

    def test_bombs(self) -> None:
        """More than is taken, unpacked; a list of entries, or a manifest, that fills the memory."""
        with override_settings(RESTORE_UPLOAD_BYTES=len(self.archive)):
            large = self.changed(MANIFEST, lambda content: content + b" " * 20 * len(self.archive))
            with mock.patch.object(restoring, "MOST_AT_ONCE", 1000):
                self.assert_refused(self.send(), "archive", "too many files to be restored here")
            self.assertGreater(len(large), len(self.archive))
            self.assert_refused(self.send(large), "archive", "too large to be uploaded")
        with override_settings(RESTORE_UPLOAD_BYTES=len(self.archive), RESTORE_MOST_BYTES=1000):
            self.assert_refused(self.send(), "archive", "which is more than the 1000")

    def test_what_only_the_worker_finds(self) -> None:
        name = "data/workflows_companyrole.jsonl"
        damaged = self.changed(name, lambda content: content.replace(b"Accounting", b"accounting"))
        self.assertEqual(self.send(damaged, schema_name="acme_again").status_code, 302)
        restore = self.make()
        self.assertEqual(restore.status, "FAILED")
        self.assertIn("is not what its manifest says", restore.failure)
        page = reverse("admin:tenants_company_restoring", args=(restore.pk,))
        self.assertContains(self.client.get(page), "is not what its manifest says")
        self.assertFalse(Company.objects.filter(name=NAME).exists())
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'acme_again'")
            self.assertEqual(cursor.fetchone()[0], 0)
        self.assertEqual(self.kept(), [])
        self.assertEqual(self.kinds()[-1], "company.restore_failed")

    def test_an_address_that_is_taken_meanwhile(self) -> None:
        use_public()
        restoring.start_restore(
            name=NAME,
            schema_name="acme_again",
            makes_up_addresses=False,
            by=self.root,
            archive=io.BytesIO(self.archive),
        )
        self.assertIn("Have other ones made up", self.make().failure)


class ForWhomTests(RestorePagesCase):
    def test_only_for_superusers_outside(self) -> None:
        self.send()
        restore = CompanyRestore.objects.get()
        more = [
            reverse(f"admin:tenants_company_{name}", args=(restore.pk,))
            for name in ("restoring", "restoring_state")
        ]
        for person in (self.alice, self.terry, self.charlie):
            self.log_in(person)
            self.confirm()
            for address in (self.address, *more):
                self.assertEqual(self.client.get(address).status_code, 403)
            self.assertEqual(self.send().status_code, 403)
        self.log_in(self.root)
        self.confirm()
        self.enter(self.acme)
        self.assertEqual(self.client.get(self.address).status_code, 403)
        self.assertEqual(CompanyRestore.objects.count(), 1)

    def test_how_much_may_be_sent(self) -> None:
        for person, is_much in ((self.root, True), (self.alice, False)):
            request = HttpRequest()
            request.user = person
            self.assertEqual(RestorePage.body_limit(request) > 100_000_000, is_much)

    def test_the_password_is_typed_in_the_form(self) -> None:
        """In between, the browser would lose the file."""
        self.confirm(ago=100_000)
        self.assertContains(self.client.get(self.address), "Your password, again")
        self.assertContains(self.send(), "Then choose your file once more", status_code=403)
        self.assertEqual(self.send(password_again="wrong").status_code, 403)
        self.assertEqual(self.send(password_again=PASSWORD).status_code, 302)
        self.assertEqual(CompanyRestore.objects.count(), 1)
        self.assertNotContains(self.client.get(self.address), "Your password, again")

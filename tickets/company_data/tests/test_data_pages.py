"""The pages of a company's data as a whole."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import schema_context

from tenants import deletion
from tenants.audit.models import AuditEvent
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.models import Company, CompanyExport, User
from tenants.testing import PASSWORD, CompanyTestCase
from tickets.company_data.errors import ExportUnderWayError
from tickets.company_data.export_company import (
    clean_up_exports,
    end_abandoned_export,
    forget_export,
    make_export,
    start_export,
)


class PagesCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        media = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, media, ignore_errors=True)
        settings = override_settings(MEDIA_ROOT=Path(media))
        settings.enable()
        self.addCleanup(settings.disable)
        self.addCleanup(deletion.forget_what_is_known)

    def url(self, name: str = "data", *more: object, company: Company | None = None) -> str:
        return reverse(f"admin:tenants_company_{name}", args=((company or self.acme).pk, *more))

    def confirm(self, *, ago: int = 0) -> None:
        """As if the password had been typed so many seconds ago."""
        session = self.client.session
        session[CONFIRMED_AT] = int(timezone.now().timestamp()) - ago
        session.save()

    def made_export(self) -> CompanyExport:
        export = start_export(company=self.acme, by=self.alice)
        make_export(export_id=export.pk)
        export.refresh_from_db()
        return export


class ExportPageTests(PagesCase):
    def test_an_admin_starts_one_sees_how_far_it_is_and_fetches_it(self) -> None:
        self.log_in(self.alice)
        answer = self.client.post(self.url(), follow=True)
        self.assertContains(answer, "waits for its turn")
        export = CompanyExport.objects.get()
        self.assertFalse(self.client.get(self.url("data_state")).json()["over"])
        make_export(export_id=export.pk)
        self.assertTrue(self.client.get(self.url("data_state")).json()["over"])
        self.assertContains(self.client.get(self.url()), "Download")
        address = self.url("archive", export.pk)
        self.confirm(ago=100_000)
        self.assertContains(self.client.post(address), "password", status_code=403)
        archive: Any = self.client.post(address, {"password_again": PASSWORD})
        content = b"".join(archive.streaming_content)
        self.assertEqual(len(content), CompanyExport.objects.get().size)
        self.assertIn("manifest.json", zipfile.ZipFile(io.BytesIO(content)).namelist())
        kinds = list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))
        self.assertEqual(kinds[-1], "company.export_fetched")
        self.assertIn("company.export_made", kinds)

    def test_one_at_a_time(self) -> None:
        start_export(company=self.acme, by=self.alice)
        with self.assertRaises(ExportUnderWayError):
            start_export(company=self.acme, by=self.alice)
        self.log_in(self.alice)
        self.assertContains(self.client.post(self.url(), follow=True), "being made already")

    def test_others_see_nothing_of_it(self) -> None:
        export = self.made_export()
        for person in (self.terry, self.uma, self.charlie):
            self.log_in(person)
            for address in (self.url(), self.url("data_state"), self.url("deletion")):
                self.assertIn(self.client.get(address).status_code, (403, 404))
            self.confirm()
            for address in (self.url(), self.url("archive", export.pk), self.url("deletion")):
                self.assertIn(self.client.post(address).status_code, (403, 404))

    def test_a_superuser_outside(self) -> None:
        self.log_in(self.root)
        self.assertContains(self.client.get(self.url()), "Start an export")
        self.client.post(self.url())
        export = CompanyExport.objects.get()
        with schema_context("acme"):
            make_export(export_id=export.pk)
        self.confirm()
        self.assertEqual(self.client.post(self.url("archive", export.pk)).status_code, 200)
        event = AuditEvent.objects.filter(kind="company.export_fetched").get()
        self.assertEqual(event.actor_kind, "superuser")

    def test_when_its_time_is_over_it_is_deleted(self) -> None:
        export = self.made_export()
        forget_export(export_id=export.pk)
        self.log_in(self.alice)
        self.assertContains(self.client.get(self.url()), "No longer kept")
        self.confirm()
        self.assertEqual(self.client.post(self.url("archive", export.pk)).status_code, 404)

    def test_no_more_than_two_are_kept_at_once(self) -> None:
        """However often somebody asks for one: they would fill everybody's storage."""
        exports = [self.made_export() for _each in range(3)]
        states = list(CompanyExport.objects.order_by("pk").values_list("status", flat=True))
        self.assertEqual(states, ["DELETED", "DONE", "DONE"])
        with schema_context("acme"):
            kept = [default_storage.exists(each.key) for each in exports]
        self.assertEqual(kept, [False, True, True])

    def test_what_a_killed_worker_left_is_no_archive(self) -> None:
        """The job that comes after it begins anew, over what stands there."""
        from django.core.files.base import ContentFile  # noqa: PLC0415

        export = start_export(company=self.acme, by=self.alice)
        CompanyExport.objects.update(status="RUNNING", progress=40)
        default_storage.save(export.key, ContentFile(b"half"))
        default_storage.save("exports/nobodys.zip", ContentFile(b"left"))
        make_export(export_id=export.pk)
        export.refresh_from_db()
        self.assertTrue(export.is_ready)
        with default_storage.open(export.key) as content:
            self.assertTrue(zipfile.is_zipfile(content))
        clean_up_exports()
        self.assertFalse(default_storage.exists("exports/nobodys.zip"))
        self.assertTrue(default_storage.exists(export.key))

    def test_one_whose_job_is_gone_ends(self) -> None:
        export = start_export(company=self.acme, by=self.alice)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [export.job_id])
        self.assertIn("another one", end_abandoned_export(export).failure)
        start_export(company=self.acme, by=self.alice)


class DeletionPageTests(PagesCase):
    def ask(self) -> Any:
        self.log_in(self.alice)
        self.confirm()
        return self.client.post(self.url("deletion"), {"typed_name": "Acme"}, follow=True)

    def test_the_page_says_what_goes_and_wants_the_name(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.client.get(self.url("deletion")), "deleted for good")
        self.confirm(ago=100_000)
        answer = self.client.post(self.url("deletion"), {"typed_name": "Acme"})
        self.assertContains(answer, "password", status_code=403)
        self.confirm()
        answer = self.client.post(self.url("deletion"), {"typed_name": "Globex"})
        self.assertContains(answer, "This is not the name")
        self.assertFalse(Company.objects.get(pk=self.acme.pk).is_to_be_deleted)

    def test_everybody_is_told_and_nobody_changes_anything(self) -> None:
        self.assertContains(self.ask(), "is to be deleted")
        self.log_in(self.uma)
        self.assertContains(self.client.get(reverse("admin:index")), "is deleted on")
        answer = self.client.post(reverse("admin:tickets_myticket_add"), {"x": "y"})
        self.assertContains(answer, "Nothing can be changed here", status_code=403)
        answer = self.client.post(
            reverse("admin:tickets_myticket_add"), {}, headers={"Accept": "application/json"}
        )
        self.assertIn("message", answer.json())
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(reverse("admin:index")), "is deleted on")

    def test_an_admin_takes_it_back(self) -> None:
        self.ask()
        self.confirm()
        answer = self.client.post(self.url("deletion"), {"take_back": "1"}, follow=True)
        self.assertContains(answer, "The company stays")
        self.assertFalse(Company.objects.get(pk=self.acme.pk).is_to_be_deleted)
        with schema_context("public"):
            kinds = set(AuditEvent.objects.values_list("kind", flat=True))
        self.assertLessEqual({"company.deletion_asked", "company.deletion_taken_back"}, kinds)

    def test_a_last_export_can_be_made(self) -> None:
        self.ask()
        self.client.post(self.url())
        self.assertEqual(CompanyExport.objects.count(), 1)

    def test_the_log_in_stays_ones_own(self) -> None:
        self.ask()
        self.assertEqual(self.client.post(reverse("admin:logout")).status_code, 302)
        self.assertTrue(User.objects.get(pk=self.alice.pk).is_active)

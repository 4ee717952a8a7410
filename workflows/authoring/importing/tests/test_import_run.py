"""Large files: the worker checks and applies them, and a page shows how far it is."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.names import LONGEST_NAME
from tenants.testing import CompanyTestCase
from workflows.authoring.definitions.tests.test_definition_pages import bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.importing.import_run import (
    FORGET_IMPORT,
    RUN_IMPORT,
    apply_import,
    continue_import,
    forget_import,
    is_large,
    start_import,
)
from workflows.bundles import write_bundle
from workflows.models import ImportRun, ImportStatus, WorkflowDefinition
from workflows.workbooks import FileType, write_document

PAGE = reverse("admin:workflows_workflowdefinition_import")


class ImportRunCase(CompanyTestCase):
    """Here every file counts as large: what is large is a matter of seconds, not of content."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(patch("workflows.authoring.importing.import_run.LARGE_TEXT", 10))
        self.enterContext(patch("workflows.authoring.importing.import_run.LARGE_WORKBOOK", 10))
        self.log_in(self.carla)

    def upload(self, content: bytes, name: str = "process.json") -> ImportRun:
        response = self.client.post(PAGE, {"file": SimpleUploadedFile(name, content)})
        run = ImportRun.objects.latest("pk")
        self.assertRedirects(response, address(run), fetch_redirect_response=False)
        return run

    def work(self, run: ImportRun) -> ImportRun:
        """As the worker does."""
        continue_import(import_run_id=run.pk)
        return ImportRun.objects.get(pk=run.pk)

    def state(self, run: ImportRun) -> Any:
        return self.client.get(f"{address(run)}state/").json()


def address(run: ImportRun) -> str:
    return reverse("admin:workflows_workflowdefinition_import_run", args=(run.pk,))


def good() -> bytes:
    return write_bundle(bundle()).encode()


def wrong() -> bytes:
    document = bundle()
    document["tasks"][0]["candidate_role"] = "Aprover"
    return write_document(document, FileType.XLSX)


class CheckLargeFileTest(ImportRunCase):
    def test_small_files_are_checked_at_once(self) -> None:
        self.assertTrue(is_large(b"x" * 11))
        self.assertFalse(is_large(b"x" * 10))
        self.assertFalse(is_large(b"PK"))

    def test_the_page_waits_then_shows_what_would_change(self) -> None:
        run = self.upload(good())
        page = self.client.get(address(run))
        self.assertContains(page, "Waiting to be checked")
        self.assertFalse(self.state(run)["over"])
        self.assertTrue(ProcrastinateJob.objects.filter(task_name=RUN_IMPORT).exists())
        self.assertTrue(self.work(run).is_ready)
        state = self.state(run)
        self.assertTrue(state["over"])
        self.assertIn("This is a new workflow", state["html"])
        self.assertIn("csrfmiddlewaretoken", state["html"])
        self.assertContains(self.client.get(address(run)), "Apply as draft")
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_applying_makes_the_draft_and_lets_go_of_the_file(self) -> None:
        run = self.work(self.upload(good()))
        self.client.post(address(run), {"apply": "1"})
        self.assertContains(self.client.get(address(run)), "The draft is being made")
        run = self.work(run)
        self.assertEqual(run.status, ImportStatus.DONE)
        self.assertIsNone(run.content)
        draft = WorkflowDefinition.objects.get()
        self.assertEqual((draft, draft.created_by), (run.definition, self.carla))
        link = reverse("admin:workflows_workflowdefinition_change", args=(draft.pk,))
        self.assertIn(link, self.state(run)["html"])

    def test_problems_are_told_with_their_cells_and_the_file_is_not_kept(self) -> None:
        run = self.work(self.upload(wrong(), "process.xlsx"))
        self.assertEqual(run.status, ImportStatus.REFUSED)
        self.assertIsNone(run.content)
        page = self.client.get(address(run))
        self.assertContains(page, "Sheet Tasks")
        self.assertContains(page, "Aprover")
        self.assertNotContains(page, "Apply as draft")

    def test_the_corrected_file_can_be_chosen_there(self) -> None:
        run = self.work(self.upload(wrong(), "process.xlsx"))
        for text in (self.client.get(address(run)).text, self.state(run)["html"]):
            self.assertEqual(text.count('id="id_file"'), 1)
            self.assertIn('form="upload-form"', text)
            self.assertRegex(text, rf'<form[^>]*id="upload-form" action="{PAGE}"')
        good_one = self.work(self.upload(good()))
        self.assertNotIn("upload-form", self.client.get(address(good_one)).text)

    def test_what_cannot_be_read_is_said(self) -> None:
        run = self.work(self.upload(b"PK\x03\x04 this is no workbook", "process.xlsx"))
        self.assertContains(self.client.get(address(run)), "This cannot be read")
        self.assertIsNone(run.content)


class RepeatedImportTest(ImportRunCase):
    def test_a_worker_that_was_killed_while_checking_is_followed_by_another(self) -> None:
        run = self.upload(good())
        with patch(
            "workflows.authoring.importing.import_run.check_reading", side_effect=KeyboardInterrupt
        ):
            self.assertRaises(KeyboardInterrupt, continue_import, import_run_id=run.pk)
        self.assertEqual(ImportRun.objects.get().status, ImportStatus.CHECKING)
        self.assertTrue(self.work(run).is_ready)

    def test_a_worker_that_was_killed_while_applying_has_made_nothing(self) -> None:
        run = apply_import(run=self.work(self.upload(good())))
        with patch.object(ImportRun, "finish", side_effect=KeyboardInterrupt):
            self.assertRaises(KeyboardInterrupt, continue_import, import_run_id=run.pk)
        self.assertFalse(WorkflowDefinition.objects.exists())
        self.assertEqual(self.work(run).status, ImportStatus.DONE)

    def test_repeating_and_pressing_twice_change_nothing(self) -> None:
        run = self.work(self.work(self.upload(good())))
        for _time in range(2):
            self.client.post(address(run))
        for _time in range(2):
            self.work(run)
        self.client.post(address(run))
        self.assertEqual(WorkflowDefinition.objects.count(), 1)
        # One to check and one to apply.
        self.assertEqual(ProcrastinateJob.objects.filter(task_name=RUN_IMPORT).count(), 2)

    def test_a_job_that_gave_up_does_not_leave_the_page_waiting(self) -> None:
        run = self.upload(good())
        ProcrastinateJob.objects.filter(pk=run.job_id).update(status="failed")
        state = self.state(run)
        self.assertTrue(state["over"])
        self.assertIn("The server could not finish this", state["html"])
        run.refresh_from_db()
        self.assertEqual((run.status, run.content), (ImportStatus.FAILED, None))
        self.assertEqual(self.work(run).status, ImportStatus.FAILED)

    def test_somebody_elses_change_meanwhile_is_noticed(self) -> None:
        run = apply_import(run=self.work(self.upload(good())))
        import_bundle(document=bundle(key="other"), user=self.carla)
        self.assertEqual(self.work(run).status, ImportStatus.REFUSED)
        self.assertContains(self.client.get(address(run)), "already has a ticket type with the key")


class KeptFilesTest(ImportRunCase):
    def test_one_file_a_person_is_kept(self) -> None:
        first = self.work(self.upload(good()))
        self.upload(good())
        first.refresh_from_db()
        self.assertIsNone(first.content)
        page = self.client.post(address(first), follow=True)
        self.assertContains(page, "This file is no longer kept. Upload it again.")

    def test_it_is_forgotten_after_a_day(self) -> None:
        run = self.upload(good())
        job = ProcrastinateJob.objects.get(task_name=FORGET_IMPORT)
        self.assertEqual(job.args["import_run_id"], run.pk)
        forget_import(import_run_id=run.pk)
        self.assertEqual(self.client.get(address(run)).status_code, 404)
        continue_import(import_run_id=run.pk)

    def test_long_names_keep_their_ending(self) -> None:
        run = start_import(content=good(), filename="x" * 300 + "\x00.yaml", user=self.carla)
        self.assertEqual((len(run.filename), run.filename[-5:]), (LONGEST_NAME, ".yaml"))


class WhoSeesAnImportTest(ImportRunCase):
    def test_nobody_else_does(self) -> None:
        run = self.work(self.upload(good()))
        for person in (self.alice, self.wendy, self.terry, self.uma, self.root):
            self.log_in(person)
            for url in (address(run), f"{address(run)}state/"):
                with self.subTest(person=person.email, url=url):
                    self.assertEqual(self.client.get(url).status_code, 403)
            self.assertEqual(self.client.post(address(run)).status_code, 403)
        self.assertTrue(ImportRun.objects.get().is_ready)

    def test_charlie_sees_nothing(self) -> None:
        run = self.work(self.upload(good()))
        self.log_in(self.charlie)
        for url in (address(run), f"{address(run)}state/"):
            self.assertEqual(self.client.get(url).status_code, 404)
        self.assertEqual(self.client.post(address(run)).status_code, 404)

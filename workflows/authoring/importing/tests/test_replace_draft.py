"""A bundle beside a draft that was never published: it is asked what becomes of the draft."""

from __future__ import annotations

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.urls import reverse

from tenants.connection import use_company
from tenants.testing import CompanyTestCase
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.tests.test_definition_pages import bundle
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.gallery.processes import gallery
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.importing.import_run import continue_import
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.publishing.delete_draft import delete_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import write_bundle
from workflows.errors import DraftChangedError, NotADraftError
from workflows.models import ImportRun, ImportStatus, TicketDefinition, WorkflowDefinition

PAGE = reverse("admin:workflows_workflowdefinition_import")


class ReplaceCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        published = import_bundle(document=bundle(), user=self.carla)
        publish_workflow(workflow=published, user=self.carla)
        self.draft = import_bundle(document=bundle(title="Draft"), user=self.alice)
        self.new = bundle(title="New")
        self.log_in(self.carla)

    def titles(self) -> list[tuple[int, str]]:
        use_company(self.acme)
        rows = WorkflowDefinition.objects.order_by("version")
        return list(rows.values_list("version", "title"))

    def change_draft(self) -> None:
        use_company(self.acme)
        draft = WorkflowDefinition.objects.get(pk=self.draft.pk)
        document: Any = export_bundle(workflow=draft)
        document["workflow"]["title"] = "Theirs"
        at = draft.updated_at
        save_draft(workflow=draft, document=document, user=self.alice, expected_updated_at=at)

    def shown(self, page: Any) -> dict[str, str]:
        """What the page sends along with its buttons."""
        found = page.context.get("draft") or page.context["findings"].draft
        return {"draft": str(found.pk), "draft_saved_at": found.saved_at}


class ReplaceDraftTest(ReplaceCase):
    def test_the_draft_keeps_its_number_and_gets_the_content(self) -> None:
        types = TicketDefinition.objects.count()
        seen = SeenDraft.of(self.draft)
        made = import_bundle(document=self.new, user=self.carla, replaces=seen)
        self.assertEqual((made.pk, made.version, made.changed_by), (self.draft.pk, 2, self.carla))
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "New")])
        self.assertEqual(TicketDefinition.objects.count(), types)
        self.assertTrue(preview_bundle(document=self.new).is_unchanged)

    def test_a_draft_that_is_another_one_now_is_left_alone(self) -> None:
        seen = SeenDraft.of(self.draft)
        self.change_draft()
        with self.assertRaises(DraftChangedError) as caught:
            import_bundle(document=self.new, user=self.carla, replaces=seen)
        self.assertEqual(caught.exception.by, self.alice)
        publish_workflow(workflow=self.draft, user=self.alice)
        for gone in (seen, SeenDraft(10**9, seen.updated_at)):
            with self.assertRaises(NotADraftError):
                import_bundle(document=self.new, user=self.carla, replaces=gone)
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "Theirs")])

    def test_a_draft_of_another_workflow_is_left_alone(self) -> None:
        document = bundle(key="other", title="Other")
        document["ticket_types"] = [{**document["ticket_types"][0], "key": "other"}]
        other = import_bundle(document=document, user=self.carla)
        with self.assertRaises(NotADraftError):
            import_bundle(document=self.new, user=self.carla, replaces=SeenDraft.of(other))
        self.assertEqual(WorkflowDefinition.objects.get(key="other").title, "Other")

    def test_nothing_is_asked_where_there_is_nothing_to_replace(self) -> None:
        self.assertEqual(preview_bundle(document=self.new).draft, self.draft)
        self.assertIsNone(preview_bundle(document=bundle()).draft)  # it is that of version 1
        delete_draft(workflow=self.draft)
        self.assertIsNone(preview_bundle(document=self.new).draft)


class PageTest(ReplaceCase):
    def send(self, **more: str) -> Any:
        use_company(self.acme)
        return self.client.post(PAGE, {"text": write_bundle(self.new), **more})

    def test_it_asks(self) -> None:
        page = self.send()
        self.assertContains(page, "Version 2 is a draft, which was never published.")
        self.assertContains(page, "saved last by Alice Archer")
        self.assertContains(page, "Replace draft version 2")
        self.assertContains(page, "Make version 3 beside it")
        self.assertNotContains(page, "Apply as draft")
        # Not deciding, in whatever way, is no decision.
        for more in ({"apply": "1"}, {"apply": "both"}, {"apply": ""}):
            self.assertContains(self.send(**more), "Replace draft version 2")
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "Draft")])

    def test_each_decision(self) -> None:
        self.send(apply="beside")
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "Draft"), (3, "New")])
        self.new = bundle(title="Newer")
        self.send(apply="replace", **self.shown(self.send()))
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "Draft"), (3, "Newer")])

    def test_who_saved_the_draft_meanwhile_is_protected(self) -> None:
        shown = self.shown(self.send())
        self.change_draft()
        page = self.send(apply="replace", **shown)
        self.assertContains(page, "Alice Archer has saved this draft")
        self.assertIn("New", page.context["form"]["text"].value())
        self.assertEqual(self.titles()[1], (2, "Theirs"))
        self.send(apply="replace", **self.shown(self.send()))
        self.assertEqual(self.titles()[1], (2, "New"))

    def test_whatever_is_sent_replaces_nothing(self) -> None:
        for draft in ("", "x", "-1", "9" * 40, "9" * 5000):
            for at in ("", "x", "2026-01-01", self.draft.updated_at.isoformat()):
                with self.subTest(draft=draft[:50], at=at):
                    page = self.send(apply="replace", draft=draft, draft_saved_at=at)
                    self.assertContains(page, "Nothing was imported.")
        self.assertEqual(self.titles()[1], (2, "Draft"))


class LargeFileTest(ReplaceCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(patch("workflows.authoring.importing.import_run.LARGE_TEXT", 10))
        self.client.post(PAGE, {"text": write_bundle(self.new)})
        use_company(self.acme)
        self.run_made = ImportRun.objects.get()
        self.address = reverse(
            "admin:workflows_workflowdefinition_import_run", args=(self.run_made.pk,)
        )
        continue_import(import_run_id=self.run_made.pk)

    def decide(self, **more: str) -> ImportRun:
        self.client.post(self.address, more)
        use_company(self.acme)
        continue_import(import_run_id=self.run_made.pk)
        return ImportRun.objects.get()

    def test_it_asks(self) -> None:
        self.assertContains(self.client.get(self.address), "Replace draft version 2")
        self.assertTrue(self.decide(apply="1").is_ready)
        self.assertEqual(self.decide(apply="replace").definition_id, self.draft.pk)
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "New")])

    def test_beside(self) -> None:
        self.assertEqual(self.decide(apply="beside").status, ImportStatus.DONE)
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "Draft"), (3, "New")])

    def test_who_saved_the_draft_meanwhile_is_protected(self) -> None:
        self.change_draft()
        self.assertEqual(self.decide(apply="replace").status, ImportStatus.FAILED)
        self.assertContains(self.client.get(self.address), "Alice Archer has saved this draft")
        self.assertEqual(self.titles()[1], (2, "Theirs"))


class CommandTest(ReplaceCase):
    def run_command(self, *arguments: str) -> str:
        out = io.StringIO()
        with TemporaryDirectory() as folder:
            path = Path(folder) / "new.json"
            path.write_text(json.dumps(self.new), encoding="utf-8")
            company = f"--company={self.acme.schema_name}"
            call_command("import_bundle", company, *arguments, str(path), stdout=out)
        return out.getvalue()

    def test_without_the_option_the_draft_stays(self) -> None:
        self.assertIn("--replace-draft replaces it", self.run_command())
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "Draft"), (3, "New")])

    def test_with_it_the_draft_is_replaced(self) -> None:
        self.run_command("--replace-draft", "--dry-run")
        self.assertEqual(self.titles()[1], (2, "Draft"))
        self.run_command("--replace-draft")
        self.assertEqual(self.titles(), [(1, "Purchase"), (2, "New")])

    def test_a_draft_that_is_saved_in_between(self) -> None:
        module = "workflows.management.commands.import_bundle"

        def late(**arguments: Any) -> WorkflowDefinition:
            self.change_draft()
            return import_bundle(**arguments)

        with patch(f"{module}.import_bundle", late), self.assertRaises(CommandError) as caught:
            self.run_command("--replace-draft")
        self.assertIn("Alice Archer has saved this draft", str(caught.exception))


class GalleryTest(CompanyTestCase):
    def test_it_asks_too(self) -> None:
        process = gallery()[0].processes[0]
        document: Any = {**process.document}
        document["workflow"] = {**document["workflow"], "title": "Ours"}
        draft = import_bundle(document=document, user=self.alice)
        self.log_in(self.carla)
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_gallery_process", args=(process.name,))
        )
        self.assertContains(page, "Replace draft version 1")
        self.assertContains(page, "Make version 2 beside it")
        use = reverse("admin:workflows_workflowdefinition_gallery_use", args=(process.name,))
        self.client.post(use)
        found = page.context["draft"]
        shown = {"draft": found.pk, "draft_saved_at": found.saved_at, "apply": "replace"}
        use_company(self.acme)
        self.assertEqual(WorkflowDefinition.objects.get().title, "Ours")
        WorkflowDefinition.objects.get().save()  # somebody saves it
        self.client.post(use, shown)
        use_company(self.acme)
        self.assertEqual(WorkflowDefinition.objects.get().title, "Ours")
        draft.refresh_from_db()
        self.client.post(use, {**shown, "draft_saved_at": draft.updated_at.isoformat()})
        use_company(self.acme)
        self.assertNotEqual(WorkflowDefinition.objects.get().title, "Ours")
        self.assertEqual(WorkflowDefinition.objects.get().pk, draft.pk)

from __future__ import annotations

import io
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from tenants.connection import use_company
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, outside
from tenants.testing_tools.waits import at_once
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles.document.errors import InvalidBundleError
from workflows.models import (
    CompanyRole,
    DefinitionStatus,
    TaskDefinition,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
)


def changed(name: str = "invoice", **workflow: Any) -> dict[str, Any]:
    document: dict[str, Any] = fixture_document(name)
    document["workflow"].update(workflow)
    return document


class ImportBundleTest(CompanyTestCase):
    def test_it_makes_a_draft(self) -> None:
        draft = import_bundle(document=fixture_document("invoice"), user=self.carla)
        self.assertEqual((draft.key, draft.version), ("invoice_receipt", 1))
        self.assertEqual(draft.status, DefinitionStatus.DRAFT)
        self.assertEqual(draft.created_by, self.carla)
        self.assertEqual(
            [task.key for task in draft.tasks.all()],
            [
                "approve_invoice",
                "invoice_clarification",
                "prepare_bank_transfer",
                "archive_invoice",
            ],
        )
        self.assertEqual(draft.transitions.count(), 7)
        self.assertEqual(draft.transitions.filter(from_task=None).count(), 1)
        archive = draft.tasks.get(key="archive_invoice")
        self.assertEqual((archive.timeout_seconds, archive.retries), (30, 3))

    def test_ticket_types_wait_for_publishing(self) -> None:
        import_bundle(document=fixture_document("it_help"), user=self.carla)
        types = TicketDefinition.objects.order_by("pk")
        self.assertEqual(
            [(each.key, each.version, each.is_active) for each in types],
            [("it_help", 1, False), ("it_password", 1, False), ("it_outage", 1, False)],
        )

    def test_missing_company_roles_are_made_and_others_left_alone(self) -> None:
        mine = CompanyRole.objects.create(name="accountant", description="Ours")
        mine.members.add(self.wendy)
        draft = import_bundle(document=fixture_document("invoice"), user=self.carla)
        self.assertEqual(
            sorted(CompanyRole.objects.values_list("name", flat=True)),
            ["Approver", "Team Assistant", "accountant"],
        )
        self.assertEqual(draft.tasks.get(key="prepare_bank_transfer").candidate_role, mine)
        mine.refresh_from_db()
        self.assertEqual(mine.description, "Ours")

    def test_the_same_again_makes_no_new_version(self) -> None:
        CompanyRole.objects.create(name="ACCOUNTANT")
        first = import_bundle(document=fixture_document("invoice"), user=self.carla)
        self.assertEqual(import_bundle(document=fixture_document("invoice"), user=None), first)
        published = publish_workflow(workflow=first, user=self.carla)
        self.assertEqual(import_bundle(document=fixture_document("invoice"), user=None), published)
        self.assertEqual(TicketDefinition.objects.count(), 1)

    def test_a_change_makes_the_next_version(self) -> None:
        import_fixture("invoice", self.carla)
        draft = import_bundle(document=changed(title="Invoices"), user=self.carla)
        self.assertEqual((draft.version, draft.title), (2, "Invoices"))
        published = WorkflowDefinition.objects.versions_of("invoice_receipt").published().get()
        self.assertEqual((published.version, published.title), (1, "Invoice receipt"))

    def test_going_back_to_an_older_content_makes_a_new_version(self) -> None:
        import_fixture("invoice", self.carla)
        second = import_bundle(document=changed(title="Invoices"), user=self.carla)
        publish_workflow(workflow=second, user=self.carla)
        third = import_bundle(document=fixture_document("invoice"), user=self.carla)
        self.assertEqual((third.version, third.status), (3, DefinitionStatus.DRAFT))

    def test_errors_stop_it_and_leave_nothing(self) -> None:
        document = changed()
        document["transitions"][6]["to"] = "nowhere"
        del document["tests"]
        with self.assertRaises(InvalidBundleError) as caught:
            import_bundle(document=document, user=self.carla)
        self.assertEqual([each.place for each in caught.exception.problems], ["transitions[6].to"])
        self.assertIn("nowhere", str(caught.exception))
        for model in (WorkflowDefinition, TaskDefinition, Transition, CompanyRole):
            self.assertFalse(model.objects.exists())

    def test_whatever_is_no_bundle_is_refused(self) -> None:
        documents: tuple[object, ...] = (None, [], "x", {"format": "ticketflower-bundle"})
        for document in documents:
            with self.subTest(document), self.assertRaises(InvalidBundleError):
                import_bundle(document=document, user=self.carla)

    def test_a_ticket_type_of_another_workflow_is_not_taken_away(self) -> None:
        import_fixture("invoice", self.carla)
        with self.assertRaises(InvalidBundleError) as caught:
            import_bundle(document=changed(key="other"), user=self.carla)
        (problem,) = caught.exception.problems
        self.assertEqual(problem.place, "ticket_types[0].key")
        self.assertEqual(problem.where, "Ticket type “Invoice” (invoice), key")
        self.assertIn("Invoice receipt", problem.message)

    def test_charlie_sees_nothing_of_it(self) -> None:
        import_fixture("invoice", self.carla)
        use_company(self.globex)
        self.assertFalse(WorkflowDefinition.objects.exists())
        self.assertIsNone(preview_bundle(document=fixture_document("invoice")).current)

    def test_a_new_draft_is_a_copy(self) -> None:
        published = import_fixture("it_help", self.carla)
        draft = new_draft(workflow=published, user=self.carla)
        self.assertEqual((draft.version, draft.status), (2, DefinitionStatus.DRAFT))
        self.assertEqual(export_bundle(workflow=draft), export_bundle(workflow=published))
        self.assertEqual(TicketDefinition.objects.filter(workflow=draft).count(), 3)


class PreviewBundleTest(CompanyTestCase):
    def test_of_a_new_workflow(self) -> None:
        preview = preview_bundle(document=fixture_document("vacation"))
        self.assertEqual((preview.version, preview.current), (1, None))
        self.assertEqual(preview.new_company_roles, ["Vacation Approver"])
        self.assertTrue(preview.can_be_imported)
        self.assertFalse(preview.is_unchanged)
        self.assertEqual(
            [(each.kind.value, each.where) for each in preview.changes],
            [
                ("added", "Workflow"),
                ("added", "Task “Approve the vacation” (approve_vacation)"),
                ("added", "Transition from start to “Approve the vacation” (approve_vacation)"),
                ("added", "Transition from “Approve the vacation” (approve_vacation) to end"),
                ("added", "Transition from “Approve the vacation” (approve_vacation) to end"),
                ("added", "Ticket type “Vacation” (vacation)"),
                ("added", "Test case Wild life in Jamaica"),
                ("added", "Test case Skiing in Florida"),
                ("added", "Test case Somebody must decide first"),
            ],
        )

    def test_of_a_change(self) -> None:
        workflow = import_fixture("invoice", self.carla)
        preview = preview_bundle(document=changed(title="Invoices"))
        self.assertEqual((preview.version, preview.current), (2, workflow))
        (change,) = preview.changes
        self.assertEqual(
            (change.place, change.old, change.new),
            ("workflow.title", "Invoice receipt", "Invoices"),
        )

    def test_of_the_same_again(self) -> None:
        import_fixture("invoice", self.carla)
        preview = preview_bundle(document=fixture_document("invoice"))
        self.assertTrue(preview.is_unchanged)
        self.assertEqual((preview.version, preview.changes), (1, []))

    def test_of_a_bundle_with_errors(self) -> None:
        preview = preview_bundle(document=changed(title=""))
        self.assertFalse(preview.can_be_imported)
        self.assertEqual([each.place for each in preview.errors], ["workflow.title"])

    def test_it_changes_nothing(self) -> None:
        preview_bundle(document=fixture_document("invoice"))
        self.assertFalse(WorkflowDefinition.objects.exists())
        self.assertFalse(CompanyRole.objects.exists())

    def test_a_bundle_without_ticket_types_keeps_those_there_are(self) -> None:
        import_fixture("invoice", self.carla)
        document = changed()
        del document["ticket_types"]
        self.assertTrue(preview_bundle(document=document).is_unchanged)


class UnchangedTests(CompanyTestCase):
    def test_what_makes_no_draft_makes_no_company_role(self) -> None:
        import_fixture("vacation", self.carla)
        document = fixture_document("vacation")
        listed = document["company_roles"]
        assert isinstance(listed, list)
        document["company_roles"] = [*listed, {"name": "Board"}]
        same = import_bundle(document=document, user=self.carla)
        self.assertEqual(same, WorkflowDefinition.objects.get())
        self.assertFalse(CompanyRole.objects.filter(name="Board").exists())


class BundleCommandsTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, content: object) -> str:
        path = self.folder / "bundle.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def run_command(self, *arguments: str) -> str:
        out = io.StringIO()
        try:
            call_command(*arguments, stdout=out)
        finally:
            self.output = out.getvalue()
            use_company(self.acme)
        return self.output

    def refused(self, *arguments: str) -> CommandError:
        with self.assertRaises(CommandError) as caught:
            self.run_command(*arguments)
        return caught.exception

    def test_import_and_export(self) -> None:
        path = self.file(fixture_document("invoice"))
        out = self.run_command("import_bundle", "--company", "acme", "--publish", path)
        self.assertIn("Invoice receipt (v1): Published.", out)
        exported = self.run_command("export_bundle", "--company", "acme", "invoice_receipt")
        self.assertEqual(json.loads(exported), fixture_document("invoice"))
        target = self.folder / "out.json"
        self.run_command(
            "export_bundle", "--company=acme", "invoice_receipt", "--output", str(target)
        )
        self.assertEqual(target.read_text(encoding="utf-8"), exported)

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self) -> None:
        import_fixture("invoice", self.carla)
        path = self.file(changed(title="Invoices"))
        out = self.run_command("import_bundle", "--company", "acme", "--dry-run", path)
        self.assertIn("changed: Workflow, title: from Invoice receipt to Invoices", out)
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_another_version_can_be_exported(self) -> None:
        import_fixture("invoice", self.carla)
        import_bundle(document=changed(title="Invoices"), user=None)
        out = self.run_command(
            "export_bundle", "--company", "acme", "invoice_receipt", "--version", "2"
        )
        self.assertEqual(json.loads(out)["workflow"]["title"], "Invoices")

    def test_errors_are_listed_and_end_with_1(self) -> None:
        path = self.file(changed(title=""))
        for command in (["check_bundle", path], ["import_bundle", "--company", "acme", path]):
            with self.subTest(command[0]):
                self.assertEqual(self.refused(*command).returncode, 1)
                self.assertIn("error: Workflow, title (workflow.title): ", self.output)

    def test_a_good_bundle_is_told_so(self) -> None:
        out = self.run_command("check_bundle", self.file(fixture_document("invoice")))
        self.assertEqual(
            out, "4 of 4 test cases pass.\nThe bundle can be imported. 0 errors. 0 warnings.\n"
        )

    def test_a_terminal_that_lacks_a_character_is_no_reason_to_fail(self) -> None:
        path = self.file(changed(title="", description="日本"))
        terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        with self.assertRaises(CommandError):
            call_command("check_bundle", path, stdout=terminal)
        use_company(self.acme)
        import_bundle(document=changed(title="日本"), user=None)
        call_command("export_bundle", "--company=acme", "invoice_receipt", stdout=terminal)
        terminal.flush()
        terminal.seek(0)
        shown = terminal.read()
        self.assertIn("error: Workflow, title", shown)
        self.assertIn("\\u65e5\\u672c", shown)

    def test_a_file_that_cannot_be_read_ends_with_2(self) -> None:
        missing = str(self.folder / "missing.json")
        for command in (["check_bundle", missing], ["import_bundle", "--company", "acme", missing]):
            self.assertEqual(self.refused(*command).returncode, 2)

    def test_an_unknown_company_is_told_with_those_there_are(self) -> None:
        path = self.file(fixture_document("invoice"))
        for schema in ("acne", "public", "", "x" * 200):
            with self.subTest(schema):
                with outside():
                    error = self.refused("import_bundle", "--company", schema, path)
                self.assertIn("acme, globex", str(error))
        self.assertIn("acme", str(self.refused("export_bundle", "--company", "x", "y")))

    def test_an_unknown_workflow_is_told_with_those_there_are(self) -> None:
        import_fixture("vacation", self.carla)
        error = self.refused("export_bundle", "--company", "acme", "vaction")
        self.assertIn("vacation_request (1)", str(error))
        error = self.refused(
            "export_bundle", "--company", "acme", "vacation_request", "--version", "9" * 20
        )
        self.assertIn("vacation_request (1)", str(error))


class ImportTogetherTest(CompanyTransactionTestCase):
    def test_two_imports_at_the_same_moment_make_two_versions(self) -> None:
        def run(title: str) -> None:
            import_bundle(document=changed(title=title), user=None)

        raised = at_once(partial(run, "One"), partial(run, "Two"), company=self.acme)
        self.assertEqual(raised, [None, None])
        versions = WorkflowDefinition.objects.order_by("version")
        self.assertEqual([each.version for each in versions], [1, 2])
        self.assertEqual({each.title for each in versions}, {"One", "Two"})
        self.assertEqual(CompanyRole.objects.count(), 3)

"""The ticket types as a file: what goes out, what may come in."""

from __future__ import annotations

import io
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from tenants.testing import CompanyTestCase
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.ticket_types.add_ticket_type import add_ticket_type
from workflows.bundles import check_bundle, errors_of
from workflows.errors import PresetsRefusedError, TicketTypeKeyTakenError, WorkflowNotPublishedError
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition

LIST = reverse("admin:workflows_ticketdefinition_changelist")
IMPORT = reverse("admin:workflows_ticketdefinition_import")
CONFIRM = reverse("admin:workflows_ticketdefinition_process_import")
EXPORT = reverse("admin:workflows_ticketdefinition_export")
XLSX, CSV, JSON = "0", "1", "2"
HELP = "it_help_request"


class TicketTypeFileCase(CompanyTestCase):
    workflow: WorkflowDefinition
    buyers: CompanyRole

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.workflow = import_fixture("it_help", cls.carla)
        cls.buyers = CompanyRole.objects.create(name="Buyers, Berlin")

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def upload(self, content: str | bytes, name: str = "types.csv") -> Any:
        data = content if isinstance(content, bytes) else content.encode()
        return self.client.post(IMPORT, {"import_file": SimpleUploadedFile(name, data)})

    def bring_in(self, content: str | bytes, name: str = "types.csv") -> None:
        page = self.upload(content, name)
        self.assertFalse(page.context.get("problems"), page.context.get("problems"))
        self.assertFalse(page.context.get("failure"))
        form = page.context["confirm_form"]
        sent = {name: form[name].value() for name in form.fields}
        self.assertRedirects(self.client.post(CONFIRM, sent), LIST)

    def messages(self, text: str) -> list[tuple[int, str, str]]:
        page = self.upload(text)
        self.assertNotContains(page, "process_import")
        return [(each.row, each.column, each.message) for each in page.context["problems"]]

    def export(self, kind: str = JSON, query: str = "") -> Any:
        return self.client.post(f"{EXPORT}{query}", {"format": kind, "resource": "0"})

    def type(self, key: str = "it_help") -> TicketDefinition:
        return TicketDefinition.objects.active().get(key=key)


class ExportTest(TicketTypeFileCase):
    def test_it_says_what_people_may_submit(self) -> None:
        self.type().roles_with_access.add(self.buyers)
        rows = {each["Key"]: each for each in json.loads(self.export().getvalue())}
        self.assertEqual(set(rows), {"it_help", "it_password", "it_outage"})
        self.assertEqual(rows["it_help"]["Workflow"], HELP)
        self.assertEqual(rows["it_help"]["Roles with access"], '"Buyers, Berlin"')
        self.assertEqual((rows["it_help"]["Version"], rows["it_help"]["Active"]), (1, True))
        self.assertEqual(rows["it_outage"]["Roles with access"], "")
        self.assertIn("priority = critical", rows["it_outage"]["Presets"])
        self.assertEqual(rows["it_help"]["Presets"], "")

    def test_what_goes_out_comes_in_unchanged(self) -> None:
        self.type().roles_with_access.add(self.buyers)
        new_draft(workflow=self.workflow, user=self.carla)
        for kind, name in ((XLSX, "a.xlsx"), (CSV, "a.csv"), (JSON, "a.json")):
            for query in ("", "?versions=all", "?versions=inactive"):
                with self.subTest(name, query=query):
                    page = self.upload(self.export(kind, query).getvalue(), name)
                    self.assertContains(page, "Nothing is new here")

    def test_formulas_stay_texts(self) -> None:
        TicketDefinition.objects.filter(key="it_help").update(title="=1+1")
        book = load_workbook(io.BytesIO(self.export(XLSX).getvalue()))
        assert book.active is not None
        cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
        self.assertIn("=1+1", [each.value for each in cells])
        self.assertNotIn("f", {each.data_type for each in cells})


class ImportTest(TicketTypeFileCase):
    def test_it_changes_what_people_see_and_who_may_submit(self) -> None:
        self.bring_in(
            "Key,Title,Description,Roles with access\n"
            'it_help,Help!,"Two\nlines","""Buyers, Berlin"""\n'
        )
        changed = self.type()
        self.assertEqual((changed.title, changed.description), ("Help!", "Two\nlines"))
        self.assertEqual(list(changed.roles_with_access.all()), [self.buyers])
        self.assertEqual(changed.version, 1)
        self.assertFalse(TicketDefinition.objects.submittable_by(self.uma).filter(key="it_help"))

    def test_what_a_file_does_not_have_stays(self) -> None:
        self.type().roles_with_access.add(self.buyers)
        before = self.type().description
        self.bring_in("key,title\nit_help,Help!\n")
        self.assertEqual(self.type().description, before)
        self.assertEqual(self.type().roles_with_access.count(), 1)
        self.assertEqual(TicketDefinition.objects.active().count(), 3)
        self.bring_in("key,roles\nit_help,\n")
        self.assertEqual(self.type().roles_with_access.count(), 0)

    def test_the_preview_shows_old_and_new_and_changes_nothing(self) -> None:
        page = self.upload("Key,Title,Active\nit_help,Help!,no\n")
        self.assertContains(page, "<del>IT help</del>")
        self.assertContains(page, "<ins>Help!</ins>")
        self.assertContains(page, "<ins>no</ins>")
        self.assertEqual(self.type().title, "IT help")

    def test_types_are_switched_off_and_on(self) -> None:
        self.bring_in("Key,Active\nit_outage,no\n")
        self.assertFalse(TicketDefinition.objects.active().filter(key="it_outage").exists())
        self.bring_in("Key,Active\nit_outage,yes\n")
        self.assertTrue(self.type("it_outage"))

    def test_a_new_key_is_a_new_type_of_a_published_workflow(self) -> None:
        self.bring_in(
            "Key,Title,Workflow,Roles with access,Presets\n"
            f'it_urgent,Urgent,{HELP},"""Buyers, Berlin""","priority = high\ntopic = other"\n'
        )
        made = self.type("it_urgent")
        self.assertEqual(made.presets, {"priority": "high", "topic": "other"})
        self.assertEqual(
            (made.workflow, made.version, made.created_by), (self.workflow, 1, self.carla)
        )
        self.buyers.members.add(self.uma)
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=made, data={"summary": "x"}, user=self.uma)
        self.assertEqual(ticket.data["priority"], "high")
        document = export_bundle(workflow=self.workflow)
        self.assertEqual(errors_of(check_bundle(document)), [])
        draft = new_draft(workflow=self.workflow, user=self.carla)
        self.assertTrue(draft.ticket_definitions.filter(key="it_urgent").exists())

    def test_wrong_rows_are_told_and_nothing_is_imported(self) -> None:
        found = self.messages(
            "Key,Title,Active,Roles with access,Workflow\n"
            "it_help,Help!,yes,,\n"
            "it_outage,,perhaps,Byers,invoice\n"
            ",x,,,\n"
            "it_hlep,x,,,\n"
            f"it_new,x,,,{HELP}s\n"
            f"It New,x,,,{HELP}\n"
            "it_password,x,,,\n"
            "it_password,x,,,\n"
        )
        self.assertEqual(
            sorted((row, column) for row, column, _message in found if row in (3, 4, 5)),
            [(3, "Active"), (3, "Roles with access"), (3, "Title"), (3, "Workflow"), (4, "Key"),
             (4, "Workflow"), (5, "Workflow")],
        )  # fmt: skip
        texts = {(row, column): message for row, column, message in found}
        self.assertIn("stays with its workflow", texts[3, "Workflow"])
        self.assertIn("Did you mean “it_help_request”?", texts[6, "Workflow"])
        self.assertIn((7, "Key"), texts)
        self.assertIn("twice", texts[9, "Key"])
        self.assertEqual(self.type().title, "IT help")
        self.assertEqual(TicketDefinition.objects.count(), 3)

    def test_what_it_asks_for_does_not_change(self) -> None:
        for cell in ("priority = low", "", "priority = hihg", "nothing", "priority ="):
            with self.subTest(cell):
                found = self.messages(f'Key,Presets\nit_outage,"{cell}"\n')
                self.assertEqual([each[1] for each in found], ["Presets"])

    def test_presets_of_a_new_one_must_fit_the_form(self) -> None:
        for cell in (
            "priority = hihg",
            "prioritty = high",
            "nothing",
            "priority = high\npriority = low",
        ):
            with self.subTest(cell):
                text = f'Key,Title,Workflow,Presets\nit_x,X,{HELP},"{cell}"\n'
                self.assertEqual([each[1] for each in self.messages(text)], ["Presets"])

    def test_a_drafts_types_are_changed_in_the_draft(self) -> None:
        draft = new_draft(workflow=self.workflow, user=self.carla)
        found = self.messages("Key,Version,Title\nit_help,2,Later\n")
        self.assertEqual([each[1] for each in found], ["Key"])
        self.assertIn("in the draft", found[0][2])
        import_bundle(document=fixture_document("vacation"), user=self.carla)
        self.assertIn("in the draft", self.messages("Key,Title\nvacation,Later\n")[0][2])
        self.bring_in("Key,Title\nit_help,Now\n")
        self.assertEqual(draft.ticket_definitions.get(key="it_help").title, "IT help")

    def test_versions_that_there_are_not(self) -> None:
        for version in ("7", "0", "x", "9" * 40, "-1", "1.5"):
            with self.subTest(version):
                found = self.messages(f"Key,Version,Title\nit_help,{version},x\n")
                self.assertIn("no such version", found[0][2])

    def test_nobody_overwrites_what_another_changed(self) -> None:
        page = self.upload("Key,Title\nit_help,Mine\n")
        self.bring_in("Key,Title\nit_help,Theirs\n")
        form = page.context["confirm_form"]
        sent = {name: form[name].value() for name in form.fields}
        self.client.post(CONFIRM, sent)  # it says again what it changes: the last one counts
        self.assertEqual(self.type().title, "Mine")

    def test_nonsense_is_survived(self) -> None:
        for text in (
            "", "x", "Key\n", "Key,Key\na,b\n", "Key,Nothing\na,b\n", "Title\nx\n",
            f"Key,Title\nit_help,{'x' * 256}\n", f"Key,Description\nit_help,{'x' * 20_001}\n",
            '[{"Key": "it_help", "Title": "a\\u0000"}]', '[{"Key": "it_help", "Title": "\\ud800"}]',
            '[{"Key": ["it_help"], "Title": {}}]', "[1]", "{", '[{"Key": "\\u0000"}]',
            f'Key,Title,Workflow,Presets\nn,N,{HELP},{"x" * 9000}\n',
        ):  # fmt: skip
            with self.subTest(text[:60]):
                page = self.upload(text, "x.json" if text[:1] in "[{" else "x.csv")
                self.assertEqual(page.status_code, 200)
                self.assertNotContains(page, "process_import")
                self.assertNotContains(page, "The log of the server")
        self.assertEqual(self.client.post(CONFIRM, {"content": "x"}).status_code, 200)
        self.assertEqual(self.client.get(CONFIRM).status_code, 405)


class PermissionTest(TicketTypeFileCase):
    def test_the_list_leads_there(self) -> None:
        self.assertContains(self.client.get(LIST), IMPORT)
        self.assertContains(self.client.get(IMPORT), "recognised by their key")

    def test_only_workflow_creators(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.uma, self.root):
            self.log_in(person)
            with self.subTest(person.email):
                for url in (IMPORT, CONFIRM):
                    self.assertEqual(self.client.post(url).status_code, 403)
                # Whoever sees the list may download it: ticket admins, too.
                expected = 200 if person == self.terry else 403
                self.assertEqual(self.client.post(EXPORT).status_code, expected)
                self.assertEqual(self.client.get(IMPORT).status_code, 403)

    def test_charlie_sees_and_changes_nothing(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(json.loads(self.export(query="?versions=all").getvalue()), [])
        found = self.messages(f"Key,Title,Workflow\nit_help,Mine,{HELP}\n")
        self.assertIn("No published workflow", found[0][2])
        self.assertEqual(self.type().title, "IT help")


class AddTicketTypeTest(TicketTypeFileCase):
    def add(self, **values: Any) -> TicketDefinition:
        given = {"workflow": self.workflow, "key": "it_new", "title": "New", "user": self.carla}
        return add_ticket_type(**{**given, **values})

    def test_it_is_offered(self) -> None:
        made = self.add()
        self.assertIn(made, TicketDefinition.objects.submittable_by(self.uma))
        self.assertFalse(self.add(key="it_later", is_active=False).is_active)

    def test_it_refuses(self) -> None:
        draft = new_draft(workflow=self.workflow, user=self.carla)
        with self.assertRaises(WorkflowNotPublishedError):
            self.add(workflow=draft)
        with self.assertRaises(TicketTypeKeyTakenError):
            self.add(key="it_help")
        with self.assertRaises(PresetsRefusedError):
            self.add(presets={"priority": "hihg"})
        for wrong in (
            {"key": "No key"},
            {"title": " "},
            {"title": "\x00"},
            {"description": "x" * 20_001},
        ):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.add(**wrong)

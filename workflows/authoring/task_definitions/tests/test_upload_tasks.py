"""Task definitions as files: put into a draft, and taken out of a version."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.tests.test_definition_pages import (
    DefinitionTestCase,
    bundle,
    change_url,
)
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.importing.seen_draft import SeenDraft
from workflows.authoring.publishing.delete_draft import delete_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.task_definitions.save_tasks import save_tasks
from workflows.bundles import canonical
from workflows.bundles.document.errors import NotStorableError
from workflows.errors import DraftChangedError, DraftThereError, NotADraftError
from workflows.models import CompanyRole, TaskDefinition, WorkflowDefinition
from workflows.workbooks import FileType, Reading, read_yaml
from workflows.workbooks.tests.workbook_files import column_of

UPLOAD = reverse("admin:workflows_taskdefinition_upload")
DOWNLOAD = reverse("admin:workflows_taskdefinition_download")
NEW_TASK = {
    "key": "pay",
    "title": "Pay it",
    "candidate_role": "Approver",
    "fields": [{"name": "paid_on", "label": "Paid on", "type": "date", "required": True}],
}


def task_set(*tasks: object, **more: object) -> dict[str, Any]:
    return {"tasks": list(tasks), **more}


def approve(**changes: object) -> dict[str, Any]:
    """The task of the bundle as a file has it, with changes."""
    task: dict[str, Any] = {**bundle()["tasks"][0], **changes}
    return task


class UploadTestCase(DefinitionTestCase):
    def send(self, document: object, **more: str) -> Any:
        text = document if isinstance(document, str) else json.dumps(document, indent=1)
        return self.client.post(UPLOAD, {"workflow": self.workflow.pk, "text": text, **more})

    def upload(self, content: bytes, name: str, **more: object) -> Any:
        file = SimpleUploadedFile(name, content)
        return self.client.post(UPLOAD, {"workflow": self.workflow.pk, "file": file, **more})

    def apply(self, document: object, page: Any) -> Any:
        """Confirm what a page has shown."""
        seen = page.context["seen"]
        return self.send(
            document, apply="1", draft=str(seen.pk), draft_saved_at=seen.updated_at.isoformat()
        )

    def download(self, kind: str, workflow: WorkflowDefinition | None = None, **more: str) -> bytes:
        asked = {"workflow": str((workflow or self.workflow).pk), "format": kind, **more}
        content: bytes = self.client.get(DOWNLOAD, asked).content
        return content

    def workbook(self, change: Callable[[Workbook], object]) -> bytes:
        book = load_workbook(io.BytesIO(self.download("xlsx")))
        change(book)
        made = io.BytesIO()
        book.save(made)
        return made.getvalue()

    def fates(self, page: Any) -> dict[str, str]:
        return {each.key: str(each.fate) for each in page.context["checked"].fates}

    def errors(self, page: Any) -> list[Any]:
        return [each for each in page.context["problems"] if each.is_error]

    @property
    def draft(self) -> WorkflowDefinition:
        return WorkflowDefinition.objects.get(version=2)


class UploadTest(UploadTestCase):
    def test_a_preview_says_what_is_new_and_changed_and_makes_nothing(self) -> None:
        page = self.send(task_set(approve(title="Approve it, please"), NEW_TASK))
        self.assertEqual(self.fates(page), {"approve": "changed", "pay": "new"})
        self.assertContains(page, "This would become version 2")
        self.assertContains(page, "<ins>Approve it, please</ins>")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_a_draft_is_made_of_the_published_version(self) -> None:
        before = export_bundle(workflow=self.workflow)
        document = task_set(NEW_TASK)
        response = self.apply(document, self.send(document))
        self.assertRedirects(response, change_url(self.draft))
        after = export_bundle(workflow=self.draft)
        for part in ("workflow", "transitions", "ticket_types"):
            self.assertEqual(after[part], before[part])
        self.assertEqual([each.key for each in self.draft.tasks.all()], ["approve", "order", "pay"])
        self.assertEqual(self.draft.tasks.get(key="pay").created_by, self.carla)
        self.workflow.refresh_from_db()
        self.assertTrue(self.workflow.is_published)
        self.assertEqual(export_bundle(workflow=self.workflow), before)

    def test_tasks_of_a_draft_are_changed_in_it(self) -> None:
        self.workflow = draft = new_draft(workflow=self.workflow, user=self.carla)
        document = task_set(approve(title="Approve it, please"))
        page = self.send(document)
        self.assertContains(page, "This would change Purchase (v2), a draft.")
        self.apply(document, page)
        self.assertEqual(WorkflowDefinition.objects.count(), 2)
        self.assertEqual(draft.tasks.get(key="approve").title, "Approve it, please")
        draft.refresh_from_db()
        self.assertEqual(draft.changed_by, self.carla)

    def test_what_is_as_it_was_makes_no_draft(self) -> None:
        document = task_set(approve())
        page = self.send(document)
        self.assertContains(page, "Nothing is new here")
        self.assertRedirects(self.apply(document, page), change_url(self.workflow))
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_what_nothing_leads_to_yet_is_noted_and_saved(self) -> None:
        """Transitions are drawn later, in the editor; a call may read what comes before then."""
        call = {
            "key": "book",
            "title": "Book it",
            "task_type": "SYNC_ACTION",
            "action_url": "https://books.example/",
            "input_transform": {"approved": {"var": "tasks.approve.approved"}},
        }
        document = task_set(NEW_TASK, call)
        page = self.send(document)
        self.assertContains(page, "No transition leads from the start to this task.")
        self.apply(document, page)
        self.assertTrue(self.draft.tasks.filter(key="book").exists())
        self.assertContains(
            self.client.get(change_url(self.draft)), "No transition leads from the start"
        )

    def test_what_breaks_the_rest_is_noted(self) -> None:
        """A transition that asks for what is no longer asked stops publishing, not the upload."""
        draft = new_draft(workflow=self.workflow, user=self.carla)
        document = export_bundle(workflow=draft)
        transitions: Any = document["transitions"]
        transitions[1]["condition"] = {"==": [{"var": "tasks.approve.approved"}, True]}
        self.workflow = save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )
        other = {"name": "seen", "label": "Seen?", "type": "boolean"}
        page = self.send(task_set(approve(fields=[other])))
        self.assertContains(page, "but there is no such question")
        self.assertContains(page, "Put them into the draft")

    def test_a_role_that_is_there_need_not_be_listed_and_another_must(self) -> None:
        CompanyRole.objects.create(name="Bookkeeper")
        document = task_set({**NEW_TASK, "candidate_role": "bookkeeper"})
        self.apply(document, self.send(document))
        role = self.draft.tasks.get(key="pay").candidate_role
        self.assertEqual(role and role.name, "Bookkeeper")
        wrong = task_set({**NEW_TASK, "candidate_role": "Aprover"})
        page = self.send(wrong)
        (problem,) = self.errors(page)
        self.assertEqual((problem.place, problem.nearest), ("tasks[0].candidate_role", "Approver"))
        listed = task_set(
            {**NEW_TASK, "candidate_role": "Payer"}, company_roles=[{"name": "Payer"}]
        )
        self.assertContains(self.send(listed), "This company role is new")
        self.assertFalse(CompanyRole.objects.filter(name="Payer").exists())

    def test_the_text_stays_where_something_is_wrong(self) -> None:
        for text in ("{", json.dumps(task_set(approve(title="")))):
            page = self.send(text)
            self.assertEqual(page.context["form"]["text"].value(), text)
            self.assertEqual(page.context["form"]["workflow"].value(), self.workflow.pk)
        page = self.client.post(UPLOAD, {"text": "tasks: []"})
        self.assertContains(page, "Choose the workflow that the tasks are for.")
        self.assertEqual(page.context["form"]["text"].value(), "tasks: []")

    def test_a_file_for_another_workflow_or_with_more_than_tasks_is_refused(self) -> None:
        named = self.send(task_set(NEW_TASK, workflow={"key": "holiday"}))
        self.assertContains(named, "These are tasks of the workflow “holiday”")
        whole = self.send(bundle())
        self.assertContains(whole, "This file has more than task definitions: “transitions”")
        self.assertContains(self.send(task_set(NEW_TASK, tsks=[1])), "Did you mean")
        refused: tuple[object, ...] = (
            [],
            "tasks",
            5,
            {},
            {"tasks": []},
            {"tasks": {}},
            {"task": 1},
        )
        for document in refused:
            with self.subTest(document):
                page = self.send(json.dumps(document), apply="1")
                self.assertTrue(page.context["problems"])
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_a_key_that_stands_twice_is_told(self) -> None:
        for twice in (approve(), NEW_TASK):
            page = self.send(task_set(twice, twice))
            self.assertContains(page, "is used twice")


class PlaceTest(UploadTestCase):
    """What is wrong is reported where it stands in the file, whatever its place in the workflow."""

    def test_json_by_line(self) -> None:
        text = json.dumps(task_set(NEW_TASK, approve(task_type="FROM")), indent=1)
        page = self.send(text)
        (problem,) = self.errors(page)
        self.assertIn('"FROM"', text.splitlines()[(problem.line or 0) - 1])
        self.assertFalse(page.context["checked"].preview)

    def test_what_is_not_in_the_file_has_no_line(self) -> None:
        page = self.send(task_set(approve(fields=[])))
        outside = [e for e in page.context["problems"] if e.place.startswith("transitions")]
        self.assertFalse([each.line for each in outside if each.line])

    def test_yaml_by_line(self) -> None:
        text = "tasks:\n- key: approve\n  title: Approve\n  due_in: soon\n"
        page = self.send(text)
        lines = {each.place: each.line for each in self.errors(page)}
        # What the file's task lacks is reported at the task.
        self.assertEqual(lines, {"tasks[0].fields": 2, "tasks[0].due_in": 4})

    def test_workbooks_by_cell(self) -> None:
        def spoil(book: Workbook) -> None:
            fields, tasks = book["Fields"], book["Tasks"]
            fields.cell(2, column_of(fields, "Type")).value = "bolean"
            tasks.cell(3, column_of(tasks, "Retries")).value = "often"

        page = self.upload(self.workbook(spoil), "tasks.xlsx")
        found = {(e.sheet, e.row, e.heading): e for e in page.context["problems"] if e.is_error}
        self.assertEqual(set(found), {("Fields", 2, "Type"), ("Tasks", 3, "Retries")})
        self.assertEqual(found["Fields", 2, "Type"].nearest, "boolean")
        self.assertContains(page, "Sheet Fields")

    def test_questions_of_other_forms_are_told_by_cell(self) -> None:
        for form in ("ticket", "nothing"):
            page = self.upload(
                self.workbook(lambda book, form=form: book["Fields"].cell(2, 1, form)),  # type: ignore[misc]
                "tasks.xlsx",
            )
            (problem,) = [each for each in self.errors(page) if each.sheet == "Fields"]
            self.assertEqual(problem.at, "sheet Fields, cell A2 (Form)")

    def test_sheets_of_the_rest_of_a_workflow_are_told(self) -> None:
        def add(book: Workbook) -> None:
            book.create_sheet("Transitions").append(["From", "To"])
            book["Transitions"].append(["start", "approve"])

        page = self.upload(self.workbook(add), "tasks.xlsx")
        self.assertEqual([each.sheet for each in page.context["problems"]], ["Transitions"])


class RoundTripTest(UploadTestCase):
    def test_every_format_comes_back_unchanged(self) -> None:
        for kind in FileType:
            with self.subTest(kind):
                page = self.upload(self.download(kind), f"tasks.{kind}")
                self.assertContains(page, "Nothing is new here")
                self.assertEqual(self.fates(page), {"approve": "unchanged", "order": "unchanged"})

    def test_every_format_changes_the_same(self) -> None:
        """From a draft in which they were changed, into the published version."""
        draft = new_draft(workflow=self.workflow, user=self.carla)
        document = export_bundle(workflow=draft)
        tasks: Any = document["tasks"]
        tasks[0] |= {"title": "Approve it", "due_in": "P2D", "description": "One\n\ntwo"}
        tasks[0]["fields"].append(
            {
                "name": "why",
                "label": "Why?",
                "type": "text",
                "visible_when": {"!": [{"var": "approved"}]},
            }
        )
        save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )
        files = {kind: self.download(kind, draft) for kind in FileType}
        delete_draft(workflow=draft)
        texts = set()
        for kind, content in files.items():
            page = self.upload(content, f"tasks.{kind}")
            self.assertEqual(self.fates(page), {"approve": "changed", "order": "unchanged"})
            new = page.context["checked"].preview.new
            self.assertEqual(new["tasks"], export_tasks(document))
            texts.add(json.dumps(new["tasks"], sort_keys=True))
        self.assertEqual(len(texts), 1)

    def test_one_task_alone(self) -> None:
        document = json.loads(self.download("json", task="order"))
        self.assertEqual([each["key"] for each in document["tasks"]], ["order"])
        self.assertNotIn("company_roles", document)
        self.assertEqual(document["workflow"], {"key": "purchase"})
        page = self.upload(self.download("xlsx", task="order"), "order.xlsx")
        self.assertEqual(self.fates(page), {"order": "unchanged"})
        asked = {"workflow": str(self.workflow.pk), "format": "json", "task": "nothing"}
        self.assertEqual(self.client.get(DOWNLOAD, asked).status_code, 404)

    def test_what_a_workbook_has_no_column_for_stays(self) -> None:
        def leave_only_titles(book: Workbook) -> None:
            del book["Fields"]
            del book["Tasks"]
            del book["Company roles"]
            book.create_sheet("Tasks").append(["Key", "Title"])
            book["Tasks"].append(["approve", "Approve it"])
            book["Tasks"].append(["order", "Order it"])

        page = self.upload(self.workbook(leave_only_titles), "tasks.xlsx")
        self.assertEqual(self.fates(page), {"approve": "changed", "order": "unchanged"})
        self.assertEqual(page.context["findings"].change_count, 1)

    def test_an_empty_cell_empties(self) -> None:
        def empty(book: Workbook) -> None:
            book["Tasks"].cell(2, column_of(book["Tasks"], "Company role")).value = None

        page = self.upload(self.workbook(empty), "tasks.xlsx")
        self.assertContains(page, "<del>Approver</del>")

    def test_the_template_can_be_downloaded_and_uploaded(self) -> None:
        for kind in FileType:
            with self.subTest(kind):
                file = self.client.get(UPLOAD, {"template": kind.value})
                self.assertIn(f"template.{kind}", file["Content-Disposition"])
                page = self.upload(file.content, f"template.{kind}")
                self.assertEqual(self.fates(page), {"check_request": "new"})
        for name in ("exe", "", "../json"):
            self.assertEqual(self.client.get(UPLOAD, {"template": name}).status_code, 404)

    def test_garbage_in_the_address_is_not_found(self) -> None:
        for query in ({"workflow": "0"}, {"workflow": "x"}, {"workflow": "9" * 30}):
            with self.subTest(query):
                self.assertEqual(self.client.get(DOWNLOAD, query).status_code, 404)
                self.assertEqual(self.client.get(UPLOAD, query).status_code, 200)
        asked = {"workflow": str(self.workflow.pk), "format": "exe"}
        self.assertEqual(self.client.get(DOWNLOAD, asked).status_code, 404)


def export_tasks(document: dict[str, Any]) -> Any:
    """The tasks as the canonical document has them."""
    return canonical(document)["tasks"]


class AtOnceTest(UploadTestCase):
    """Somebody else is faster: nothing is saved, and the page shows what would happen now."""

    def setUp(self) -> None:
        super().setUp()
        self.document = task_set(approve(title="Approve it, please"))

    def touch(self, draft: WorkflowDefinition) -> None:
        save_draft(
            workflow=draft,
            document=export_bundle(workflow=draft),
            user=self.alice,
            expected_updated_at=draft.updated_at,
        )

    def test_the_draft_was_saved(self) -> None:
        self.workflow = new_draft(workflow=self.workflow, user=self.carla)
        page = self.send(self.document)
        self.touch(self.workflow)
        page = self.apply(self.document, page)
        self.assertContains(page, "has saved this draft")
        self.assertContains(page, "Nothing was changed.")
        self.assertEqual(self.workflow.tasks.get(key="approve").title, "Approve the purchase")
        # Confirmed once more, as it is now.
        self.apply(self.document, page)
        self.assertEqual(self.workflow.tasks.get(key="approve").title, "Approve it, please")

    def test_the_draft_was_published(self) -> None:
        self.workflow = new_draft(workflow=self.workflow, user=self.carla)
        page = self.send(self.document)
        publish_workflow(workflow=self.workflow, user=self.carla)
        page = self.apply(self.document, page)
        self.assertContains(page, "published, retired or deleted in the meantime")
        self.assertContains(page, "This would become version 3")

    def test_the_draft_was_deleted(self) -> None:
        draft = new_draft(workflow=self.workflow, user=self.carla)
        self.workflow, published = draft, self.workflow
        page = self.send(self.document)
        seen = page.context["seen"]
        delete_draft(workflow=draft)
        page = self.apply(self.document, page)
        self.assertContains(page, "can no longer be changed")
        self.assertIn("Approve it, please", page.context["form"]["text"].value())
        with self.assertRaises(NotADraftError):
            save_tasks(tasks=Reading(self.document), user=self.carla, seen=seen)
        self.assertEqual(list(WorkflowDefinition.objects.all()), [published])

    def test_a_draft_was_made(self) -> None:
        page = self.send(self.document)
        seen = page.context["seen"]
        draft = new_draft(workflow=self.workflow, user=self.alice)
        with self.assertRaises(DraftThereError):
            save_tasks(tasks=Reading(self.document), user=self.carla, seen=seen)
        page = self.apply(self.document, page)
        self.assertContains(page, "The tasks are changed in Purchase (v2) now.")
        self.assertContains(page, "This would change Purchase (v2), a draft.")
        self.assertEqual(draft.tasks.get(key="approve").title, "Approve the purchase")

    def test_without_what_was_seen_nothing_is_saved(self) -> None:
        for more in ({}, {"draft": "x"}, {"draft": str(self.workflow.pk), "draft_saved_at": "x"}):
            with self.subTest(more):
                page = self.send(self.document, apply="1", **more)
                self.assertContains(page, "Nothing was changed.")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_the_service_refuses_by_itself(self) -> None:
        draft = new_draft(workflow=self.workflow, user=self.carla)
        seen = SeenDraft.of(draft)
        refused: tuple[Any, ...] = (task_set(approve(title="")), task_set(), [], bundle())
        for document in refused:
            with self.assertRaises(NotStorableError):
                save_tasks(tasks=Reading(document), user=self.carla, seen=seen)
        self.touch(draft)
        with self.assertRaises(DraftChangedError):
            save_tasks(tasks=Reading(self.document), user=self.carla, seen=seen)


class HostileTest(UploadTestCase):
    def test_files_are_refused_in_a_sentence(self) -> None:
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * 90_000_000)
        files = {
            "a.xlsx": bomb.getvalue()[:90_000],
            "b.xlsx": b"PK\x03\x04 no",
            "c.ods": b"hello",
            "d.csv": b"a,b,c",
            "e.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "f.docx": b"hello",
            "g.yaml": b"a: &x [*x, *x]",
            "h.json": b'{"tasks": ' + b"[" * 50_000,
            "i.json": b'{"tasks": "' + b"x" * 600_000 + b'"}',
            "j.yaml": b"tasks: !!python/object/apply:os.system [ls]",
        }
        for name, data in files.items():
            with self.subTest(name):
                self.assertContains(self.upload(data, name), "This cannot be read")

    def test_any_value_in_any_place_is_answered_with_a_sentence(self) -> None:
        deep: object = []
        for _each in range(90):
            deep = [deep]
        values: tuple[object, ...] = (
            None,
            5,
            True,
            "\x00",
            "x" * 3_000,
            [],
            {},
            [{}],
            {"": {}},
            deep,
        )
        names = ("key", "title", "fields", "input_transform", "candidate_role", "due_in", "retries")
        for value in values:
            for name in names:
                page = self.send(task_set(approve(**{name: value}), NEW_TASK), apply="1")
                self.assertEqual(page.status_code, 200, (name, value))
            for name in ("tasks", "workflow", "company_roles", "format", "format_version"):
                page = self.send({**task_set(NEW_TASK), name: value}, apply="1")
                self.assertEqual(page.status_code, 200, (name, value))
            self.assertEqual(self.send(task_set(value)).status_code, 200)
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_more_tasks_than_a_workflow_may_have_are_refused_at_once(self) -> None:
        many = [{"key": f"t{number}"} for number in range(20_000)]
        page = self.send(json.dumps({"tasks": many}))
        self.assertContains(page, "Nothing was imported.")
        self.assertContains(page, "Give at most 300 entries.")
        self.assertEqual(len(self.errors(page)), 1)  # none of them was looked at

    def test_what_looks_like_markup_is_text(self) -> None:
        page = self.send(task_set({**NEW_TASK, "title": "<script>alert(1)</script>"}))
        self.assertNotContains(page, "<script>alert")


class WhoMayTest(UploadTestCase):
    def pages(self) -> list[str]:
        return [UPLOAD, DOWNLOAD, f"{DOWNLOAD}?workflow={self.workflow.pk}&format=json"]

    def test_creators_upload_and_ticket_admins_only_look(self) -> None:
        for person in (self.alice, self.wendy, self.uma, self.root):
            self.log_in(person)
            for url in self.pages():
                with self.subTest(url=url, person=person.email):
                    self.assertEqual(self.client.get(url).status_code, 403)
            self.assertEqual(self.send(task_set(NEW_TASK), apply="1").status_code, 403)
        self.log_in(self.terry)
        self.assertEqual(self.client.get(UPLOAD).status_code, 403)
        self.assertEqual(self.send(task_set(NEW_TASK), apply="1").status_code, 403)
        for url in self.pages()[1:]:
            self.assertEqual(self.client.get(url).status_code, 200)
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_charlie_of_another_company_sees_and_changes_nothing(self) -> None:
        self.log_in(self.charlie)
        for url in self.pages()[:2]:
            self.assertNotContains(self.client.get(url), "Purchase")
        self.assertEqual(self.client.get(self.pages()[2]).status_code, 404)
        page = self.send(task_set(NEW_TASK), apply="1")
        self.assertContains(page, "can no longer be changed")
        self.log_in(self.carla)
        self.assertEqual(TaskDefinition.objects.count(), 2)


class ReadingTest(UploadTestCase):
    def test_a_reading_knows_where_things_stand_after_it_was_put_into_the_whole(self) -> None:
        reading = read_yaml(b"tasks:\n- key: pay\n- key: approve\n")
        there = reading.put_into({}, {("tasks", 0): ("tasks", 7), ("tasks", 1): ("tasks", 0)})
        self.assertEqual(str(there.place_of(("tasks", 7, "key"))), "line 2")
        self.assertEqual(str(there.place_of(("tasks", 0, "key"))), "line 3")
        self.assertIsNone(there.place_of(("tasks", 1, "key")))
        self.assertEqual(there.path_in_file(("tasks", 7, "key")), ("tasks", 0, "key"))
        self.assertIsNone(there.path_in_file(("transitions", 0)))

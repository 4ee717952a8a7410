"""What was typed into a draft that is none any more becomes the next draft."""

from __future__ import annotations

import json
from typing import Any

from tenants.connection import use_company
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.editing.tests.test_editor_page import EditorTestCase, url
from workflows.authoring.publishing.delete_draft import delete_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import TicketDefinition, WorkflowDefinition


class CarryTest(EditorTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.key = self.draft.key
        self.document["workflow"]["title"] = "Typed"

    def carry(self, **more: Any) -> Any:
        question = {"key": self.key, "document": self.document, **more}
        return self.client.post(
            url("editor_carry"), json.dumps(question), content_type="application/json"
        )

    def titles(self) -> list[tuple[int, str, str]]:
        use_company(self.acme)
        rows = WorkflowDefinition.objects.order_by("key", "version")
        return list(rows.values_list("version", "status", "title"))

    def test_of_a_published_draft(self) -> None:
        expected = self.draft.updated_at.isoformat()
        publish_workflow(workflow=self.draft, user=self.alice)
        answer = self.save(self.document, expected)
        self.assertEqual((answer.status_code, answer.json()["reason"]), (409, "published"))
        answer = self.carry()
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.titles(), [(1, "PUBLISHED", "Purchases"), (2, "DRAFT", "Typed")])
        made = WorkflowDefinition.objects.get(version=2)
        self.assertEqual(answer.json()["url"], url("edit", made.pk))
        self.assertEqual((made.created_by, made.tasks.count()), (self.carla, 1))
        self.assertContains(self.client.get(answer.json()["url"]), "is kept in version 2, a draft.")

    def test_of_a_deleted_draft_of_a_workflow_that_goes_on(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        draft = new_draft(workflow=self.draft, user=self.carla)
        expected = draft.updated_at.isoformat()
        delete_draft(workflow=WorkflowDefinition.objects.get(version=2))
        answer = self.save(self.document, expected, draft)
        self.assertEqual((answer.status_code, answer.json()["reason"]), (404, "deleted"))
        self.assertEqual(self.carry().status_code, 200)
        self.assertEqual(self.titles(), [(1, "PUBLISHED", "Purchases"), (2, "DRAFT", "Typed")])

    def test_of_a_workflow_that_was_deleted_whole(self) -> None:
        expected = self.draft.updated_at.isoformat()
        gone = WorkflowDefinition.objects.get()
        delete_draft(workflow=WorkflowDefinition.objects.get())
        answer = self.save(self.document, expected, gone)
        self.assertEqual((answer.status_code, answer.json()["reason"]), (404, "deleted"))
        self.assertEqual(self.carry().status_code, 200)
        self.assertEqual(self.titles(), [(1, "DRAFT", "Typed")])
        self.assertEqual(TicketDefinition.objects.count(), 1)

    def test_a_next_draft_that_is_there_is_replaced_only_as_it_was_seen(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        there = new_draft(workflow=self.draft, user=self.alice)
        answer = self.carry()
        self.assertEqual((answer.status_code, answer.json()["reason"]), (409, "there"))
        self.assertIn("version 2, of Alice Archer", answer.json()["message"])
        self.assertEqual(answer.json()["url"], url("edit", there.pk))
        seen = {name: answer.json()[name] for name in ("draft", "updated_at")}
        # Alice goes on: what she saves since is not replaced.
        use_company(self.acme)
        theirs: dict[str, Any] = export_bundle(workflow=there)
        theirs["workflow"]["title"] = "Theirs"
        save_draft(
            workflow=there,
            document=theirs,
            user=self.alice,
            expected_updated_at=there.updated_at,
        )
        again = self.carry(replaces=seen)
        self.assertEqual((again.status_code, again.json()["reason"]), (409, "there"))
        self.assertEqual(self.titles()[1], (2, "DRAFT", "Theirs"))
        seen = {name: again.json()[name] for name in ("draft", "updated_at")}
        self.assertEqual(self.carry(replaces=seen).status_code, 200)
        self.assertEqual(self.titles(), [(1, "PUBLISHED", "Purchases"), (2, "DRAFT", "Typed")])

    def test_what_cannot_be_kept_is_told_and_nothing_is_made(self) -> None:
        create_workflow(title="Other", user=self.carla)
        publish_workflow(workflow=self.draft, user=self.carla)
        before = self.titles()
        changes: list[Any] = [{"key": "new_key"}, {"key": "other"}, {"key": ""}, {"title": ""}]
        for change in changes:
            with self.subTest(change):
                document = {**self.document, "workflow": {**self.document["workflow"], **change}}
                answer = self.carry(document=document)
                self.assertEqual(answer.status_code, 422)
                place = ["workflow", next(iter(change))]
                self.assertIn(place, [each["path"] for each in answer.json()["problems"]])
                self.assertEqual(self.titles(), before)

    def test_whatever_is_sent_gets_an_answer(self) -> None:
        draft = {"draft": self.draft.pk}
        questions: list[Any] = [
            {"document": None},
            {"document": []},
            {"key": None, "document": {}},
            {"replaces": 3},
            {"replaces": {"draft": "1"}},
            {"replaces": draft},
            {"replaces": {**draft, "updated_at": "2026-99-99T00:00:00Z"}},
            {"replaces": {"draft": 10**40, "updated_at": "2026-01-01T00:00:00Z"}},
        ]
        for question in questions:
            with self.subTest(question):
                self.assertIn(self.carry(**question).status_code, (400, 409, 422))
        self.assertEqual(self.titles(), [(1, "DRAFT", "Purchases")])

    def test_only_who_may_change_workflows(self) -> None:
        self.log_in(self.wendy)
        self.assertEqual(self.carry().status_code, 403)
        self.log_in(self.charlie)
        self.carry()
        self.assertEqual(self.titles(), [(1, "DRAFT", "Purchases")])

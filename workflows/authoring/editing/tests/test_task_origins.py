"""Who made a task definition, and when: told of every one, and kept while a draft is edited."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from tenants.testing import CompanyTestCase
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.editing.save_draft import save_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import TaskDefinition, WorkflowDefinition

LONG_AGO = timezone.now() - timedelta(days=400)


class TaskOriginTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.draft = create_workflow(title="Purchase", user=self.carla)
        self.document: dict[str, Any] = deepcopy(export_bundle(workflow=self.draft))

    def save(self, document: dict[str, Any]) -> None:
        self.draft = save_draft(
            workflow=self.draft,
            document=document,
            user=self.alice,
            expected_updated_at=WorkflowDefinition.objects.get().updated_at,
        )

    def task(self, key: str) -> TaskDefinition:
        return TaskDefinition.objects.get(workflow=self.draft, key=key)

    def test_a_new_one_was_made_by_whoever_made_the_workflow(self) -> None:
        task = TaskDefinition.objects.get()
        self.assertEqual((task.created_by, task.version), (self.carla, 1))
        self.assertLess(timezone.now() - task.created_at, timedelta(minutes=5))

    def test_saving_the_draft_keeps_what_it_was_made_with(self) -> None:
        TaskDefinition.objects.update(created_at=LONG_AGO, updated_at=LONG_AGO)
        document = deepcopy(self.document)
        document["tasks"].append({"key": "more", "title": "More"})
        document["transitions"] = [
            {"from": "start", "to": "handle"},
            {"from": "handle", "to": "more"},
            {"from": "more", "to": "end"},
        ]
        self.save(document)
        old, new = self.task("handle"), self.task("more")
        self.assertEqual((old.created_by, old.created_at), (self.carla, LONG_AGO))
        self.assertEqual(old.updated_at, LONG_AGO)
        self.assertEqual(new.created_by, self.alice)
        self.assertGreater(new.created_at, LONG_AGO)
        document["tasks"][0]["title"] = "Handle it well"
        self.save(document)
        changed = self.task("handle")
        self.assertEqual((changed.created_by, changed.created_at), (self.carla, LONG_AGO))
        self.assertGreater(changed.updated_at, LONG_AGO)

    def test_the_next_version_has_tasks_of_its_own(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        draft = new_draft(workflow=self.draft, user=self.alice)
        task = draft.tasks.get()
        self.assertEqual((task.created_by, task.version), (self.alice, 2))

    def test_those_that_there_were_are_as_old_as_their_workflow(self) -> None:
        WorkflowDefinition.objects.update(
            created_at=LONG_AGO, updated_at=LONG_AGO, created_by=self.alice
        )
        TaskDefinition.objects.update(created_by=None)
        migration = import_module("workflows.migrations.0025_fill_task_definition_created")
        migration.as_their_workflow(apps, None)
        task = TaskDefinition.objects.get()
        self.assertEqual(
            (task.created_by, task.created_at, task.updated_at), (self.alice, LONG_AGO, LONG_AGO)
        )

    def test_the_page_of_a_task_tells_it(self) -> None:
        self.log_in(self.carla)
        task = TaskDefinition.objects.get()
        page = self.client.get(reverse("admin:workflows_taskdefinition_change", args=(task.pk,)))
        self.assertContains(page, "Made by Carla Cole")
        self.assertContains(page, "in version 1 of the workflow")

"""Rules that name a person follow them when they get another e-mail address."""

from __future__ import annotations

from typing import Any

from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.company_data.people_in_rows import PeopleInRows
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskInstance, WorkflowDefinition
from workflows.running.candidates import for_person
from workflows.running.definition_cache import forget_definitions

WALT, NEW = "walt@acme.example", "walter@acme.example"


def document() -> JsonObject:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow"},
        "tasks": [
            {"key": "look", "title": "Look", "assign_to": {"who": "person", "email": WALT},
             "fields": [{"name": "x", "type": "text"}]},
            {"key": "approve", "title": "Approve", "task_type": "APPROVAL", "needed": 1,
             "approvers": {"people": [WALT, "nobody@acme.example"]}},
        ],
        "transitions": [
            {"from": "start", "to": "look"},
            {"from": "look", "to": "approve"},
            {"from": "approve", "to": "end", "label": "yes",
             "condition": {"==": [{"var": "tasks.approve.approved"}, True]}},
            {"from": "approve", "to": "end", "label": "no", "priority": 1},
        ],
        "ticket_types": [{"key": "flow", "title": "Flow"}],
    }  # fmt: skip


class NamedPeopleTests(CompanyTestCase):
    workflow: WorkflowDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        User.objects.filter(pk=cls.walt.pk).update(email=WALT)
        cls.workflow = import_bundle(document=document(), user=cls.carla)
        publish_workflow(workflow=cls.workflow, user=cls.carla)

    def change_address(self) -> None:
        User.objects.filter(pk=self.walt.pk).update(email=NEW)
        User.objects.filter(pk=self.wendy.pk).update(email=WALT)  # somebody else has it

    def task(self, ticket: Ticket) -> TaskInstance:
        tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id)
        return tasks.select_related("assigned_to", "definition").latest("pk")

    def submit(self) -> Ticket:
        types = self.workflow.ticket_definitions
        return submit_ticket(definition=types.get(), data={}, user=self.uma)

    def test_documents_have_the_address_as_it_was_written_and_then_the_new_one(self) -> None:
        exported: Any = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["tasks"][0]["assign_to"], {"who": "person", "email": WALT})
        self.assertEqual(exported["tasks"][1]["approvers"]["people"][0], WALT)
        self.assertTrue(preview_bundle(document=exported).is_unchanged)
        self.change_address()
        exported = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["tasks"][0]["assign_to"], {"who": "person", "email": NEW})
        self.assertEqual(exported["tasks"][1]["approvers"]["people"], [NEW, "nobody@acme.example"])

    def test_the_person_is_given_it_at_the_new_address(self) -> None:
        self.change_address()
        task = self.task(self.submit())
        self.assertEqual(task.assigned_to, self.walt)
        tasks = TaskInstance.objects.filter(pk=task.pk)
        self.assertEqual([*for_person(self.walt, tasks)], [task])
        self.assertEqual([*for_person(self.wendy, tasks)], [])

    def test_who_has_no_number_is_found_by_their_address(self) -> None:
        """As versions that were published before have it."""
        rows = self.workflow.tasks.filter(key="look")
        rows.update(assign_to={"who": "person", "email": WALT})
        forget_definitions()
        self.addCleanup(forget_definitions)
        self.assertEqual(self.task(self.submit()).assigned_to, self.walt)

    def test_an_archive_is_restored_with_the_numbers_that_people_have_there(self) -> None:
        def change(value: Json) -> Json:
            return {**value, "id": 77} if isinstance(value, dict) else value

        people = PeopleInRows(change)
        row: Any = (
            self.workflow.tasks.filter(approvers__isnull=False).values("id", "approvers").get()
        )
        (overlay,) = people.overlays("workflows_taskdefinition", [row])
        kept: Any = overlay["approvers"]
        self.assertEqual(kept["people"], [{"id": 77, "email": WALT}, "nobody@acme.example"])
        row = self.workflow.tasks.filter(key="look").values("id", "assign_to").get()
        (overlay,) = people.overlays("workflows_taskdefinition", [row])
        self.assertEqual(overlay["assign_to"], {"who": "person", "email": WALT, "id": 77})

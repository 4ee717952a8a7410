"""Rules that name a person follow them when they get another e-mail address."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants.account.addresses import say_new_address
from tenants.connection import PUBLIC, company_of
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.company_data.people_in_rows import PeopleInRows
from tickets.models import RecurringStart, Ticket
from tickets.starting.begin_start import begin_start
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.importing.import_bundle import import_bundle, preview_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.messages import MessageSpec
from workflows.models import TaskInstance, WorkflowDefinition
from workflows.people.change_people import save_person
from workflows.running.definition_cache import forget_definitions
from workflows.running.people.candidates_in_sql import for_person
from workflows.running.people.facts import person_named

WALT, NEW = "walt@acme.example", "walter@acme.example"


def document() -> JsonObject:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow", "fields": [
            {"name": "boss", "type": "person"}, {"name": "mail", "type": "email"},
        ]},
        "tasks": [
            {"key": "look", "title": "Look", "assign_to": {"who": "person", "email": WALT},
             "fields": [{"name": "x", "type": "text"}]},
            {"key": "approve", "title": "Approve", "task_type": "APPROVAL", "needed": 1,
             "approvers": {"people": [WALT, "nobody@acme.example"]}},
            {"key": "tell", "title": "Tell", "task_type": "MESSAGE",
             "message": {"who": "person", "email": WALT, "subject": "Look", "text": "Look."}},
        ],
        "transitions": [
            {"from": "start", "to": "look"},
            {"from": "look", "to": "approve"},
            {"from": "tell", "to": "end"},
            {"from": "approve", "to": "tell", "label": "yes",
             "condition": {"==": [{"var": "tasks.approve.approved"}, True]}},
            {"from": "approve", "to": "end", "label": "no", "priority": 1},
        ],
        "ticket_types": [
            {"key": "flow", "title": "Flow", "starts": [
                {"key": "weekly", "rule": "FREQ=WEEKLY;BYDAY=MO", "at": "09:00",
                 "on_behalf_of": WALT, "answers": {"boss": WALT, "mail": WALT}},
            ]},
            {"key": "preset", "title": "Preset", "presets": {"boss": WALT, "mail": WALT}},
        ],
    }  # fmt: skip


class NamedPeopleTests(CompanyTestCase):
    workflow: WorkflowDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        User.objects.filter(pk=cls.walt.pk).update(email=WALT)
        cls().give_role(cls.walt, SystemRole.USER)  # tickets start as his
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
        return submit_ticket(definition=types.get(key="flow"), data={}, user=self.uma)

    def test_documents_have_the_address_as_it_was_written_and_then_the_new_one(self) -> None:
        exported: Any = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["tasks"][0]["assign_to"], {"who": "person", "email": WALT})
        self.assertEqual(exported["tasks"][1]["approvers"]["people"][0], WALT)
        self.assertTrue(preview_bundle(document=exported).is_unchanged)
        self.change_address()
        exported = export_bundle(workflow=self.workflow)
        self.assertEqual(exported["tasks"][0]["assign_to"], {"who": "person", "email": NEW})
        self.assertEqual(exported["tasks"][1]["approvers"]["people"], [NEW, "nobody@acme.example"])
        self.assertEqual(exported["tasks"][2]["message"]["email"], NEW)

    def test_ticket_types_have_the_new_address_and_other_answers_stay(self) -> None:
        types = self.workflow.ticket_definitions
        types.filter(key="flow").update(public_for=WALT)
        self.walt.refresh_from_db()
        self.walt.email = NEW
        roles = [*self.walt.system_roles(), SystemRole.USER]
        save_person(person=self.walt, roles=roles, company_roles=None, now=timezone.now())
        exported: Any = export_bundle(workflow=self.workflow)
        flow, preset = exported["ticket_types"]
        self.assertEqual((flow["public_for"], flow["starts"][0]["on_behalf_of"]), (NEW, NEW))
        self.assertEqual(flow["starts"][0]["answers"], {"boss": NEW, "mail": WALT})
        self.assertEqual(preset["presets"], {"boss": NEW, "mail": WALT})
        start = RecurringStart.objects.get(key="weekly")
        assert start.next_at is not None
        ticket = begin_start(start_id=start.pk, now=start.next_at)
        assert ticket is not None
        self.assertEqual(ticket.created_by, self.walt)
        self.assertEqual(
            (ticket.data["boss"]["id"], ticket.data["boss"]["email"]), (self.walt.pk, NEW)
        )
        # By a link, which is followed outside of any company; and where somebody takes it away.
        with company_of(PUBLIC), transaction.atomic():
            walt = User.objects.get(pk=self.walt.pk)
            walt.email = WALT
            walt.save()
            say_new_address(walt, NEW)
        self.assertEqual(types.get(key="flow").public_for, WALT)

    def test_the_mail_of_a_step_goes_to_the_new_address(self) -> None:
        self.change_address()
        task = self.task(self.submit())
        rule = MessageSpec.of(self.workflow.tasks.get(key="tell").message).person
        assert rule is not None
        self.assertEqual(person_named(task, rule), self.walt)

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
        row: Any = self.workflow.tasks.filter(key="approve").values("id", "approvers").get()
        (overlay,) = people.overlays("workflows_taskdefinition", [row])
        kept: Any = overlay["approvers"]
        self.assertEqual(kept["people"], [{"id": 77, "email": WALT}, "nobody@acme.example"])
        row = self.workflow.tasks.filter(key="look").values("id", "assign_to").get()
        (overlay,) = people.overlays("workflows_taskdefinition", [row])
        self.assertEqual(overlay["assign_to"], {"who": "person", "email": WALT, "id": 77})

from __future__ import annotations

from functools import partial

from django.urls import reverse

from tenants.testing import CompanyTestCase, CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.models import Ticket
from tickets.testing import fixture_document, import_fixture
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.delete_draft import delete_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.errors import DraftInUseError, NotADraftError, WorkflowsError
from workflows.models import (
    DefinitionStatus,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
    WorkflowInstance,
)


def address(workflow: WorkflowDefinition) -> str:
    return reverse("admin:workflows_workflowdefinition_delete_draft", args=[workflow.pk])


class DeleteDraftTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.published = import_fixture("vacation", self.carla)
        self.draft = new_draft(workflow=self.published, user=self.carla)

    def test_it_deletes_the_draft_with_all_that_belongs_to_it(self) -> None:
        delete_draft(workflow=self.draft)
        self.assertEqual(list(WorkflowDefinition.objects.all()), [self.published])
        for model in (TaskDefinition, Transition, TicketDefinition):
            rows = model._default_manager.all()
            self.assertEqual({row.workflow for row in rows}, {self.published}, model)
        self.assertTrue(TicketDefinition.objects.active().exists())

    def test_the_next_draft_takes_its_number(self) -> None:
        delete_draft(workflow=self.draft)
        self.assertEqual(new_draft(workflow=self.published, user=self.carla).version, 2)

    def test_what_is_published_or_retired_is_refused(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        for workflow in (self.published, self.draft):
            with self.assertRaises(NotADraftError):
                delete_draft(workflow=workflow)
        self.assertEqual(WorkflowDefinition.objects.count(), 2)

    def test_one_that_tickets_use_is_refused_with_their_numbers(self) -> None:
        """No service makes such tickets; whoever did, must not lose them."""
        kind = self.draft.ticket_definitions.get()
        tickets = [
            Ticket.objects.create(
                title="T", definition=kind, workflow=self.draft, created_by=self.uma
            )
            for _number in range(6)
        ]
        with self.assertRaises(DraftInUseError) as caught:
            delete_draft(workflow=self.draft)
        [use] = caught.exception.uses
        self.assertIn("6 tickets use it", use)
        self.assertIn(f"#{tickets[0].pk}, ", use)
        self.assertTrue(WorkflowDefinition.objects.filter(pk=self.draft.pk).exists())

    def test_one_that_instances_run_on_is_refused(self) -> None:
        instance = WorkflowInstance.objects.create(workflow=self.draft)
        with self.assertRaises(DraftInUseError) as caught:
            delete_draft(workflow=self.draft)
        self.assertEqual(caught.exception.uses, ["1 workflow runs on it."])
        WorkflowInstance.objects.filter(pk=instance.pk).update(workflow=self.published)
        TaskInstance.objects.create(
            workflow_instance=instance, definition=self.draft.tasks.all()[0]
        )
        with self.assertRaises(DraftInUseError) as caught:
            delete_draft(workflow=self.draft)
        self.assertEqual(caught.exception.uses, ["1 task of a ticket was made from it."])

    def test_one_with_an_active_ticket_type_is_refused(self) -> None:
        TicketDefinition.objects.filter(workflow=self.published).update(is_active=False)
        self.draft.ticket_definitions.update(is_active=True)
        with self.assertRaises(DraftInUseError) as caught:
            delete_draft(workflow=self.draft)
        [use] = caught.exception.uses
        self.assertIn("is active", use)


class DeleteDraftPageTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.published = import_fixture("vacation", self.carla)
        self.draft = new_draft(workflow=self.published, user=self.carla)
        self.log_in(self.carla)

    def exists(self) -> bool:
        return WorkflowDefinition.objects.filter(pk=self.draft.pk).exists()

    def test_it_asks_first_and_a_get_deletes_nothing(self) -> None:
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_change", args=[self.draft.pk])
        )
        self.assertContains(page, address(self.draft))
        answer = self.client.get(address(self.draft))
        self.assertContains(answer, "It is deleted for good")
        self.assertTrue(self.exists())

    def test_a_post_deletes_it_and_leads_to_the_version_that_counts(self) -> None:
        answer = self.client.post(address(self.draft), follow=True)
        self.assertContains(answer, "Draft version 2")
        self.assertEqual(answer.context["workflow"], self.published)
        self.assertFalse(self.exists())
        self.assertEqual(self.client.post(address(self.draft)).status_code, 404)

    def test_the_last_version_leads_to_the_list(self) -> None:
        only = import_bundle(document=fixture_document("it_help"), user=self.carla)
        answer = self.client.post(address(only))
        self.assertRedirects(answer, reverse("admin:workflows_workflowdefinition_changelist"))

    def test_what_is_in_use_says_where_and_stays(self) -> None:
        WorkflowInstance.objects.create(workflow=self.draft)
        self.assertContains(self.client.get(address(self.draft)), "1 workflow runs on it.")
        answer = self.client.post(address(self.draft), follow=True)
        self.assertContains(answer, "1 workflow runs on it.")
        self.assertTrue(self.exists())

    def test_what_was_published_meanwhile_is_refused(self) -> None:
        publish_workflow(workflow=self.draft, user=self.carla)
        for send in (self.client.get, self.client.post):
            answer = send(address(self.draft), follow=True)
            self.assertContains(answer, "Only a draft")
        self.assertTrue(self.exists())
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_change", args=[self.draft.pk])
        )
        self.assertNotContains(page, address(self.draft))

    def test_it_takes_a_workflow_creator_of_the_company(self) -> None:
        for person, status in ((self.terry, 403), (self.alice, 403), (self.charlie, 404)):
            self.log_in(person)
            for send in (self.client.get, self.client.post):
                self.assertEqual(send(address(self.draft)).status_code, status)
        self.assertTrue(self.exists())


class DeleteWhilePublishingTest(CompanyTransactionTestCase):
    def test_a_draft_is_published_or_deleted_never_both(self) -> None:
        for _number in range(4):
            draft = import_bundle(document=self.document(_number), user=self.carla)
            raised = self.publish_and_delete(draft)
            left = WorkflowDefinition.objects.filter(pk=draft.pk).first()
            self.assertEqual(sum(error is None for error in raised), 1, raised)
            for error in raised:
                self.assertTrue(
                    error is None
                    or isinstance(error, WorkflowsError | WorkflowDefinition.DoesNotExist),
                    error,
                )
            if left is not None:
                self.assertEqual(left.status, DefinitionStatus.PUBLISHED)
                self.assertTrue(TicketDefinition.objects.active().filter(workflow=left).exists())

    def document(self, number: int) -> object:
        document = fixture_document("vacation")
        workflow = document["workflow"]
        assert isinstance(workflow, dict)
        workflow["description"] = f"The one of try {number}."
        return document

    def publish_and_delete(self, draft: WorkflowDefinition) -> list[Exception | None]:
        return at_once(
            partial(publish_workflow, workflow=draft, user=self.carla),
            partial(delete_draft, workflow=draft),
            company=self.acme,
        )

from __future__ import annotations

from datetime import UTC, datetime

from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.submitting.errors import MayNotSubmitError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from tickets.working.complete_task import complete_task
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.publishing.publish_workflow import publish_workflow, publishing_problems
from workflows.authoring.publishing.retire_workflow import retire_workflow
from workflows.bundles import errors_of
from workflows.bundles.document.errors import NotPublishableError
from workflows.errors import NotPublishedError
from workflows.models import (
    CompanyRole,
    DefinitionStatus,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowStatus,
)

VACATION = {"location": "Spain", "season": "Fall"}


class RetireCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.workflow = import_fixture("vacation", self.carla)
        CompanyRole.objects.get(name="Vacation Approver").members.add(self.wendy)

    def fresh(self) -> WorkflowDefinition:
        return WorkflowDefinition.objects.get(pk=self.workflow.pk)

    def page(self, name: str, workflow: WorkflowDefinition | None = None) -> str:
        pk = (workflow or self.workflow).pk
        return reverse(f"admin:workflows_workflowdefinition_{name}", args=[pk])


class StopOfferingTest(RetireCase):
    def test_nobody_can_submit_it_any_more(self) -> None:
        offered = TicketDefinition.objects.get()
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        retire_workflow(workflow=self.workflow, user=self.carla, now=now)
        retired = self.fresh()
        self.assertEqual(retired.status, DefinitionStatus.RETIRED)
        self.assertEqual((retired.retired_by, retired.retired_at), (self.carla, now))
        self.assertFalse(TicketDefinition.objects.active().exists())
        self.assertFalse(TicketDefinition.objects.submittable_by(self.uma).exists())
        with self.assertRaises(MayNotSubmitError):
            submit_ticket(definition=offered, data={**VACATION}, user=self.uma)

    def test_a_running_ticket_finishes(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(
                definition=TicketDefinition.objects.get(), data={**VACATION}, user=self.uma
            )
        retire_workflow(workflow=self.workflow, user=self.carla)
        while True:
            ticket.refresh_from_db()
            assert ticket.workflow_instance is not None
            if ticket.workflow_instance.status == WorkflowStatus.COMPLETED:
                break
            task = TaskInstance.objects.get(pk=ticket.workflow_instance.current_task_id or 0)
            self.assertTrue(task.definition.is_form)
            with self.captureOnCommitCallbacks(execute=True):
                complete_task(task=task, output={"approved": "approved"}, user=self.wendy)

    def test_only_what_is_published_can_be_retired(self) -> None:
        draft = new_draft(workflow=self.workflow, user=self.carla)
        retire_workflow(workflow=self.workflow, user=self.carla)
        for workflow in (draft, self.workflow):
            with self.assertRaises(NotPublishedError):
                retire_workflow(workflow=workflow, user=self.carla)

    def test_publishing_the_next_version_says_who_retired_this_one(self) -> None:
        now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        draft = new_draft(workflow=self.workflow, user=self.carla)
        publish_workflow(workflow=draft, user=self.alice, now=now)
        self.assertEqual((self.fresh().retired_by, self.fresh().retired_at), (self.alice, now))

    def test_a_retired_version_comes_back_as_the_next_draft(self) -> None:
        content = export_bundle(workflow=self.workflow)
        retire_workflow(workflow=self.workflow, user=self.carla)
        draft = new_draft(workflow=self.fresh(), user=self.carla)
        self.assertEqual((draft.version, export_bundle(workflow=draft)), (2, content))
        publish_workflow(workflow=draft, user=self.carla)
        offered = TicketDefinition.objects.submittable_by(self.uma).get()
        self.assertEqual((offered.workflow, offered.version), (draft, 2))

    def test_also_one_that_todays_checks_refuse(self) -> None:
        retire_workflow(workflow=self.workflow, user=self.carla)
        self.workflow.transitions.update(condition={"no_operator": []})
        draft = new_draft(workflow=self.fresh(), user=self.carla)
        self.assertEqual(draft.transitions.count(), self.workflow.transitions.count())
        self.assertTrue(errors_of(publishing_problems(workflow=draft)))
        with self.assertRaises(NotPublishableError):
            publish_workflow(workflow=draft, user=self.carla)


class RetirePageTest(RetireCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def test_it_says_what_will_happen_and_a_get_changes_nothing(self) -> None:
        self.assertContains(self.client.get(self.page("change")), self.page("stop_offering"))
        answer = self.client.get(self.page("stop_offering"))
        self.assertContains(answer, "Nobody will be able to submit")
        self.assertContains(answer, "No ticket of it is running.")
        self.assertTrue(self.fresh().is_published)

    def test_a_post_retires_it(self) -> None:
        answer = self.client.post(self.page("stop_offering"), follow=True)
        self.assertContains(answer, "is no longer offered")
        self.assertContains(answer, "Retired by Carla Cole")
        self.assertEqual(self.fresh().retired_by, self.carla)
        again = self.client.post(self.page("stop_offering"), follow=True)
        self.assertContains(again, "no longer the published one")
        got = self.client.get(self.page("stop_offering"), follow=True)
        self.assertContains(got, "no longer the published one")

    def test_it_is_brought_back_with_a_post(self) -> None:
        retire_workflow(workflow=self.workflow, user=self.carla)
        new_draft(workflow=self.fresh(), user=self.carla)  # there may be drafts already
        self.assertContains(self.client.get(self.page("change")), self.page("bring_back"))
        self.assertEqual(self.client.get(self.page("bring_back")).status_code, 405)
        answer = self.client.post(self.page("bring_back"), follow=True)
        self.assertContains(answer, "is back as version 3")
        self.assertEqual(answer.context["workflow"].version, 3)

    def test_what_is_not_retired_is_not_brought_back(self) -> None:
        answer = self.client.post(self.page("bring_back"), follow=True)
        self.assertContains(answer, "Version 1 is not retired.")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_it_takes_a_workflow_creator_of_the_company(self) -> None:
        for person, status in ((self.terry, 403), (self.alice, 403), (self.charlie, 404)):
            self.log_in(person)
            for name in ("stop_offering", "bring_back"):
                self.assertEqual(self.client.post(self.page(name)).status_code, status)
        self.assertTrue(self.fresh().is_published)

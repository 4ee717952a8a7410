"""An assistant and a person at one task at the same moment, and what else happens meanwhile."""

from __future__ import annotations

from functools import partial

from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.mcp.tests.assistant import Assistant
from tenants.services import set_system_roles
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.health import company_findings
from tickets.job_names import END_OFFER
from tickets.models import AssistantOffer
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.answer_offer import answer_offer, take_from_assistant
from tickets.working.complete_task import complete_task
from tickets.working.tests.assisted_case import BOT, GOOD, AssistedCase, invoices
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.errors import WorkflowOnHoldError
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition, WorkflowEvent
from workflows.people.service_accounts import add_account


class RaceTests(CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        set_system_roles(user=self.walt, roles=[])
        self.account = add_account(
            name=BOT, roles=[], company_roles=[], by=self.alice, now=timezone.now()
        )
        Assistant(self.account)

    def submit(self, *, checked: bool) -> TaskInstance:
        document = invoices({"account": BOT, "checked": checked})
        workflow = import_bundle(document=document, user=self.carla)
        if workflow.is_draft:
            publish_workflow(workflow=workflow, user=self.carla)
        definition = TicketDefinition.objects.get(key="invoice", is_active=True)
        ticket = submit_ticket(definition=definition, data={"note": "March"}, user=self.uma)
        return TaskInstance.objects.get(
            workflow_instance=ticket.workflow_instance, definition__key="read"
        )

    def test_of_two_one_wins_and_the_other_is_told(self) -> None:
        for checked in (False, True):
            for _again in range(3):
                task = self.submit(checked=checked)
                answer = partial(
                    answer_offer,
                    task=task,
                    account=self.account,
                    output=GOOD,
                    now=timezone.now(),
                )
                take = partial(take_from_assistant, task=task, by=self.wendy, now=timezone.now())
                complete = partial(complete_task, task=task, output={"total": 1}, user=self.wendy)
                answered, other = at_once(answer, take if checked else complete, company=self.acme)
                offer = AssistantOffer.objects.get(task=task)
                if answered is None:
                    self.assertEqual(offer.why, "SUGGESTED" if checked else "COMPLETED")
                    self.assertEqual(other is None, checked)  # taking what is over is nothing
                else:
                    self.assertIsNone(other)
                    self.assertIn(
                        type(answered).__name__, ("OfferOverError", "TaskNotWorkableError")
                    )
                done = WorkflowEvent.objects.filter(kind="TASK_COMPLETED", task_instance=task)
                self.assertEqual(done.count(), 0 if checked else 1)
                self.assertEqual(broken_invariants(task.workflow_instance.ticket), [])


class MeanwhileTests(AssistedCase):
    def test_on_hold_it_answers_nothing_and_its_time_goes_on(self) -> None:
        task = self.submit()
        ticket = task.workflow_instance.ticket
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON)
        with self.assertRaises(WorkflowOnHoldError):
            answer_offer(task=task, account=self.account, output=GOOD, now=timezone.now())
        self.let_time_pass(task)
        self.assertEqual(self.offer(task).why, "OUT_OF_TIME")
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON)
        self.ensure_sound(task)

    def test_a_ticket_that_is_moved_keeps_the_offer(self) -> None:
        task = self.submit()
        self.publish(None)
        target = WorkflowDefinition.objects.published().get()
        [moved] = move_tickets(
            tickets=[task.workflow_instance.ticket], to=target, by=self.terry, reason=REASON
        )
        self.assertTrue(moved.is_moved)
        made = self.bot.write("complete_task", task=task.pk, answers=GOOD)
        self.assertEqual(made["outcome"], "suggested")
        self.log_in(self.wendy)
        page = self.client.get(f"/app/tickets/mytask/{task.pk}/change/")
        self.assertContains(page, "Suggested by the assistant Invoice bot.")
        self.ensure_sound(task)

    def test_the_doctor_finds_an_offer_that_no_job_ends(self) -> None:
        task = self.submit()
        ProcrastinateJob.objects.filter(task_name=END_OFFER).delete()
        [found] = company_findings()
        self.assertIn("no job will end that", found.message)
        assert found.mend is not None
        self.assertIn("queue again", found.mend())
        self.assertEqual(found.mend(), "")
        self.ensure_sound(task)

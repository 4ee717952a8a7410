"""Processes that others published, with what must come out: see workflows of fixtures/."""

from __future__ import annotations

import json

from django.test import override_settings

from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.calling.run_action import run_action
from tickets.models import Ticket, TicketError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from tickets.working.complete_task import complete_task
from workflows.actions.tests.remote_system import RemoteSystem, answering
from workflows.engine.process import JsonObject
from workflows.errors import NotYourTaskError
from workflows.models import CompanyRole, TaskInstance, TicketDefinition, WorkflowStatus

INVOICE: JsonObject = {
    "creditor": "Great Pizza for Everyone Inc.",
    "amount": 30,
    "invoice_number": "I-12345",
    "category": "Travel Expenses",
}


class ProcessTestCase(CompanyTestCase):
    """Drives tickets as their workers do, each task by whoever it was given to."""

    def members(self, **roles: tuple[User, ...]) -> None:
        for name, people in roles.items():
            role = CompanyRole.objects.get(name=name.replace("_", " "))
            role.members.set(people)

    def submit(self, key: str, data: JsonObject) -> Ticket:
        definition = TicketDefinition.objects.active().get(key=key)
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(definition=definition, data=data, user=self.uma)

    def current_task(self, ticket: Ticket) -> TaskInstance:
        return TaskInstance.objects.unfinished().get(workflow_instance__ticket=ticket)

    def complete(self, ticket: Ticket, key: str, worker: User, output: JsonObject) -> None:
        """Complete the current task, which must be this one, and this worker's."""
        task = self.current_task(ticket)
        self.assertEqual(task.definition.key, key)
        self.assertEqual(task.assigned_to, worker)
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output=output, user=worker)

    def history(self, ticket: Ticket) -> list[tuple[str, JsonObject | None]]:
        tasks = TaskInstance.objects.filter(workflow_instance__ticket=ticket).order_by("pk")
        return [(each.definition.key, each.output_data) for each in tasks]

    def assert_ended(self, ticket: Ticket, label: str) -> None:
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.workflow_instance is not None
        self.assertEqual(ticket.status, WorkflowStatus.COMPLETED)
        self.assertEqual(ticket.workflow_instance.end_label, label)
        self.assertFalse(TicketError.objects.exists())


class InvoiceReceiptTest(ProcessTestCase):
    """Camunda's reference process."""

    def setUp(self) -> None:
        super().setUp()
        import_fixture("invoice", self.carla)
        # Of the two workers each has roles of their own, so that a task can go to one only.
        self.members(Approver=(self.wendy,), Team_Assistant=(self.walt,), Accountant=(self.walt,))
        self.accounting = RemoteSystem(answering(b'{"archived": true}'))
        self.enterContext(self.accounting)
        self.enterContext(override_settings(ACTION_CONNECT_TO=self.accounting.connect_to))

    def approve(self, ticket: Ticket, *, approved: bool) -> None:
        self.complete(ticket, "approve_invoice", self.wendy, {"approved": approved})

    def clarify(self, ticket: Ticket, *, clarified: bool) -> None:
        self.complete(ticket, "invoice_clarification", self.walt, {"clarified": clarified})

    def pay(self, ticket: Ticket) -> None:
        output: JsonObject = {"transfer_reference": "TR-9"}
        self.complete(ticket, "prepare_bank_transfer", self.walt, output)
        archive = self.current_task(ticket)
        self.assertEqual(archive.definition.key, "archive_invoice")
        with self.captureOnCommitCallbacks(execute=True):
            run_action(ticket_id=ticket.pk, task_id=archive.pk)

    def test_approved_paid_and_archived(self) -> None:
        ticket = self.submit("invoice", INVOICE)
        self.approve(ticket, approved=True)
        self.pay(ticket)
        self.assert_ended(ticket, "invoice processed")
        self.assertEqual(
            self.history(ticket),
            [
                ("approve_invoice", {"approved": True}),
                ("prepare_bank_transfer", {"transfer_reference": "TR-9"}),
                ("archive_invoice", {"archived": True}),
            ],
        )

    def test_the_accounting_system_is_told_what_was_paid(self) -> None:
        ticket = self.submit("invoice", INVOICE)
        self.approve(ticket, approved=True)
        self.pay(ticket)
        (call,) = self.accounting.received
        self.assertEqual(call.path, "/demo/accounting/invoices")
        self.assertEqual(call.header("Host"), ["accounting.example"])
        self.assertEqual(
            json.loads(call.body),
            {
                "creditor": "Great Pizza for Everyone Inc.",
                "amount": 30,
                "invoice_number": "I-12345",
                "transfer_reference": "TR-9",
            },
        )

    def test_rejected_clarified_and_approved(self) -> None:
        ticket = self.submit("invoice", INVOICE)
        self.approve(ticket, approved=False)
        self.clarify(ticket, clarified=True)
        self.approve(ticket, approved=True)
        self.pay(ticket)
        self.assert_ended(ticket, "invoice processed")
        self.assertEqual(
            [key for key, _output in self.history(ticket)],
            [
                "approve_invoice",
                "invoice_clarification",
                "approve_invoice",
                "prepare_bank_transfer",
                "archive_invoice",
            ],
        )
        approvals = [output for key, output in self.history(ticket) if key == "approve_invoice"]
        self.assertEqual(approvals, [{"approved": False}, {"approved": True}])

    def test_rejected_and_not_clarified(self) -> None:
        ticket = self.submit("invoice", INVOICE)
        self.approve(ticket, approved=False)
        self.clarify(ticket, clarified=False)
        self.assert_ended(ticket, "invoice not processed")
        self.assertEqual(len(self.history(ticket)), 2)
        self.assertEqual(self.accounting.received, [])

    def test_each_task_is_offered_to_its_role_only(self) -> None:
        """However much more the other one has to do."""
        for _number in range(3):
            self.approve(self.submit("invoice", INVOICE), approved=False)
        ticket = self.submit("invoice", INVOICE)
        self.assertEqual(self.current_task(ticket).assigned_to, self.wendy)
        self.approve(ticket, approved=False)
        task = self.current_task(ticket)
        self.assertEqual(task.assigned_to, self.walt)
        with self.assertRaises(NotYourTaskError):
            complete_task(task=task, output={"clarified": True}, user=self.wendy)

    def test_a_task_whose_role_has_no_member_waits(self) -> None:
        self.members(Approver=())
        task = self.current_task(self.submit("invoice", INVOICE))
        self.assertEqual((task.status, task.assigned_to), ("PENDING", None))


class VacationRequestTest(ProcessTestCase):
    """SpiffWorkflow's example: two steps, two people; data in, data out."""

    def set_up_once(self) -> None:
        super().set_up_once()
        import_fixture("vacation", self.carla)
        self.members(Vacation_Approver=(self.walt,))

    def test_the_published_outcomes(self) -> None:
        wild_life = {"location": "Jamaica", "season": "Summer", "activities": "Wild Life"}
        skiing = {"location": "Florida", "season": "Winter", "activities": "Skiing"}
        outcomes: tuple[tuple[dict[str, str], str, str], ...] = (
            (wild_life, "approved", "Interesting Activity"),
            (skiing, "rejected", "Florida is not a great area for skiing"),
        )
        for request, approved, explanation in outcomes:
            with self.subTest(approved):
                ticket = self.submit("vacation", {**request})
                output: JsonObject = {"approved": approved, "explanation": explanation}
                self.complete(ticket, "approve_vacation", self.walt, output)
                self.assert_ended(ticket, f"vacation {approved}")
                self.assertEqual(Ticket.objects.get(pk=ticket.pk).data, request)
                self.assertEqual(self.history(ticket), [("approve_vacation", output)])


class ItHelpRequestTest(ProcessTestCase):
    """Our own example: a branch on the priority, and a way back."""

    def set_up_once(self) -> None:
        super().set_up_once()
        import_fixture("it_help", self.carla)
        self.members(
            IT_Help_Desk=(self.wendy,), IT_Technician=(self.walt,), IT_Manager=(self.wendy,)
        )

    def request(self, priority: str) -> JsonObject:
        return {"topic": "other", "priority": priority, "summary": "It is broken"}

    def test_what_is_urgent_goes_straight_to_a_technician(self) -> None:
        for priority, first in (
            ("low", "triage"),
            ("normal", "triage"),
            ("high", "solve"),
            ("critical", "solve"),
        ):
            with self.subTest(priority):
                ticket = self.submit("it_help", self.request(priority))
                self.assertEqual(self.current_task(ticket).definition.key, first)

    def test_the_help_desk_answers(self) -> None:
        ticket = self.submit("it_help", self.request("low"))
        answer: JsonObject = {"outcome": "answered", "answer": "Switch it off and on."}
        self.complete(ticket, "triage", self.wendy, answer)
        self.assert_ended(ticket, "answered by the help desk")

    def test_a_problem_that_is_not_solved_goes_to_the_manager_and_back(self) -> None:
        ticket = self.submit("it_help", self.request("high"))
        self.complete(ticket, "solve", self.walt, {"solved": False, "solution": "Tried."})
        advice: JsonObject = {"decision": "again", "advice": "Take the spare one."}
        self.complete(ticket, "escalate", self.wendy, advice)
        self.complete(ticket, "solve", self.walt, {"solved": True, "solution": "The spare one."})
        self.assert_ended(ticket, "solved")

    def test_a_preset_is_not_asked_and_decides_like_an_answer(self) -> None:
        ticket = self.submit("it_password", {})
        self.assertEqual(ticket.data["topic"], "account")
        self.assertEqual(self.current_task(ticket).definition.key, "solve")

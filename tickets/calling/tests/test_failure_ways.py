from __future__ import annotations

from typing import Any
from unittest import mock

from django.test import TestCase
from django.urls import reverse

from tenants.connection import current_schema
from tenants.mail.models import OutgoingMail
from tenants.testing import CompanyTestCase
from tenants.testing_tools.waits import PATIENCE
from tickets.calling.callback_address import CallbackAddress
from tickets.calling.errors import CallbackTooLateError
from tickets.calling.receive_callback import receive_callback
from tickets.calling.tests.action_case import ActionCase, Clock, replies
from tickets.models import Ticket, TicketError
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json
from workflows.models import (
    ActionAttempt,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
)
from workflows.running.events.kind import event_sentence, kind_named
from workflows.running.state import assigning

REFUSED: Json = {"==": [{"var": "failure.status"}, 402]}


class FailureWayTests(ActionCase, CompanyTestCase):
    """A payment that is called for: refused with 402 somebody asks again, else it waits."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.clock = Clock()
        workflow = WorkflowDefinition.objects.create(key="order", title="Order")
        self.payment = workflow.tasks.create(
            key="payment",
            title="Payment",
            task_type="SYNC_ACTION",
            action_url="http://accounting.example/payments",
            output_schema={"type": "object", "required": ["id"]},
            timeout_seconds=PATIENCE,
            retries=1,
        )
        ask = workflow.tasks.create(key="ask", title="Ask again", fields=[])
        workflow.transitions.create(to_task=self.payment)
        workflow.transitions.create(from_task=self.payment, label="paid")
        self.refused = workflow.transitions.create(
            from_task=self.payment, to_task=ask, on_failure=True, condition=REFUSED, priority=1
        )
        self.gone = workflow.transitions.create(
            from_task=self.payment,
            label="not possible",
            on_failure=True,
            priority=2,
            condition={"in": [{"var": "failure.reason"}, ["unavailable", "no_answer"]]},
        )
        workflow.transitions.create(from_task=ask, to_task=self.payment)
        self.workflow = workflow
        self.definition = TicketDefinition.objects.create(
            key="order", title="Order", workflow=workflow
        )

    def submit(self) -> Ticket:
        self.workflow.publish(by=self.carla)
        self.workflow.save()
        TicketDefinition.objects.update(is_active=True)
        self.definition.refresh_from_db()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = submit_ticket(definition=self.definition, data={}, user=self.uma)
        return self.ticket

    def task(self) -> TaskInstance:
        return TaskInstance.objects.select_related("definition").get(definition=self.payment)

    def call(self, status: int, body: object) -> None:
        with replies((status, body)) as system:
            self.run_job(system)

    def instance(self) -> Any:
        self.ticket.refresh_from_db()
        assert self.ticket.workflow_instance is not None
        return self.ticket.workflow_instance

    def failure(self) -> Any:
        return WorkflowEvent.objects.get(kind="CALL_FAILED").data["failure"]

    def test_what_is_refused_goes_the_way_that_reads_its_status(self) -> None:
        self.submit()
        self.call(402, {"error": "no money", "left": 3})
        failure = self.failure()
        self.assertEqual((failure["status"], failure["reason"]), (402, "refused"))
        self.assertEqual(failure["answer"], {"error": "no money", "left": 3})
        self.assertIn("402", failure["message"])
        self.assertEqual(self.task().status, "CANCELLED")
        self.log_in(self.terry)  # for people it has failed
        for name, pk in (("tickets_ticket", self.ticket.pk), ("workflows_taskinstance", None)):
            kind, about = ("changelist", ()) if pk is None else ("change", (pk,))
            page = self.client.get(reverse(f"admin:{name}_{kind}", args=about))
            self.assertContains(page, "badge-bad")
            self.assertContains(page, "Failed")
        self.assertEqual(self.instance().current_task.definition.key, "ask")
        self.assertEqual(self.instance().data, {})
        self.assertFalse(TicketError.objects.exists())
        self.assertEqual(self.jobs(), [])
        event = WorkflowEvent.objects.select_related("actor", "task_instance__definition").get(
            kind="CALL_FAILED"
        )
        self.assertEqual(
            event_sentence(kind_named(event.kind).screen.history, event, {"ask": "Ask again"}),
            "The call Payment failed (refused, status 402); the workflow went on to Ask again.",
        )
        moved = WorkflowEvent.objects.filter(kind="MOVED").latest("pk")
        self.assertEqual([each["result"] for each in moved.data["tried"]], [True])

    def test_what_follows_reads_how_it_failed(self) -> None:
        again = self.workflow.transitions.get(from_task__key="ask")
        again.condition = {"!=": [{"var": "failures.payment.status"}, 402]}
        again.save()
        self.workflow.transitions.create(
            from_task=again.from_task, label="not paid", priority=1,
            condition={"==": [{"var": "failures.payment.answer.error"}, "no money"]},
        )  # fmt: skip
        self.submit()
        self.call(402, {"error": "no money"})
        ask = self.instance().current_task
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=ask, output={}, user=ask.assigned_to)
        self.assertEqual(self.instance().end_label, "not paid")

    def test_what_stays_away_is_tried_again_first(self) -> None:
        self.submit()
        self.call(503, {})
        self.assertFalse(WorkflowEvent.objects.filter(kind="CALL_FAILED").exists())
        self.call(503, {})
        failure = self.failure()
        self.assertEqual((failure["status"], failure["reason"]), (503, "unavailable"))
        self.assertIn("tried 2 times", failure["message"])
        self.assertEqual(self.instance().status, "COMPLETED")
        self.assertEqual(self.instance().end_label, "not possible")
        self.assertFalse(TicketError.objects.exists())

    def test_what_succeeds_takes_none_of_them(self) -> None:
        self.submit()
        self.call(200, {"id": 7})
        self.assertEqual(self.instance().end_label, "paid")
        self.assertFalse(WorkflowEvent.objects.filter(kind="CALL_FAILED").exists())

    def test_where_no_condition_is_true_somebody_looks_after_it(self) -> None:
        self.submit()
        self.call(404, {"error": "unknown"})
        error = TicketError.objects.get()
        self.assertEqual(self.task().status, "ERROR")
        self.assertEqual(error.message, "accounting.example answered with status 404 (Not Found).")
        self.assertTrue(error.is_step_marked)

    def test_without_a_way_it_is_a_ticket_error(self) -> None:
        self.workflow.transitions.filter(on_failure=True).delete()
        self.submit()
        self.call(402, {})
        self.assertEqual((self.task().status, TicketError.objects.count()), ("ERROR", 1))

    def test_a_condition_that_cannot_be_decided_is_a_ticket_error(self) -> None:
        self.refused.condition = {"==": [{"var": "failure.answer.code"}, 3]}
        self.refused.save()
        self.submit()
        self.call(402, {})
        message = TicketError.objects.get().message
        self.assertIn("402", message)
        self.assertIn("failure.answer.code", message)
        self.assertEqual(self.task().status, "ERROR")

    def test_the_way_sends_its_mails(self) -> None:
        self.refused.messages = [{"who": "requester", "subject": "Refused", "text": "{number}"}]
        self.refused.save()
        self.submit()
        self.call(402, {"error": "no money"})
        self.assertEqual(OutgoingMail.objects.get(kind="message").subject, "Refused")
        kinds = [*WorkflowEvent.objects.order_by("pk").values_list("kind", flat=True)]
        self.assertLess(kinds.index("CALL_FAILED"), kinds.index("WAY_MESSAGE_SENT"))
        self.assertEqual(self.instance().current_task.definition.key, "ask")

    def test_its_mails_say_what_failed(self) -> None:
        text = "{failure.reason}/{failure.status}/{failure.message}/{failure.answer.error}"
        self.refused.messages = [
            {"who": who, "subject": "{failure.status}", "text": text, **more}
            for who, more in (
                ("requester", {}),
                ("person", {"email": self.terry.email}),
                ("address", {"email": "shop@else.example"}),
            )
        ]
        self.refused.save()
        self.submit()
        self.call(402, {"error": "no money"})
        mails = {each.to: each for each in OutgoingMail.objects.filter(kind="message")}
        self.assertEqual({each.subject for each in mails.values()}, {"402"})
        self.assertIn("refused/402//\n", mails[self.uma.email].text + "\n")
        for to in (self.terry.email, "shop@else.example"):
            self.assertRegex(mails[to].text, r"refused/402/.*402.*/no money")

    def test_a_later_mail_says_what_had_failed(self) -> None:
        again = self.workflow.transitions.get(from_task__key="ask")
        mail = {"who": "requester", "subject": "{failures.payment.status}", "text": "{number}"}
        again.messages = [mail]
        again.save()
        self.submit()
        self.call(402, {"error": "no money"})
        ask = self.instance().current_task
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=ask, output={}, user=ask.assigned_to)
        self.assertEqual(OutgoingMail.objects.get(kind="message").subject, "402")

    def test_a_mail_that_cannot_be_sent_leaves_the_call_in_error(self) -> None:
        mail = {"who": "answer", "answer": "ticket.supplier", "subject": "s", "text": "t"}
        self.refused.messages = [{**mail, "who": "requester"}, mail]
        self.refused.save()
        self.submit()
        self.call(402, {"error": "no money"})
        self.assertFalse(OutgoingMail.objects.filter(kind="message").exists())
        error = TicketError.objects.get()
        self.assertIn("The mail has no recipient", error.message)
        self.assertEqual((self.task().status, broken_invariants(self.ticket)), ("ERROR", []))

    def test_an_answer_of_no_use(self) -> None:
        self.gone.condition = {"==": [{"var": "failure.reason"}, "unusable_answer"]}
        self.gone.save()
        self.submit()
        self.call(200, {"number": 7})
        failure = self.failure()
        self.assertEqual((failure["status"], failure["answer"]), (200, {"number": 7}))
        self.assertEqual(self.instance().end_label, "not possible")

    def test_what_is_no_fault_of_the_other_system_is_a_ticket_error(self) -> None:
        self.gone.condition = None
        self.gone.save()
        self.payment.input_transform = {"sum": {"var": "ticket.nothing"}}
        self.payment.save()
        self.submit()
        self.run_job()
        self.assertEqual((self.task().status, TicketError.objects.count()), ("ERROR", 1))

    def test_no_destination_that_is_permitted_is_a_ticket_error(self) -> None:
        self.gone.condition = None
        self.gone.save()
        self.payment.action_url = "http://127.0.0.1/payments"
        self.payment.save()
        self.submit()
        self.run_job()
        self.assertEqual((self.task().status, TicketError.objects.count()), ("ERROR", 1))

    def test_on_hold_no_step_is_taken(self) -> None:
        self.payment.task_type, self.payment.retries = "ASYNC_ACTION", 0
        self.payment.save()
        with self.settings(PUBLIC_URL="https://tickets.example"):
            self.submit()
            self.call(202, {})
        hold_ticket(ticket=self.ticket, reason="Wait.", by=self.terry)
        self.clock.move(PATIENCE + 1)
        self.run_timeout()
        self.assertEqual((self.task().status, TicketError.objects.count()), ("ERROR", 1))
        self.assertEqual(self.instance().status, "ON_HOLD")

    def test_a_job_that_runs_again_finds_nothing_to_do(self) -> None:
        self.submit()
        (job,) = self.jobs()
        with replies((402, {})) as system:
            self.run_job(system)
            self.run_again(job, system)
            self.assertEqual(len(system.received), 1)
        self.assertEqual(WorkflowEvent.objects.filter(kind="CALL_FAILED").count(), 1)
        self.assertEqual(ActionAttempt.objects.count(), 1)

    def test_a_step_that_fails_keeps_what_the_call_said(self) -> None:
        self.submit()
        broken = mock.patch.object(
            assigning, "assign_with_next_write", side_effect=RuntimeError("broken")
        )
        with broken, self.assertLogs("tickets.calling.leave_failed_call", "ERROR"):
            self.call(402, {})
        error = TicketError.objects.get()
        self.assertIn("402", error.message)
        self.assertIn("broken", error.message)
        self.assertEqual(self.task().status, "ERROR")
        self.assertFalse(WorkflowEvent.objects.filter(kind="CALL_FAILED").exists())

    def test_no_callback_in_time_and_one_that_comes_too_late(self) -> None:
        self.payment.task_type, self.payment.retries = "ASYNC_ACTION", 0
        self.payment.save()
        with self.settings(PUBLIC_URL="https://tickets.example"):
            self.submit()
            self.call(202, {})
        self.clock.move(PATIENCE + 1)
        self.run_timeout()
        failure = self.failure()
        self.assertEqual((failure["status"], failure["reason"]), (None, "no_answer"))
        self.assertEqual(self.instance().end_label, "not possible")
        address = CallbackAddress(current_schema(), self.task().uuid, 1)
        with self.assertRaises(CallbackTooLateError), TestCase.captureOnCommitCallbacks():
            receive_callback(address=address, body={"id": 7})
        self.assertFalse(TicketError.objects.exists())

"""What was booked for an order is released once when it is cancelled, whenever that is."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from tenants.testing import CompanyTestCase
from tenants.testing_tools.waits import PATIENCE
from tickets.advancing.advance_ticket import advance_ticket
from tickets.calling.tests.action_case import ActionCase, Clock, replies
from tickets.health.company import company_findings
from tickets.models import Notice, Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json
from workflows.errors import WorkflowEndedError
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.running.events.kind import event_sentence, kind_named

PAID: Json = {"!": [{"missing": ["tasks.pay.id"]}]}
WHY = "Not needed any more"


class CleanUpTests(ActionCase, CompanyTestCase):
    """An order: it is paid by a call, then somebody ships it, then somebody counts it."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.clock = Clock()
        self.workflow = WorkflowDefinition.objects.create(key="order", title="Order")
        pay, refund = self.call_task("pay"), self.call_task("refund")
        ship, release = self.form("ship"), self.form("release")
        self.shipping = ship
        self.ways(
            (None, pay, {}),
            (pay, ship, {}),
            (ship, None, {"label": "shipped"}),
            (None, refund, {"on_cancel": True, "condition": PAID}),
            (None, release, {"on_cancel": True, "priority": 1}),
            (refund, release, {}),
            (release, None, {"label": "released"}),
        )
        self.type = TicketDefinition.objects.create(
            key="order", title="Order", workflow=self.workflow
        )

    def call_task(self, key: str) -> TaskDefinition:
        return self.workflow.tasks.create(
            key=key, title=key.title(), task_type="SYNC_ACTION", timeout_seconds=PATIENCE,
            action_url=f"http://accounting.example/{key}", retries=0,
        )  # fmt: skip

    def form(self, key: str) -> TaskDefinition:
        return self.workflow.tasks.create(key=key, title=key.title(), fields=[])

    def ways(self, *found: tuple[TaskDefinition | None, TaskDefinition | None, Any]) -> None:
        for source, target, more in found:
            self.workflow.transitions.create(from_task=source, to_task=target, **more)

    def submit(self) -> None:
        self.workflow.publish(by=self.carla)
        self.workflow.save()
        TicketDefinition.objects.update(is_active=True)
        self.type.refresh_from_db()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = submit_ticket(definition=self.type, data={}, user=self.uma)

    def to_shipping(self) -> None:
        self.submit()
        self.answer(200, {"id": "p-1"})

    def answer(self, status: int, body: object) -> None:
        with replies((status, body)) as system:
            self.run_job(system)

    def withdraw(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            withdraw_ticket(ticket=self.ticket, user=self.uma, reason=WHY, now=timezone.now())

    def cancel(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            cancel_ticket(ticket=self.ticket, by=self.terry, reason=WHY)

    def instance(self) -> WorkflowInstance:
        return WorkflowInstance.objects.select_related("current_task__definition").get()

    def at(self) -> str:
        task = self.instance().current_task
        return "" if task is None else task.definition.key

    def finish(self) -> None:
        task = self.instance().current_task
        assert task is not None
        assert task.assigned_to is not None
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output={}, user=task.assigned_to)

    def visits(self) -> dict[str, int]:
        keys = list(TaskInstance.objects.values_list("definition__key", flat=True))
        return {key: keys.count(key) for key in keys}

    def assert_whole(self) -> None:
        self.assertEqual(broken_invariants(Ticket.objects.get()), [])
        self.assertEqual([each.message for each in company_findings()], [])

    def history(self) -> list[str]:
        events = WorkflowEvent.objects.select_related("actor", "task_instance__definition")
        return [
            event_sentence(kind_named(each.kind).screen.history, each)
            for each in events.order_by("pk")
        ]

    def test_while_it_cleans_up_it_counts_as_cancelled(self) -> None:
        self.to_shipping()
        self.withdraw()
        self.assertEqual(self.instance().status, "IN_PROGRESS")
        self.log_in(self.terry)
        every = reverse("admin:tickets_ticket_changelist")
        for status, count in (("RUNNING", 0), ("IN_PROGRESS", 0), ("CANCELLED", 1)):
            with self.subTest(status):
                page = self.client.get(every, {"status": status})
                self.assertEqual(page.context["cl"].result_count, count)
        self.log_in(self.uma)
        mine = reverse("admin:tickets_myticket_changelist")
        self.assertNotContains(self.client.get(mine), self.ticket.number)
        self.assertContains(self.client.get(mine, {"archive": "1"}), self.ticket.number)

    def test_cancelled_during_shipping_it_is_refunded_and_released_once(self) -> None:
        self.to_shipping()
        shipping = self.instance().current_task
        assert shipping is not None
        self.withdraw()
        shipping.refresh_from_db()
        self.assertEqual(shipping.status, "CANCELLED")
        self.assertEqual(self.at(), "refund")
        self.assert_whole()
        for again in (self.withdraw, self.cancel):
            with self.assertRaises(WorkflowEndedError):
                again()
        self.answer(200, {"id": "r-1"})
        self.assertEqual(self.at(), "release")
        self.assert_whole()
        self.finish()
        instance = self.instance()
        self.assertEqual((instance.status, instance.end_label), ("CANCELLED", "released"))
        self.assertEqual(self.visits(), {"pay": 1, "ship": 1, "refund": 1, "release": 1})
        self.assertEqual(instance.data["refund"], {"id": "r-1"})
        self.assert_whole()
        told = self.history()
        self.assertIn("After Ship: on to refund.", told)
        self.assertEqual(told[-1], "It was cleaned up: released.")
        notices = Notice.objects.filter(recipient=self.uma).values_list("kind", flat=True)
        self.assertEqual(list(notices), [])  # she has withdrawn it herself

    def test_what_was_not_paid_is_not_refunded(self) -> None:
        self.submit()
        self.cancel()
        self.assertEqual(self.at(), "release")
        self.assertEqual(self.jobs(), [])
        self.finish()
        self.assertEqual(self.instance().status, "CANCELLED")
        self.assertEqual(self.visits(), {"pay": 1, "release": 1})
        self.assert_whole()

    def test_where_nothing_is_to_be_done_it_ends_at_once(self) -> None:
        self.workflow.transitions.filter(to_task__key="release", from_task=None).delete()
        self.submit()
        self.withdraw()
        self.assertEqual(self.instance().status, "CANCELLED")
        self.assertEqual(self.history()[-1], "There was nothing to clean up.")
        self.assert_whole()

    def test_a_way_of_the_task_comes_first(self) -> None:
        self.ways((self.shipping, None, {"on_cancel": True, "label": "sent back", "priority": 9}))
        self.to_shipping()
        self.cancel()
        instance = self.instance()
        self.assertEqual((instance.status, instance.end_label), ("CANCELLED", "sent back"))
        self.assert_whole()

    def test_on_hold_and_in_error_it_cleans_up_too(self) -> None:
        self.submit()
        self.answer(404, {})
        self.assertTrue(TicketError.objects.unresolved().exists())
        hold_ticket(ticket=self.ticket, by=self.terry, reason=WHY)
        self.withdraw()
        self.assertEqual((self.at(), self.instance().status), ("release", "IN_PROGRESS"))
        self.assertFalse(TicketError.objects.unresolved().exists())
        self.assert_whole()

    def test_a_call_that_fails_while_it_cleans_up_is_repaired(self) -> None:
        self.to_shipping()
        self.cancel()
        self.answer(404, {})
        error = TicketError.objects.unresolved().get()
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason="It is back")
        self.answer(200, {"id": "r-1"})
        self.assertEqual(self.at(), "release")
        self.assert_whole()

    def test_a_condition_that_cannot_be_decided_is_repaired(self) -> None:
        way = self.workflow.transitions.get(to_task__key="refund", from_task=None)
        way.condition = {"==": [{"var": "tasks.pay.id"}, "p-1"]}
        way.save()
        self.submit()
        self.cancel()
        self.assertEqual(self.at(), "")
        error = TicketError.objects.unresolved().get()
        self.assertIn("cannot be decided", error.message)
        self.assert_whole()
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[self.ticket.pk]))
        self.assertContains(page, "About to be cleaned up")
        WorkflowInstance.objects.update(data={"pay": {"id": "p-1"}})
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason="Corrected")
        self.assertEqual(self.at(), "refund")

    def test_the_process_dies_after_the_cancel_and_the_job_goes_on(self) -> None:
        self.to_shipping()
        with mock.patch("tickets.advancing.safety_net.advance_ticket"):
            self.withdraw()
        self.assertEqual(self.at(), "")
        self.assert_whole()  # its job stands in the queue
        (job,) = self.jobs("advance")
        for _twice in range(2):
            with self.captureOnCommitCallbacks(execute=True):
                advance_ticket(ticket_id=self.ticket.pk, safety_net=job.pk)
        self.assertEqual(self.visits(), {"pay": 1, "ship": 1, "refund": 1})
        self.assert_whole()

    def test_whoever_submitted_it_sees_at_once_that_it_is_cancelled(self) -> None:
        self.to_shipping()
        self.withdraw()
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=[self.ticket.pk]))
        self.assertContains(page, "Cancelled")
        self.assertContains(page, WHY)
        self.assertNotContains(page, "/withdraw/")
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[self.ticket.pk]))
        self.assertContains(page, "Cancelled")
        self.assertNotContains(page, "/repair/cancel/")

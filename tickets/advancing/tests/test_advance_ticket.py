from __future__ import annotations

from unittest import mock

from django.db import OperationalError
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTestCase
from tickets.advancing.advance_ticket import advance_ticket
from tickets.models import ErrorType, Ticket, TicketError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
    WorkflowStatus,
)
from workflows.running.events.of_steps.moved import MOVED

QUESTION: list[JsonObject] = [{"name": "big", "label": "Big?", "type": "boolean", "required": True}]


class AdvanceTicketTests(CompanyTestCase):
    """start → check → (big) decide → end, else end."""

    def set_up_once(self) -> None:
        super().set_up_once()
        self.workflow = WorkflowDefinition.objects.create(key="flow", title="Flow")
        self.check = self.add_task("check")
        self.decide = self.add_task("decide")
        self.connect(None, self.check)
        self.connect(self.check, self.decide, condition={"==": [{"var": "tasks.check.big"}, True]})
        self.last = self.connect(self.check, None, priority=9, label="too small")
        self.connect(self.decide, None, label="decided")
        self.workflow.publish(by=self.carla)
        self.workflow.save()
        self.type = TicketDefinition.objects.create(
            key="thing", title="Thing", workflow=self.workflow, is_active=True
        )

    def add_task(self, key: str) -> TaskDefinition:
        return TaskDefinition.objects.create(
            workflow=self.workflow, key=key, title=key.title(), fields=QUESTION
        )

    def connect(
        self,
        source: TaskDefinition | None,
        target: TaskDefinition | None,
        *,
        condition: Json = None,
        priority: int = 0,
        label: str = "",
    ) -> Transition:
        return Transition.objects.create(
            workflow=self.workflow,
            from_task=source,
            to_task=target,
            condition=condition,
            priority=priority,
            label=label,
        )

    def submit(self) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(definition=self.type, data={}, user=self.uma)
        ticket.refresh_from_db()
        return ticket

    def answer(self, *, big: bool) -> None:
        task = TaskInstance.objects.get(status=TaskStatus.OPEN)
        worker = task.assigned_to
        assert worker is not None
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=task, output={"big": big}, user=worker)

    def kinds(self) -> list[str]:
        return list(WorkflowEvent.objects.values_list("kind", flat=True))

    def test_it_starts_with_the_first_task_and_takes_the_safety_net_away(self) -> None:
        ticket = self.submit()
        self.assertEqual(ticket.status, WorkflowStatus.IN_PROGRESS)
        task = TaskInstance.objects.get()
        self.assertEqual((task.definition, task.status), (self.check, TaskStatus.OPEN))
        self.assertEqual(ticket.workflow_instance.current_task, task)  # type: ignore[union-attr]
        self.assertEqual(self.kinds(), ["STARTED", "MOVED", "ASSIGNED"])
        self.assertEqual(ProcrastinateJob.objects.count(), 0)

    def test_it_takes_the_transition_whose_condition_is_true(self) -> None:
        ticket = self.submit()
        self.answer(big=True)
        self.assertEqual(TaskInstance.objects.get(status="OPEN").definition, self.decide)
        self.answer(big=False)
        ticket.refresh_from_db()
        instance = WorkflowInstance.objects.get()
        self.assertEqual((instance.status, instance.end_label), ("COMPLETED", "decided"))
        self.assertEqual(instance.data, {"check": {"big": True}, "decide": {"big": False}})

    def test_it_records_each_condition_that_it_tried(self) -> None:
        self.submit()
        self.answer(big=False)
        moved = WorkflowEvent.objects.filter(kind=MOVED).last()
        assert moved is not None
        tried = [(each["to_task"], each["result"]) for each in moved.data["tried"]]
        self.assertEqual(tried, [("decide", False), (None, True)])
        self.assertEqual(moved.data["end_label"], "too small")

    def test_a_second_call_finds_nothing_to_do(self) -> None:
        ticket = self.submit()
        before = self.kinds()
        advance_ticket(ticket_id=ticket.pk)
        advance_ticket(ticket_id=ticket.pk)
        self.assertEqual(self.kinds(), before)
        self.assertEqual(TaskInstance.objects.count(), 1)

    def test_no_true_condition_is_a_ticket_error_once(self) -> None:
        self.last.condition = False
        self.last.save()
        ticket = self.submit()
        self.answer(big=False)
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        self.assertEqual(error.ticket, ticket)
        assert error.task is not None
        self.assertEqual((error.task.definition, error.task.status), (self.check, "ERROR"))
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.IN_PROGRESS)
        advance_ticket(ticket_id=ticket.pk)
        self.assertEqual(TicketError.objects.count(), 1)

    def test_a_start_without_a_way_is_a_ticket_error_once(self) -> None:
        Transition.objects.filter(from_task=None).delete()
        ticket = self.submit()
        advance_ticket(ticket_id=ticket.pk)
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.NOT_STARTED)

    def test_a_variable_that_is_missing_is_an_error_and_not_false(self) -> None:
        self.last.condition = {"<": [{"var": "ticket.amount"}, 5]}
        self.last.save()
        self.submit()
        self.answer(big=False)
        self.assertIn("ticket.amount", TicketError.objects.get().message)

    def test_what_nobody_foresaw_becomes_a_ticket_error_with_its_trace(self) -> None:
        with (
            mock.patch(
                "workflows.running.state.leaving.decide", side_effect=ZeroDivisionError("odd")
            ),
            self.assertLogs("tickets.advancing.advance_ticket", "ERROR"),
        ):
            ticket = self.submit()
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        self.assertIn("ZeroDivisionError: odd", error.stack_trace)
        self.assertIn("transitions", error.message)
        self.assertIn("ZeroDivisionError: odd", error.message)
        self.assertEqual(ticket.status, WorkflowStatus.NOT_STARTED)
        self.assertIsNotNone(ticket.workflow_instance)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)

    def test_a_database_that_is_away_leaves_the_step_to_the_safety_net(self) -> None:
        with (
            mock.patch(
                "workflows.running.state.leaving.decide", side_effect=OperationalError("away")
            ),
            self.assertLogs("django.test", "ERROR"),
        ):
            ticket = self.submit()
        self.assertEqual(TicketError.objects.count(), 0)
        job = ProcrastinateJob.objects.get()
        self.assertEqual(job.task_name, "tickets.jobs.advance")
        self.assertEqual(job.args, {"schema": "acme", "ticket_id": ticket.pk})

    def test_a_task_waits_where_nobody_is_available(self) -> None:
        for worker in (self.wendy, self.walt):
            worker.is_available = False
            worker.save()
        self.submit()
        task = TaskInstance.objects.get()
        self.assertEqual((task.status, task.assigned_to), (TaskStatus.PENDING, None))
        self.assertEqual(list(TaskInstance.objects.unassigned()), [task])

    def test_a_running_ticket_stays_on_its_version(self) -> None:
        self.submit()
        successor = WorkflowDefinition.objects.create(key="flow", version=2, title="Flow")
        self.workflow.retire()
        self.workflow.save()
        successor.publish(by=self.carla)
        successor.save()
        self.answer(big=False)
        self.assertEqual(WorkflowInstance.objects.get().status, WorkflowStatus.COMPLETED)

from __future__ import annotations

import json
from unittest import mock

from django.db import OperationalError
from django.test import override_settings
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTestCase
from tenants.testing_tools.waits import PATIENCE
from tickets.calling.run_action import run_action
from tickets.models import ErrorType, Ticket, TicketError
from tickets.submitting.submit_ticket import submit_ticket
from workflows.actions.tests.remote_system import Connection, RemoteSystem
from workflows.engine.process import JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowInstance,
    WorkflowStatus,
)


def answer(status: int, body: object) -> RemoteSystem:
    def reply(connection: Connection) -> None:
        content = json.dumps(body).encode()
        connection.send_response(status)
        connection.send_header("Content-Type", "application/json")
        connection.send_header("Content-Length", str(len(content)))
        connection.end_headers()
        connection.wfile.write(content)

    return RemoteSystem(reply)


class RunActionTests(CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        workflow = WorkflowDefinition.objects.create(
            key="flow", title="Flow", fields=[{"name": "amount", "label": "A", "type": "integer"}]
        )
        task = TaskDefinition.objects.create(
            workflow=workflow,
            key="archive",
            title="Archive",
            task_type="SYNC_ACTION",
            action_url="http://accounting.example/invoices",
            input_transform={"sum": {"var": "ticket.amount"}, "number": {"var": "number"}},
            timeout_seconds=PATIENCE,
            retries=0,
        )
        workflow.transitions.create(to_task=task)
        workflow.transitions.create(from_task=task, label="archived")
        workflow.publish(by=self.carla)
        workflow.save()
        definition = TicketDefinition.objects.create(
            key="thing", title="Thing", workflow=workflow, is_active=True
        )
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = submit_ticket(definition=definition, data={"amount": 7}, user=self.uma)

    def run_with(self, system: RemoteSystem, *, attempt: int | None = None) -> None:
        with (
            system,
            override_settings(ACTION_CONNECT_TO=system.connect_to),
            self.captureOnCommitCallbacks(execute=True),
        ):
            run_action(
                ticket_id=self.ticket.pk, task_id=TaskInstance.objects.get().pk, attempt=attempt
            )

    def test_the_call_waits_as_a_job_for_the_worker(self) -> None:
        job = ProcrastinateJob.objects.get()
        self.assertEqual(job.task_name, "tickets.jobs.run_action")
        task = TaskInstance.objects.get()
        self.assertEqual(task.status, "PENDING")
        self.assertEqual(
            job.args, {"schema": "acme", "ticket_id": self.ticket.pk, "task_id": task.pk}
        )

    def test_an_answer_completes_the_task_and_moves_on(self) -> None:
        system = answer(201, {"document": "ACC-1"})
        self.run_with(system)
        (received,) = system.received
        self.assertEqual(json.loads(received.body), {"sum": 7, "number": self.ticket.pk})
        task = TaskInstance.objects.get()
        self.assertEqual(received.header("Idempotency-Key"), [str(task.uuid)])
        self.assertEqual((task.status, task.attempts), ("COMPLETED", 1))
        self.assertEqual(task.output_data, {"document": "ACC-1"})
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)

    def test_a_job_that_runs_again_calls_nobody(self) -> None:
        self.run_with(answer(201, {}))
        again = answer(201, {})
        self.run_with(again)
        self.assertEqual(again.received, [])

    def test_a_failure_is_a_ticket_error(self) -> None:
        self.run_with(answer(500, {"oops": True}))
        error = TicketError.objects.get()
        self.assertEqual(error.error_type, ErrorType.TASK_UPDATE)
        self.assertIn("accounting.example", error.message)
        self.assertIn("500", error.message)
        task = TaskInstance.objects.get()
        self.assertEqual((error.task, task.status), (task, "ERROR"))
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.IN_PROGRESS)
        self.run_with(answer(200, {}))
        self.assertEqual(TicketError.objects.count(), 1)

    def test_nobody_listening_is_a_ticket_error(self) -> None:
        with answer(200, {}) as gone:
            address = gone.connect_to
        with override_settings(ACTION_CONNECT_TO=address):
            run_action(ticket_id=self.ticket.pk, task_id=TaskInstance.objects.get().pk)
        self.assertEqual(TicketError.objects.get().error_type, ErrorType.TASK_UPDATE)

    def test_a_body_that_cannot_be_made_is_a_ticket_error_and_calls_nobody(self) -> None:
        TaskDefinition.objects.update(input_transform={"sum": {"var": "ticket.price"}})
        system = answer(200, {})
        self.run_with(system)
        self.assertEqual(system.received, [])
        self.assertIn("ticket.price", TicketError.objects.get().message)

    def test_what_nobody_foresaw_is_a_ticket_error_with_its_trace(self) -> None:
        with (
            mock.patch(
                "tickets.calling.run_action.make_call", side_effect=ZeroDivisionError("odd")
            ),
            self.assertLogs("tickets.calling.run_action", "ERROR"),
        ):
            run_action(ticket_id=self.ticket.pk, task_id=TaskInstance.objects.get().pk)
        self.assertIn("ZeroDivisionError: odd", TicketError.objects.get().stack_trace)
        self.assertEqual(TaskInstance.objects.get().status, "ERROR")

    def test_a_database_that_is_away_uses_an_attempt_up(self) -> None:
        TaskDefinition.objects.update(retries=1)
        with (
            mock.patch(
                "tickets.calling.run_action.read_output", side_effect=OperationalError("away")
            ),
            self.assertRaises(OperationalError),
        ):
            self.run_with(answer(200, {}))
        self.assertEqual(TaskInstance.objects.get().status, "IN_PROGRESS")
        self.run_with(answer(200, {}))  # the job again: it finds its attempt unfinished
        self.assertEqual(ProcrastinateJob.objects.filter(args__attempt=2).count(), 1)
        self.run_with(answer(200, {}), attempt=2)
        task = TaskInstance.objects.get()
        self.assertEqual((task.status, task.attempts), ("COMPLETED", 2))

    def hold(self) -> None:
        instance = WorkflowInstance.objects.get()
        instance.hold()
        instance.save()

    def hold_and_read(self, *_args: object, **_kwargs: object) -> JsonObject:
        self.hold()
        return {"document": "ACC-1"}

    def test_an_answer_that_comes_while_the_ticket_is_on_hold_is_kept(self) -> None:
        system = answer(200, {"document": "ACC-1"})
        with mock.patch(
            "tickets.calling.run_action.read_output",
            side_effect=self.hold_and_read,
        ):
            self.run_with(system)
        task = TaskInstance.objects.get()
        self.assertEqual((task.status, task.output_data), ("COMPLETED", {"document": "ACC-1"}))
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.ON_HOLD)

    def test_a_call_of_a_ticket_on_hold_is_not_made(self) -> None:
        self.hold()
        system = answer(200, {})
        self.run_with(system)
        self.assertEqual(system.received, [])
        self.assertEqual(TicketError.objects.count(), 0)

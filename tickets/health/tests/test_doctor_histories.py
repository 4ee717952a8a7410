"""What the doctor finds where something was done past the history, or past the versions."""

from __future__ import annotations

from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.testing import tampering
from tickets.health import history_findings
from tickets.health.tests.test_doctor import DoctorCase, run_doctor
from tickets.models import Ticket
from tickets.moving.move_tickets import move_tickets
from tickets.repairing.tests.repair_case import REASON
from workflows.models import TaskInstance, WorkflowDefinition, WorkflowEvent, WorkflowInstance


class HistoryTests(DoctorCase):
    def assert_finds(self, *parts: str) -> None:
        code, said = run_doctor("--repair")
        self.assertEqual(code, 1)
        self.assertIn(f"Acme, ticket #{self.ticket.pk}: Its history ", said)
        for part in parts:
            self.assertIn(part, said)

    def test_a_status_that_no_event_tells_of(self) -> None:
        WorkflowInstance.objects.update(status="ON_HOLD")
        self.assert_finds("status: IN_PROGRESS in the history, ON_HOLD stored", "correct or cancel")

    def test_an_output_that_was_changed_by_hand(self) -> None:
        self.to_the_call()
        WorkflowInstance.objects.update(data={"check": {"big": False}})
        self.assert_finds("output of check: {'big': True} in the history, {'big': False} stored")

    def test_a_task_that_was_given_to_somebody_by_hand(self) -> None:
        task = self.current(self.ticket)
        other = self.walt if task.assigned_to == self.wendy else self.wendy
        self.change(task, assigned_to=other)
        self.assert_finds(f"worker of task {task.pk}: {task.assigned_to_id} in the history")

    def test_events_that_are_gone_or_not_what_they_must_be(self) -> None:
        with tampering():
            WorkflowEvent.objects.filter(kind="ASSIGNED").update(data={})
        self.assert_finds("is not whole")
        with tampering():
            WorkflowEvent.objects.filter(kind="ASSIGNED").update(kind="NONSENSE")
        self.assert_finds("is not whole")
        with tampering():
            WorkflowEvent.objects.filter(kind="MOVED").delete()
        self.assert_finds("is not whole")
        with tampering():
            WorkflowEvent.objects.all().delete()
        self.assert_finds("status: NOT_STARTED in the history, IN_PROGRESS stored")

    def test_the_others_are_still_compared(self) -> None:
        with tampering():
            WorkflowEvent.objects.filter(kind="MOVED").delete()
        with self.captureOnCommitCallbacks(execute=True):
            other = self.submit()
        WorkflowInstance.objects.filter(ticket=other).update(end_label="x")
        self.assert_finds(f"ticket #{other.pk}: Its history does not lead", "outcome: nothing in")

    def test_a_long_value_is_cut(self) -> None:
        WorkflowInstance.objects.update(data={"check": {"text": "x" * 90_000}})
        self.assertLess(len(run_doctor()[1]), 2_000)

    def test_it_reads_a_part_of_the_tickets_at_a_time(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            last = [self.submit() for _each in range(4)][-1]
        WorkflowInstance.objects.filter(ticket=last).update(status="ON_HOLD")
        with mock.patch("tickets.health.histories.INSTANCES", 2):
            with CaptureQueriesContext(connection) as queries:
                found, after = history_findings(after=0)
            self.assertEqual(found, [])
            assert after is not None
            reading = [each for each in queries.captured_queries if "SELECT" in each["sql"]]
            self.assertEqual(len(reading), 7)
            self.assertIn(f"ticket #{last.pk}", run_doctor()[1])
            self.assertIn("found: 2,", run_doctor()[1])  # and that its row was changed

    def test_it_reads_what_is_large_alone(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.submit()
            last = self.submit()
        WorkflowInstance.objects.filter(ticket=self.ticket).update(data={"text": "x" * 900})
        pks = list(WorkflowInstance.objects.order_by("pk").values_list("pk", flat=True))
        with mock.patch("tickets.health.histories.BYTES", 800):
            found, after = history_findings(after=0)
            self.assertEqual((len(found), after), (2, pks[0]))
            found, after = history_findings(after=pks[0])
            self.assertEqual((found, after), ([], self.instance(last).pk))
            self.assertEqual(history_findings(after=pks[-1]), ([], None))

    def test_the_quick_way_leaves_it_out(self) -> None:
        WorkflowInstance.objects.update(end_label="x")
        self.assertEqual(run_doctor("--quick")[0], 0)


class VersionTests(DoctorCase):
    def next_version(self, *, fields: list[object] | None = None) -> WorkflowDefinition:
        """The same, in another version, to which the ticket is moved as a ticket admin would."""
        old = self.workflow
        new = WorkflowDefinition.objects.create(
            key=old.key, version=2, title=old.title, fields=old.fields if fields is None else fields
        )
        check = new.tasks.create(key="check", title="Check", fields=self.check.fields)
        new.transitions.create(to_task=check)
        new.transitions.create(from_task=check)
        old.retire(by=self.carla)
        old.save()
        new.publish(by=self.carla)
        new.save()
        return new

    def move(self, new: WorkflowDefinition) -> None:
        (moved,) = move_tickets(tickets=[self.ticket], to=new, by=self.terry, reason=REASON)
        self.assertEqual(moved.refusal, "")

    def test_a_ticket_of_another_version_than_the_one_it_runs_on(self) -> None:
        new = self.next_version()
        self.move(new)
        self.assertEqual(run_doctor()[0], 0)
        Ticket.objects.update(workflow=self.workflow)
        self.assert_repaired("belongs to version 2 now")
        self.assertEqual(Ticket.objects.get().workflow, new)
        self.assertEqual(run_doctor()[0], 0)

    def test_one_whose_data_does_not_fit_is_left_to_a_person(self) -> None:
        new = self.next_version(
            fields=[{"name": "why", "label": "Why", "type": "text", "required": True}]
        )
        TaskInstance.objects.update(definition=new.tasks.get())
        WorkflowInstance.objects.update(workflow=new)
        self.assert_left("belongs to version 1 of “Flow”, but runs on version 2 of “Flow”")
        self.assertEqual(Ticket.objects.get().workflow, self.workflow)

    def test_a_current_task_of_another_version(self) -> None:
        self.move(self.next_version())
        self.change(self.current(self.ticket), definition=self.check)
        self.assert_left("is of version 1, on which the ticket does not run")

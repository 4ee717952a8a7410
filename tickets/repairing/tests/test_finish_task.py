from __future__ import annotations

from typing import Any

from tenants.testing import CompanyTestCase
from tickets.errors import ReasonMissingError
from tickets.models import Ticket
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.errors import ChangedMeanwhileError, MayNotRepairError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.working.complete_task import complete_task
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError, TaskNotWorkableError, WorkflowOnHoldError
from workflows.models import TaskInstance
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED


class FinishTaskByHandTests(SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()

    def tearDown(self) -> None:
        self.assertEqual(broken_invariants(self.ticket), [])
        super().tearDown()

    def to_the_call(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})

    def finish(self, output: JsonObject, **more: Any) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.current(self.ticket),
                output=output,
                by=self.terry,
                reason=REASON,
                **more,
            )

    def test_a_call_in_error_is_finished_and_the_ticket_moves_on(self) -> None:
        self.to_the_call()
        error = self.fail_call(self.ticket)
        self.finish({"document": "ACC-1"})
        self.assertEqual(Ticket.objects.get().status, "COMPLETED")
        self.assertEqual(
            self.instance(self.ticket).data,
            {"check": {"big": True}, "archive": {"document": "ACC-1"}},
        )
        error.refresh_from_db()
        self.assertEqual(error.status, "RESOLVED")
        self.assertIn(REASON, error.resolution_notes)
        event = self.last_event(TASK_COMPLETED)
        self.assertEqual((event.actor, event.data["by_hand"]), (self.terry, True))
        self.assertEqual(event.data["reason"], REASON)

    def test_a_call_that_waits_is_finished_and_its_job_is_taken_away(self) -> None:
        self.to_the_call()
        self.assertEqual(len(self.calls()), 1)
        self.finish({"document": "ACC-1"})
        self.assertEqual(self.calls(), [])

    def test_a_form_is_filled_in_for_its_worker(self) -> None:
        task = self.current(self.ticket)
        self.finish({"big": False})
        self.assertEqual(self.current(self.ticket).definition, self.sign)
        assert task.assigned_to is not None
        with self.assertRaises(TaskNotWorkableError):
            complete_task(task=task, output={"big": True}, user=task.assigned_to)

    def test_the_output_must_fit_the_form_or_the_output_schema(self) -> None:
        with self.assertRaises(InvalidDataError):
            self.finish({"big": 3})
        self.to_the_call()
        wrongs: list[JsonObject] = [{}, {"document": 3}, {"document": "nul\x00"}]
        for wrong in wrongs:
            with self.assertRaises(InvalidDataError):
                self.finish(wrong)
        self.assertEqual(self.current(self.ticket).status, "PENDING")

    def test_without_an_output_schema_any_object_will_do(self) -> None:
        self.archive.output_schema = None
        self.archive.save()
        self.to_the_call()
        self.finish({"anything": [1, 2]})
        self.assertEqual(Ticket.objects.get().status, "COMPLETED")

    def test_a_task_is_finished_once(self) -> None:
        task = self.current(self.ticket)
        self.finish({"big": False})
        with self.assertRaises(TaskNotWorkableError):
            finish_task_by_hand(task=task, output={"big": True}, by=self.terry, reason=REASON)
        self.assertEqual(TaskInstance.objects.get(pk=task.pk).output_data, {"big": False})

    def test_a_page_that_is_out_of_date_changes_nothing(self) -> None:
        seen = marker_of(Ticket.objects.get())
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        with self.assertRaises(ChangedMeanwhileError):
            self.finish({"big": False}, expected=seen)
        with self.assertRaises(WorkflowOnHoldError):
            self.finish({"big": False})

    def test_only_ticket_admins_may_and_they_say_why(self) -> None:
        task = self.current(self.ticket)
        for person in (self.wendy, self.uma, self.charlie):
            with self.assertRaises(MayNotRepairError):
                finish_task_by_hand(task=task, output={"big": True}, by=person, reason=REASON)
        with self.assertRaises(ReasonMissingError):
            finish_task_by_hand(task=task, output={"big": True}, by=self.terry, reason="")

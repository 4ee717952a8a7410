"""What a database refuses becomes a ticket error that names the part of the step which failed.

Nothing is mocked: a trigger refuses the rows, as one may that somebody has put there by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTransactionTestCase
from tickets.advancing.timers import fire_timer
from tickets.calling.run_action import run_action
from tickets.health import company_findings
from tickets.job_names import FIRE_TIMER
from tickets.models import ErrorType, Ticket, TicketError
from tickets.repairing.errors import RepairFailedError
from tickets.repairing.handle_error import review_error
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.tests.refusals import REASON as REFUSAL
from tickets.tests.refusals import refused
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.running.definition_cache import forget_definitions

TASKS, EVENTS = "workflows_taskinstance", "workflows_workflowevent"
INSTANCES = "workflows_workflowinstance"


class RefusingDatabaseCase(SmallWorkflow, CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()

    @contextmanager
    def failing(self) -> Iterator[None]:
        with self.assertLogs("tickets", "ERROR"):
            yield

    def error(self) -> TicketError:
        """The one that is open; somebody sees what it is about, and that it was the database."""
        error = TicketError.objects.unresolved().get()
        self.assertIn(REFUSAL, error.message)
        self.assertIn("Traceback", error.stack_trace)
        self.assertEqual(ProcrastinateJob.objects.exclude(task_name=FIRE_TIMER).count(), 0)
        return error

    def retry(self, error: TicketError) -> None:
        retry_step(error=error, by=self.terry, reason=REASON)

    def assert_sound(self, ticket: Ticket) -> None:
        self.assertEqual(TicketError.objects.unresolved().count(), 0)
        self.assertEqual(broken_invariants(ticket), [])
        self.assertEqual(company_findings(), [])

    def kinds(self) -> list[str]:
        return list(WorkflowEvent.objects.order_by("pk").values_list("kind", flat=True))


class StartTests(RefusingDatabaseCase):
    def test_a_workflow_that_cannot_be_made(self) -> None:
        with refused(INSTANCES), self.failing():
            ticket = self.submit()
            error = self.error()
            self.assertEqual((error.error_type, error.task), (ErrorType.WORKFLOW_CREATION, None))
            self.assertIn("“Flow (v1)” could not be started", error.message)
            with self.assertRaisesMessage(RepairFailedError, REFUSAL):
                self.retry(error)
            with self.assertRaisesMessage(RepairFailedError, REFUSAL):
                review_error(error=error, by=self.terry)
            self.assertEqual(self.error(), error)
        self.assertEqual(WorkflowInstance.objects.count(), 0)
        self.retry(error)
        self.assertEqual(self.current(ticket).definition, self.check)
        self.assert_sound(ticket)

    def test_a_workflow_that_cannot_start(self) -> None:
        with refused(EVENTS, when="NEW.kind = 'STARTED'"), self.failing():
            ticket = self.submit()
        error = self.error()
        self.assertEqual((error.error_type, error.task), (ErrorType.WORKFLOW_CREATION, None))
        self.retry(error)
        self.assert_sound(ticket)

    def test_a_first_task_that_cannot_be_made(self) -> None:
        for at_commit in (False, True):
            with self.subTest(at_commit=at_commit):
                self.first_task(at_commit=at_commit)

    def first_task(self, *, at_commit: bool) -> None:
        with refused(TASKS, at_commit=at_commit), self.failing():
            ticket = self.submit()
            error = self.error()
            self.assertEqual((error.error_type, error.task), (ErrorType.TASK_CREATION, None))
            self.assertIn("The task “Check” could not be made", error.message)
            self.assertEqual(self.instance(ticket).status, "NOT_STARTED")
            self.assertEqual(broken_invariants(ticket), [])
            self.retry(error)
            again = self.error()
            self.assertNotEqual(again, error)
            self.assertEqual(again.error_type, ErrorType.TASK_CREATION)
        instance = self.instance(ticket)
        self.retry(again)
        self.assertEqual(self.instance(ticket), instance)
        self.assertEqual(self.current(ticket).definition, self.check)
        self.assert_sound(ticket)

    def test_a_first_task_that_cannot_be_given_to_anybody(self) -> None:
        for table, when in (
            (TASKS, "NEW.assigned_to_id IS NOT NULL"),
            (EVENTS, "NEW.kind = 'ASSIGNED'"),
        ):
            with self.subTest(table), self.failing():
                with refused(table, on="INSERT OR UPDATE", when=when):
                    ticket = self.submit()
                error = self.error()
                self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
                self.assertIn("“Check” could not be given to anybody", error.message)
                self.assertEqual(self.instance(ticket).status, "NOT_STARTED")
                self.retry(error)
                self.assert_sound(ticket)

    def test_the_company_role_is_named_whose_people_to_look_at(self) -> None:
        role = CompanyRole.objects.create(name="Checkers")
        role.members.add(self.wendy)
        TaskDefinition.objects.filter(pk=self.check.pk).update(candidate_role=role)
        forget_definitions()
        with refused(EVENTS, when="NEW.kind = 'ASSIGNED'"), self.failing():
            ticket = self.submit()
        self.assertIn("Look at the company role “Checkers”", self.error().message)
        self.retry(self.error())
        self.assert_sound(ticket)

    def test_a_history_that_takes_nothing(self) -> None:
        with refused(EVENTS), self.failing():
            ticket = self.submit()
            error = self.error()
            with self.assertRaisesMessage(RepairFailedError, REFUSAL):
                self.retry(error)
        self.assertTrue(self.error().is_stuck)
        self.retry(error)
        self.assert_sound(ticket)


class MoveTests(RefusingDatabaseCase):
    """The task before is completed by then, and stays so."""

    def setUp(self) -> None:
        super().setUp()
        self.ticket = self.submit()

    def assert_failed(self, kind: ErrorType, text: str) -> TicketError:
        error = self.error()
        self.assertEqual(error.error_type, kind)
        self.assertIn(text, error.message)
        task = TaskInstance.objects.get(definition=self.check)
        self.assertEqual((error.task, task.status), (task, "ERROR"))
        self.assertEqual(task.output_data, {"big": False})
        self.assertEqual(broken_invariants(self.ticket), [])
        return error

    def assert_goes_on(self, error: TicketError) -> None:
        self.retry(error)
        self.assertEqual(self.current(self.ticket).definition, self.sign)
        self.assert_sound(self.ticket)

    def test_a_next_task_that_cannot_be_made(self) -> None:
        with refused(TASKS), self.failing():
            self.answer(self.ticket, {"big": False})
        text = "The task “Sign” could not be made"
        self.assert_goes_on(self.assert_failed(ErrorType.TASK_CREATION, text))

    def test_a_next_task_that_cannot_be_given_to_anybody(self) -> None:
        when = "NEW.assigned_to_id IS NOT NULL AND NEW.status = 'OPEN'"
        with refused(TASKS, on="INSERT OR UPDATE", when=when), self.failing():
            self.answer(self.ticket, {"big": False})
        text = "“Sign” could not be given to anybody"
        self.assert_goes_on(self.assert_failed(ErrorType.WORKFLOW_TRANSITION, text))

    def test_a_move_that_cannot_be_written(self) -> None:
        with refused(EVENTS, when="NEW.kind = 'MOVED'"), self.failing():
            self.answer(self.ticket, {"big": False})
        text = "could not move on from “Check”"
        self.assert_goes_on(self.assert_failed(ErrorType.WORKFLOW_TRANSITION, text))

    def test_a_call_that_cannot_be_put_into_the_queue(self) -> None:
        with (
            refused("public.procrastinate_jobs", when="NEW.task_name = 'tickets.jobs.run_action'"),
            self.failing(),
        ):
            self.answer(self.ticket, {"big": True})
        error = self.error()
        self.assertEqual(error.error_type, ErrorType.TASK_CREATION)
        self.retry(error)
        self.assertEqual(self.current(self.ticket).definition, self.archive)
        self.assert_sound(self.ticket)

    def test_an_end_that_cannot_be_written(self) -> None:
        self.answer(self.ticket, {"big": False})
        with refused(INSTANCES, on="UPDATE", when="NEW.status = 'COMPLETED'"), self.failing():
            self.answer(self.ticket, {})
        error = self.error()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        self.assertIn("could not be ended after “Sign”", error.message)
        self.retry(error)
        self.assertEqual(self.instance(self.ticket).status, "COMPLETED")
        self.assert_sound(self.ticket)


class TimeOutTests(RefusingDatabaseCase):
    def setUp(self) -> None:
        super().setUp()
        self.workflow.transitions.create(from_task=self.check, to_task=self.sign, after="P1D")
        forget_definitions()
        self.ticket = self.submit()

    def fire(self) -> None:
        now = timezone.now()
        due = now - timedelta(hours=1)
        task = self.current(self.ticket)
        fire_timer(
            ticket_id=self.ticket.pk, task_id=task.pk, after="P1D", due=due.isoformat(), now=now
        )

    def test_a_next_task_that_cannot_be_made(self) -> None:
        with refused(TASKS), self.failing():
            self.fire()
        error = self.error()
        self.assertEqual(error.error_type, ErrorType.TASK_CREATION)
        self.assertIn("The time of “Check” is over. The task “Sign” could not", error.message)
        self.assertEqual(broken_invariants(self.ticket), [])
        self.retry(error)
        task = self.current(self.ticket)
        self.assertEqual((task.definition, task.status), (self.check, "OPEN"))
        self.assert_sound(self.ticket)

    def test_a_task_that_cannot_be_changed(self) -> None:
        with refused(TASKS, on="UPDATE"), self.failing():
            self.fire()
        error = self.error()
        self.assertEqual(error.error_type, ErrorType.WORKFLOW_TRANSITION)
        self.assertTrue(error.is_unmarked)
        self.retry(error)
        self.assert_sound(self.ticket)


class CallTests(RefusingDatabaseCase):
    def setUp(self) -> None:
        super().setUp()
        self.ticket = self.submit()
        self.answer(self.ticket, {"big": True})
        self.empty_the_queue()

    def empty_the_queue(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")

    def call(self) -> None:
        run_action(ticket_id=self.ticket.pk, task_id=self.current(self.ticket).pk)

    def test_a_call_that_cannot_be_noted(self) -> None:
        for table in (EVENTS, TASKS):
            with self.subTest(table), self.failing():
                with refused(table, on="INSERT OR UPDATE"):
                    self.call()
                    error = self.error()
                    with self.assertRaisesMessage(RepairFailedError, REFUSAL):
                        self.retry(error)
                self.assertEqual(error.error_type, ErrorType.TASK_UPDATE)
                self.assertTrue(error.is_stuck)
                self.retry(error)
                (call,) = self.calls()
                self.assertEqual(call.args["task_id"], self.current(self.ticket).pk)
                self.assert_sound(self.ticket)
                self.empty_the_queue()

    def test_the_doctor_notes_what_could_not_be_noted(self) -> None:
        with refused(EVENTS), self.failing():
            self.call()
            (found,) = company_findings()
            assert found.mend is not None
            self.assertEqual(found.mend(), "")
        (found,) = company_findings()
        self.assertIn("“Archive” has failed", found.message)
        assert found.mend is not None
        self.assertEqual(found.mend(), "The step is noted as failed now.")
        self.assertEqual(found.mend(), "")
        self.assertEqual(company_findings(), [])
        self.assertEqual(broken_invariants(self.ticket), [])
        self.retry(self.error())
        self.assertEqual(len(self.calls()), 1)

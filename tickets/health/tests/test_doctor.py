from __future__ import annotations

from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import current_schema, use_public
from tenants.jobs import defer
from tenants.models import Company, User
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, outside
from tickets.advancing.advance_ticket import advance_ticket
from tickets.health import company_findings
from tickets.job_names import ADVANCE, EXPIRE_CALL
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from workflows.models import (
    ActionAttempt,
    AttemptOutcome,
    CompanyRole,
    TaskInstance,
    WorkflowInstance,
)


def run_doctor(*options: str) -> tuple[int, str]:
    """The exit code, and what it says."""
    said = StringIO()
    try:
        with outside():
            call_command("doctor", *options, stdout=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


def switch(company: Company, *, on: bool) -> None:
    """Whether the doctor looks at a company: a second one doubles what each look takes."""
    with outside():
        Company.objects.filter(pk=company.pk).update(is_active=on)


class DoctorCase(SmallWorkflow, CompanyTestCase):
    """A ticket, with whose rows something is done past every rule.

    Where only one thing shall be found the histories are left out, which show most of it too.
    """

    def set_up_once(self) -> None:
        super().set_up_once()
        switch(self.globex, on=False)
        self.make_workflow()
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = self.submit()

    def to_the_call(self) -> TaskInstance:
        with self.captureOnCommitCallbacks(execute=True):
            self.answer(self.ticket, {"big": True})
        return self.current(self.ticket)

    def assert_found(self, *parts: str, found: int = 1) -> None:
        """One thing is wrong, and a sentence says what, where."""
        code, said = run_doctor("--quick")
        self.assertEqual(code, 1, said)
        for part in (f"Acme, ticket #{self.ticket.pk}: ", f"found: {found},", *parts):
            self.assertIn(part, said)

    def assert_repaired(self, *parts: str) -> None:
        self.assert_found("With --repair, 1 of them can be put right.")
        code, said = run_doctor("--quick", "--repair")
        self.assertEqual(code, 0, said)
        for part in (*parts, "repaired: 1, left: 0"):
            self.assertIn(part, said)
        self.assertEqual(run_doctor("--quick")[0], 0)

    def assert_left(self, *parts: str) -> None:
        self.assert_found(*parts)
        self.assertEqual(run_doctor("--quick", "--repair")[0], 1)

    def fail_call(
        self, ticket: Ticket, message: str = "It answered with status 500."
    ) -> TicketError:
        """With its attempt, as a worker leaves it."""
        error = super().fail_call(ticket, message)
        task = self.current(ticket)
        task.action_attempts.create(
            number=task.attempts, outcome=AttemptOutcome.FAILED, started_at=timezone.now()
        )
        return error

    def change(self, task: TaskInstance, **values: object) -> None:
        """Past every rule, as a bug or a hand in the database would."""
        TaskInstance.objects.filter(pk=task.pk).update(**values)

    def no_jobs(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")


class DoctorTests(DoctorCase):
    def test_nothing_is_wrong_with_what_the_services_did(self) -> None:
        self.assertEqual(run_doctor()[0], 0)
        self.to_the_call()
        self.assertEqual(run_doctor()[0], 0)
        self.fail_call(self.ticket)
        self.assertEqual(run_doctor()[0], 0)
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(run_doctor()[0], 0)
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.submit()
        switch(self.globex, on=True)
        code, said = run_doctor()
        self.assertEqual(code, 0)
        self.assertEqual(said.splitlines()[-1], "Everything is as it must be (companies: 2).")

    def test_a_ticket_that_nothing_will_start(self) -> None:
        self.ticket = Ticket.objects.create(
            title="Thing",
            definition=self.type,
            workflow=self.workflow,
            data={"amount": 7, "site": "Ghent"},
            created_by=self.uma,
        )
        self.assert_repaired("put into the queue again")
        job = ProcrastinateJob.objects.get(task_name=ADVANCE)
        self.assertEqual(job.args["ticket_id"], self.ticket.pk)
        advance_ticket(ticket_id=self.ticket.pk)
        self.assertEqual(self.current(self.ticket).definition, self.check)

    def test_a_completed_task_that_nothing_moves_on_from(self) -> None:
        with self.captureOnCommitCallbacks(execute=False):
            self.answer(self.ticket, {"big": True})
        self.no_jobs()
        self.assert_repaired("put into the queue again")

    def test_a_call_that_no_job_makes(self) -> None:
        self.to_the_call()
        self.no_jobs()
        self.assert_repaired("The call was put into the queue again.")
        self.assertEqual(len(self.calls()), 1)

    def test_a_wait_for_a_callback_that_nothing_ends(self) -> None:
        task = self.to_the_call()
        self.no_jobs()
        attempt = ActionAttempt(
            task=task, number=1, started_at=timezone.now(), answer_until=timezone.now()
        )
        attempt.wait()
        attempt.save()
        self.assert_repaired("The end of the wait")
        self.assertEqual(ProcrastinateJob.objects.get().task_name, EXPIRE_CALL)

    def test_a_form_that_waits_although_somebody_is_available(self) -> None:
        self.change(self.current(self.ticket), status="PENDING", assigned_to=None)
        self.assert_repaired("was given to")
        self.assertIsNotNone(self.current(self.ticket).assigned_to)
        self.change(self.current(self.ticket), status="PENDING", assigned_to=None)
        User.objects.update(is_available=False)
        self.assertEqual(run_doctor("--quick")[0], 0)

    def test_a_form_with_nobody_or_somebody_who_cannot_do_it(self) -> None:
        task = self.current(self.ticket)
        User.objects.filter(pk=task.assigned_to_id).update(is_active=False)
        self.assert_left("is with", "assign it to somebody else")
        self.change(task, assigned_to=self.charlie)
        # Nobody of another company is seen in this one.
        self.assert_left("but nobody has it: assign it to somebody")
        self.change(task, assigned_to=self.uma)
        self.assert_left("is with Uma")
        self.change(task, assigned_to=None)
        self.assert_left("nobody has it")

    def test_a_form_with_a_worker_outside_its_role(self) -> None:
        self.check.candidate_role = CompanyRole.objects.create(name="Buyers")
        self.check.save()
        self.assert_left("who cannot do it")
        self.check.candidate_role.members.add(self.wendy, self.walt)
        self.assertEqual(run_doctor("--quick")[0], 0)

    def test_a_task_in_error_that_no_error_tells_of(self) -> None:
        self.to_the_call()
        error = self.fail_call(self.ticket)
        error.resolve(notes="Somebody closed it without mending anything.")
        error.save()
        self.assert_repaired("A new error shows it")
        new = TicketError.objects.unresolved().get()
        self.assertEqual((new.task, new.error_type), (error.task, error.error_type))
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_an_open_error_of_a_ticket_that_has_ended(self) -> None:
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        TicketError.objects.create(ticket=self.ticket, error_type="TASK_UPDATE", message="Late")
        self.assert_repaired("The error was closed.")
        self.assertFalse(TicketError.objects.unresolved().exists())

    def test_an_open_error_of_a_step_that_goes_on(self) -> None:
        TicketError.objects.create(
            ticket=self.ticket,
            task=self.current(self.ticket),
            error_type="TASK_UPDATE",
            message="Stray",
        )
        self.assert_left("although its step is not in error")

    def test_an_unfinished_task_of_a_workflow_that_has_ended(self) -> None:
        WorkflowInstance.objects.update(status="COMPLETED")
        self.assert_left("is not finished, although the workflow is")

    def test_an_unfinished_task_that_is_not_the_current_one(self) -> None:
        task = self.current(self.ticket)
        TaskInstance.objects.create(
            workflow_instance=task.workflow_instance, definition=self.sign
        ).assign(to=self.wendy, now=timezone.now())
        TaskInstance.objects.filter(definition=self.sign).update(
            status="OPEN", assigned_to=self.wendy
        )
        self.assert_left("it is not the current task")

    def test_a_workflow_that_runs_without_a_task(self) -> None:
        self.change(self.current(self.ticket), status="CANCELLED")
        self.assert_left("has no current task")

    def test_an_instance_without_a_ticket(self) -> None:
        WorkflowInstance.objects.create(workflow=self.workflow)
        code, said = run_doctor()
        self.assertEqual(code, 1)
        self.assertIn("Acme: The workflow instance", said)

    def test_jobs_of_unknown_tickets_and_companies(self) -> None:
        defer(ADVANCE, ticket_id=987_654)
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES"
                """ ('default', 'tickets.jobs.advance', '{"schema": "gone", "ticket_id": 1}')"""
            )
        code, said = run_doctor()
        self.assertEqual(code, 1)
        self.assertIn("the ticket 987654, which is unknown", said)
        self.assertIn("the unknown company “gone”", said)
        self.assertEqual(run_doctor("--repair")[0], 0)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)

    def test_a_stalled_job(self) -> None:
        self.to_the_call()
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id"
            )
            (worker,) = cursor.fetchone()
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker]
            )
        self.assert_repaired("The job was put into the queue again.")
        (call,) = self.calls()
        self.assertEqual(call.status, "todo")

    def test_it_takes_as_many_queries_for_many_tickets_as_for_one(self) -> None:
        self.to_the_call()
        with CaptureQueriesContext(connection) as few:
            company_findings()
        for _each in range(4):
            with self.captureOnCommitCallbacks(execute=True):
                self.ticket = self.submit()
            self.fail_call(self.ticket, "Not in time.")
        with CaptureQueriesContext(connection) as many:
            company_findings()
        self.assertLessEqual(len(many), len(few))
        self.assertLess(len(few), 40)

    def test_a_company_whose_tables_are_behind_does_not_stop_it(self) -> None:
        self.to_the_call()
        self.no_jobs()
        switch(self.globex, on=True)
        use_public()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM globex.django_migrations WHERE app = 'tickets'")
        company = Company(name="Aaron", schema_name="aaron")
        Company.objects.bulk_create([company])  # without any table
        for options in ((), ("--quick",), ("--repair",)):
            with self.subTest(options):
                code, said = run_doctor(*options)
                self.assertEqual(code, 1)
                for name in (company.name, "Globex"):
                    self.assertIn(f"{name}: Its tables are missing or older", said)
                self.assertIn(f"Acme, ticket #{self.ticket.pk}: “Archive” is to be called", said)

    def test_a_company_that_is_switched_off_is_left_alone(self) -> None:
        self.change(self.current(self.ticket), status="CANCELLED")
        self.acme.is_active = False
        self.acme.save()
        self.assertEqual(run_doctor()[0], 0)


class DoctorWithCommitsTests(SmallWorkflow, CompanyTransactionTestCase):
    def test_it_reads_one_snapshot_and_stays_in_the_company_it_was_in(self) -> None:
        self.make_workflow()
        ticket = self.submit()
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(company_findings(), [])
        self.assertTrue(any("REPEATABLE READ" in each["sql"] for each in queries.captured_queries))
        WorkflowInstance.objects.update(status="COMPLETED")
        code, said = run_doctor("--repair")
        self.assertEqual(code, 1)
        self.assertIn(f"Acme, ticket #{ticket.pk}", said)
        self.assertEqual(current_schema(), "acme")

"""What the doctor finds of calls: each fault is made for real, found, and mended."""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.encryption import encrypt
from tenants.testing import CompanyTestCase, outside
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from tickets.calling.tests.test_callback import ASYNC
from tickets.health.tests.test_doctor import DoctorCase, run_doctor, switch
from tickets.models import TicketError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from workflows.models import ActionAttempt, SigningSecret


class DoctorOfCallsCase(ActionCase, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        switch(self.globex, on=False)
        self.clock = Clock()

    def lose_jobs(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")

    def assert_repaired(self, found: str, done: str) -> None:
        """One thing is found, and mended so that nothing is left."""
        code, said = run_doctor()
        self.assertEqual(code, 1)
        self.assertIn(f"Acme, ticket #{self.ticket.pk}: ", said)
        self.assertIn("found: 1, repaired: 0", said)
        self.assertIn(found, said)
        code, said = run_doctor("--repair")
        self.assertIn(done, said)
        self.assertEqual(code, 0, said)
        code, said = run_doctor()
        self.assertEqual((code, "Everything is as it must be" in said), (0, True), said)
        self.assertEqual(broken_invariants(self.ticket), [])


class BrokenOffTests(DoctorOfCallsCase):
    def break_off(self, *, retries: int) -> None:
        """The process dies in the call, and its job is lost with it."""
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma, retries=retries)
        dies = mock.patch("tickets.calling.run_action.make_call", side_effect=KeyboardInterrupt)
        with replies((200, {})) as system, dies, self.assertRaises(KeyboardInterrupt):
            self.run_job(system)
        self.lose_jobs()

    def outcomes(self) -> list[str]:
        return [str(each.outcome) for each in self.attempts()]

    def test_the_attempt_counts_and_the_next_one_is_made_once(self) -> None:
        self.break_off(retries=1)
        self.assertEqual(self.outcomes(), ["RUNNING"])
        self.assert_repaired("(attempt 1) broke off", "the next one put into the queue")
        self.assertEqual(self.outcomes(), ["LOST"])
        run_doctor("--repair")
        with replies((200, {})) as system:
            self.run_job(system)
        self.assertEqual(len(system.received), 1)
        self.assertEqual(self.outcomes(), ["LOST", "SUCCEEDED"])
        self.assertEqual(self.attempts()[1].retries_left, 0)
        self.assertEqual(system.received[0].header("Idempotency-Key"), [str(self.task().uuid)])

    def test_without_retries_nothing_is_called_again_and_an_error_tells(self) -> None:
        self.break_off(retries=0)
        self.assert_repaired("broke off", "an error shows it")
        self.assertEqual(self.jobs(), [])
        error = TicketError.objects.unresolved().get()
        self.assertIn("ended before it had an answer", error.message)

    def test_one_whose_task_was_finished_by_hand_is_closed(self) -> None:
        self.break_off(retries=3)
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(task=self.task(), output={}, by=self.terry, reason=REASON)
        self.assert_repaired("broke off", "its task had ended otherwise")
        self.assertEqual((self.outcomes(), self.jobs()), (["LOST"], []))

    def test_a_call_that_is_under_way_is_left_alone(self) -> None:
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma)
        (job,) = self.jobs()
        dies = mock.patch("tickets.calling.run_action.make_call", side_effect=KeyboardInterrupt)
        with replies((200, {})) as system, dies, self.assertRaises(KeyboardInterrupt):
            self.run_again(job, system)
        with outside(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
                [cursor.fetchone()[0], job.pk],
            )
        self.assertEqual(run_doctor("--repair")[0], 0)
        self.assertEqual(self.outcomes(), ["RUNNING"])


class WaitingTests(DoctorOfCallsCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma, **ASYNC)
        with replies((202, {})) as system:
            self.run_job(system)

    def outcome(self) -> str:
        return str(self.attempts()[0].outcome)

    def wait_since(self, *, minutes: int) -> None:
        """The answer should have come so long ago."""
        until = timezone.now() - timedelta(minutes=minutes)
        ActionAttempt.objects.update(answer_until=until)

    def test_a_wait_that_nothing_ends(self) -> None:
        self.lose_jobs()
        began = timezone.now()
        self.assert_repaired("nothing will end the wait", "The end of the wait")
        took = timezone.now() - began
        (job,) = self.jobs("expire_call")
        until = self.attempts()[0].answer_until
        assert until is not None
        assert job.scheduled_at is not None
        self.assertLessEqual(until, job.scheduled_at)
        self.assertLessEqual(job.scheduled_at, until + took)

    def test_also_of_a_ticket_on_hold(self) -> None:
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(run_doctor()[0], 0)
        self.lose_jobs()
        self.assert_repaired("nothing will end the wait", "The end of the wait")

    def test_a_wait_that_is_over_is_ended_once(self) -> None:
        """No worker ran, say; the one that comes later finds nothing to do."""
        self.wait_since(minutes=10)
        self.assert_repaired("and still waits", "The wait was ended")
        self.assertEqual(self.outcome(), "TIMED_OUT")
        self.assertEqual(len(self.jobs()), 1)  # of the retry
        self.run_timeout()
        self.assertEqual(len(self.jobs()), 1)

    def test_so_is_one_whose_job_is_gone(self) -> None:
        self.wait_since(minutes=10)
        self.lose_jobs()
        self.assert_repaired("and still waits", "The wait was ended")
        self.assertEqual(len(self.jobs()), 1)

    def test_one_that_was_over_a_moment_ago_is_left_to_its_job(self) -> None:
        self.wait_since(minutes=1)
        self.assertEqual(run_doctor()[0], 0)

    def test_an_answer_that_the_task_has_not_taken_is_not_asked_for_again(self) -> None:
        ActionAttempt.objects.update(outcome="SUCCEEDED")
        self.lose_jobs()
        code, said = run_doctor("--repair")
        self.assertEqual(code, 1)
        self.assertIn("has not taken the answer: finish it by hand", said)
        self.assertEqual(self.jobs(), [])


class FailedJobTests(DoctorCase):
    def let_jobs_fail(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'failed', attempts = 10")

    def test_it_is_put_into_the_queue_again(self) -> None:
        self.to_the_call()
        self.let_jobs_fail()
        self.assert_found("failed for good after 10 attempts", "no job makes the call", found=2)
        code, said = run_doctor("--repair")
        self.assertEqual(code, 0, said)
        self.assertIn("repaired: 1, left: 0", said)
        (call,) = self.calls()
        self.assertEqual(call.status, "todo")
        self.assertEqual(run_doctor()[0], 0)

    def test_a_periodic_one_is_taken_away(self) -> None:
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES"
                " ('default', 'tickets.jobs.clean_up_everywhere', '{\"timestamp\": 1}', 'failed')"
            )
        self.assertIn("clean_up_everywhere", run_doctor()[1])
        self.assertEqual(run_doctor("--repair")[0], 0)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)

    def test_so_is_one_whose_next_waits_already(self) -> None:
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id"
            )
            (worker,) = cursor.fetchone()
            for status, its_worker in (("failed", None), ("doing", worker), ("todo", None)):
                cursor.execute(
                    "INSERT INTO procrastinate_jobs"
                    " (queue_name, task_name, args, status, queueing_lock, worker_id) VALUES"
                    " ('default', 'project.jobs.requeue_stalled', '{\"timestamp\": 1}',"
                    " %s, 'one', %s)",
                    [status, its_worker],
                )
        code, said = run_doctor("--repair")
        self.assertEqual(code, 0, said)
        self.assertIn("repaired: 2, left: 0", said)
        with outside():
            self.assertEqual(ProcrastinateJob.objects.get().status, "todo")

    def test_so_is_one_of_a_company_that_is_gone(self) -> None:
        with outside(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES"
                " ('default', 'tickets.jobs.advance',"
                """ '{"schema": "gone", "ticket_id": 1}', 'failed')"""
            )
        self.assertEqual(run_doctor("--repair")[0], 0)
        self.assertEqual(ProcrastinateJob.objects.count(), 0)


class SecretTests(CompanyTestCase):
    def test_a_secret_that_cannot_be_decrypted(self) -> None:
        with self.settings(FIELD_ENCRYPTION_KEYS=["another-key-" * 4]):
            stored = encrypt("whsec_sesame")
        SigningSecret.objects.create(encrypted=stored, created_at=timezone.now())
        code, said = run_doctor("--repair")
        self.assertEqual(code, 1)
        self.assertIn("Acme: No call to another system can be made.", said)
        self.assertIn("FIELD_ENCRYPTION_KEYS", said)

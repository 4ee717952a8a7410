from __future__ import annotations

import json
from unittest import mock

from tenants.testing import CompanyTestCase
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from tickets.models import ErrorType, Ticket, TicketError
from tickets.repairing.retry_step import retry_step
from workflows.models import ActionAttempt, WorkflowEvent, WorkflowInstance, WorkflowStatus
from workflows.running.history import replay, stored_state


class RetryActionTests(ActionCase, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.clock = Clock()
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma)

    def test_a_call_that_failed_for_now_is_made_again_after_growing_pauses(self) -> None:
        with replies((503, {}), (500, {}), (201, {"document": "A1"})) as system:
            self.run_job(system)
            self.assertEqual(self.task().status, "IN_PROGRESS")
            self.assert_pause(5)
            self.run_job(system)
            self.assert_pause(10)
            self.run_job(system)
        task = self.task()
        self.assertEqual((task.status, task.attempts), ("COMPLETED", 3))
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)
        self.assertEqual(TicketError.objects.count(), 0)
        self.assertEqual(self.jobs(), [])

    def test_every_attempt_is_kept(self) -> None:
        with replies((503, {}), (201, {})) as system:
            self.run_job(system)
            self.run_job(system)
        first, second = self.attempts()
        self.assertEqual((first.number, first.outcome, first.status_code), (1, "FAILED", 503))
        self.assertIn("503", first.error)
        self.assertEqual((second.number, second.outcome, second.status_code), (2, "SUCCEEDED", 201))
        self.assertEqual(second.error, "")
        self.assertEqual([first.retries_left, second.retries_left], [2, 1])
        for attempt in (first, second):
            self.assertIsNotNone(attempt.finished_at)
            self.assertIsNotNone(attempt.duration_ms)

    def test_what_was_sent_is_kept_with_each_attempt_before_the_call(self) -> None:
        with replies((503, {}), (201, {})) as system:
            self.run_job(system)
            Ticket.objects.update(data={"amount": 8})
            # As a process that is killed in the call.
            killed = mock.patch(
                "tickets.calling.run_action.make_call", side_effect=KeyboardInterrupt
            )
            with killed, self.assertRaises(KeyboardInterrupt):
                self.run_again(self.jobs()[0], system)
        first, second = self.attempts()
        self.assertEqual(first.sent.encode(), system.received[0].body)
        self.assertEqual(json.loads(first.sent)["ticket"], {"amount": 7})
        self.assertEqual(first.sent_bytes, len(system.received[0].body))
        self.assertEqual(
            (second.outcome, json.loads(second.sent)["ticket"]["amount"]), ("RUNNING", 8)
        )

    def test_all_attempts_have_one_idempotency_key_and_ids_of_their_own(self) -> None:
        with replies((503, {}), (201, {})) as system:
            self.run_job(system)
            self.run_job(system)
        keys = [each.header("Idempotency-Key") for each in system.received]
        self.assertEqual(keys, [[str(self.task().uuid)]] * 2)
        ids = [each.header("X-Request-ID")[0] for each in system.received]
        self.assertEqual(ids, [str(each.request_id) for each in self.attempts()])

    def test_when_no_retry_is_left_a_ticket_admin_is_told(self) -> None:
        with replies((503, {})) as system:
            for _attempt in range(3):
                self.run_job(system)
        self.assertEqual(len(system.received), 3)
        self.assertEqual(self.jobs(), [])
        error = TicketError.objects.get()
        self.assertEqual((error.error_type, error.task), (ErrorType.TASK_UPDATE, self.task()))
        self.assertIn("503", error.message)
        self.assertIn("It was tried 3 times.", error.message)
        self.assertEqual(self.task().status, "ERROR")

    def test_without_retries_the_first_failure_is_the_last(self) -> None:
        self.task().definition.__class__.objects.update(retries=0)
        with replies((503, {})) as system:
            self.run_job(system)
        self.assertEqual(self.jobs(), [])
        self.assertNotIn("tried", TicketError.objects.get().message)

    def test_a_failure_that_would_not_pass_is_an_error_at_once(self) -> None:
        with replies((422, {})) as system:
            self.run_job(system)
        self.assertEqual(self.jobs(), [])
        self.assertEqual(self.task().status, "ERROR")
        self.assertEqual([each.outcome for each in self.attempts()], ["FAILED"])

    def test_a_timeout_and_a_refused_connection_are_retried(self) -> None:
        with replies((200, {})) as gone:
            pass
        self.run_job(gone)
        (attempt,) = self.attempts()
        self.assertEqual((attempt.outcome, attempt.status_code), ("FAILED", None))
        self.assertEqual(len(self.jobs()), 1)

    def test_retry_after_is_respected(self) -> None:
        with replies((429, {}, {"Retry-After": "300"})) as system:
            self.run_job(system)
        self.assert_pause(300)

    def test_retry_after_cannot_stop_us_for_days(self) -> None:
        with replies((429, {}, {"Retry-After": "9999999"})) as system:
            self.run_job(system)
        self.assert_pause(3600)

    def test_the_pause_is_spread_by_chance(self) -> None:
        with replies((503, {})) as system:
            self.run_job(system, chance=lambda: 1.0)
        self.assert_pause(2.5)

    def test_a_job_that_runs_again_after_its_attempt_ended_does_nothing(self) -> None:
        (job,) = self.jobs()
        with replies((503, {})) as system:
            self.run_job(system)
            self.run_again(job, system)
        self.assertEqual(len(system.received), 1)
        self.assertEqual(len(self.jobs()), 1)

    def test_a_job_that_runs_again_after_the_next_attempt_does_nothing(self) -> None:
        """Its worker died when the attempt was closed, and was missed after the next one."""
        (job,) = self.jobs()
        with replies((503, {})) as system:
            self.run_job(system)
            self.run_job(system)
            self.run_again(job, system)
            self.assertEqual(len(system.received), 2)
            self.run_job(system)
            self.run_again(job, system)
        self.assertEqual([each.retries_left for each in self.attempts()], [2, 1, 0])
        self.assertIn("It was tried 3 times.", TicketError.objects.get().message)

    def test_an_attempt_whose_process_was_killed_counts(self) -> None:
        (job,) = self.jobs()
        with replies((201, {})) as system:
            self.kill_in_call(system)
            self.assertEqual(self.attempts()[0].outcome, "RUNNING")
            self.run_job(system)  # requeued: the same job again
            self.assertEqual(system.received, [])
            (lost,) = self.attempts()
            self.assertEqual((lost.outcome, lost.duration_ms), ("LOST", None))
            self.assertEqual(self.task().status, "IN_PROGRESS")
            self.run_job(system)
        self.assertEqual(self.task().status, "COMPLETED")
        self.assertEqual([each.outcome for each in self.attempts()], ["LOST", "SUCCEEDED"])
        self.assertNotEqual(self.attempts()[1].job_id, job.pk)

    def test_processes_that_are_killed_each_time_end_in_an_error(self) -> None:
        with replies((201, {})) as system:
            for _attempt in range(3):
                self.kill_in_call(system)
                self.run_job(system)
        self.assertEqual([each.outcome for each in self.attempts()], ["LOST"] * 3)
        self.assertIn("It was tried 3 times.", TicketError.objects.get().message)
        self.assertEqual(self.task().status, "ERROR")
        self.assertEqual(self.jobs(), [])

    def kill_in_call(self, system: object) -> None:
        """Leaves what a process leaves that ends in the middle of its call."""
        (job,) = self.jobs()
        with (
            mock.patch("tickets.calling.run_action.make_call", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.run_again(job)

    def test_another_job_leaves_a_call_alone_that_is_under_way(self) -> None:
        (job,) = self.jobs()
        ActionAttempt.objects.create(
            task=self.task(), number=1, job_id=job.pk, started_at=self.clock()
        )
        other = ProcrastinateJobLike(pk=job.pk + 1_000_000, args=job.args)
        with replies((201, {})) as system:
            self.run_again(other, system)  # type: ignore[arg-type]
        self.assertEqual(system.received, [])
        self.assertEqual([each.outcome for each in self.attempts()], ["RUNNING"])

    def test_a_late_answer_of_an_attempt_that_was_given_up_still_counts(self) -> None:
        (job,) = self.jobs()

        def given_up(_request: object) -> object:
            attempt = ActionAttempt.objects.get()
            attempt.mark_lost(error="gone", now=self.clock())
            attempt.save()
            return mock.Mock(status=201, headers={}, body=b'{"document": "A1"}')

        with mock.patch("tickets.calling.run_action.make_call", side_effect=given_up):
            self.run_again(job)
        self.assertEqual(self.task().output_data, {"document": "A1"})
        self.assertEqual(self.attempts()[0].outcome, "SUCCEEDED")

    def test_a_person_who_retries_gives_it_all_its_retries_again(self) -> None:
        with replies((503, {})) as system:
            for _attempt in range(3):
                self.run_job(system)
            retry_step(error=TicketError.objects.get(), by=self.terry, reason="It is back")
            for _attempt in range(3):
                self.run_job(system)
        self.assertEqual([each.number for each in self.attempts()], [1, 2, 3, 4, 5, 6])
        self.assertEqual([each.retries_left for each in self.attempts()], [2, 1, 0, 2, 1, 0])
        self.assertEqual(TicketError.objects.unresolved().count(), 1)

    def test_the_history_tells_the_stored_state(self) -> None:
        with replies((503, {}), (201, {})) as system:
            self.run_job(system)
            self.assert_history()
            self.run_job(system)
        self.assert_history()

    def assert_history(self) -> None:
        instance = WorkflowInstance.objects.get()
        events = WorkflowEvent.objects.filter(workflow_instance=instance)
        self.assertEqual(replay(events), stored_state(instance))


class ProcrastinateJobLike:
    """A job of another id: the queue's own model cannot be made by hand."""

    def __init__(self, *, pk: int, args: dict[str, object]) -> None:
        self.pk = pk
        self.args = args

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from django.db import connection
from django.test import override_settings
from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from workflows.actions import make_call
from workflows.actions.tests.remote_system import Connection, Received, RemoteSystem
from workflows.models import WorkflowEvent, WorkflowInstance, WorkflowStatus
from workflows.running.history import replay, stored_state


@override_settings(PUBLIC_URL="https://tickets.example")
class AsyncActionTests(ActionCase, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.clock = Clock()
        self.ticket = submit_with_action(
            by=self.carla,
            submitter=self.uma,
            task_type="ASYNC_ACTION",
            timeout_seconds=600,
            retries=1,
            output_transform={
                "document": {"var": "response.body.id"},
                "amount": {"var": "ticket.amount"},
            },
            output_schema={
                "type": "object",
                "properties": {"document": {"type": "string"}, "amount": {}},
                "required": ["document"],
            },
        )

    def call(self, status: int = 202) -> Received:
        with replies((status, {})) as system:
            self.run_job(system)
        (received,) = system.received
        return received

    def address(self, received: Received) -> str:
        return received.header("TicketFlower-Callback-Url")[0]

    def answer(self, received: Received, body: object = None) -> Any:
        return self.client.post(
            urlsplit(self.address(received)).path,
            json.dumps({"id": "A1"} if body is None else body),
            content_type="application/json",
        )

    def test_an_accepted_call_waits_for_its_answer(self) -> None:
        self.call()
        self.assertEqual(self.task().status, "PENDING")
        (attempt,) = self.attempts()
        self.assertEqual((attempt.outcome, attempt.status_code), ("WAITING", 202))
        self.assertIsNone(attempt.finished_at)
        self.assertIsNotNone(attempt.duration_ms)
        self.assert_pause(600, "expire_call")

    def test_the_call_says_where_the_answer_goes(self) -> None:
        received = self.call()
        address = self.address(received)
        self.assertTrue(address.startswith("https://tickets.example/callbacks/"))
        self.assertEqual(json.loads(received.body)["callback"], {"url": address})

    def test_the_answer_completes_the_task_and_moves_on(self) -> None:
        received = self.call()
        answer = self.answer(received)
        self.assertEqual(answer.status_code, 200, answer.content)
        task = self.task()
        self.assertEqual(task.status, "COMPLETED")
        self.assertEqual(task.output_data, {"document": "A1", "amount": 7})
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)
        (attempt,) = self.attempts()
        self.assertEqual(attempt.outcome, "SUCCEEDED")
        self.assertIsNotNone(attempt.finished_at)

    def test_an_answer_that_comes_before_the_call_has_returned_is_kept(self) -> None:
        answered: list[int] = []

        def answer_first(connection: Connection) -> None:
            connection.send_response(202)
            connection.send_header("Content-Length", "0")
            connection.end_headers()

        with RemoteSystem(answer_first) as system:

            def call_and_be_answered(request: Any) -> Any:
                answer = make_call(request)
                # Here, in the test's transaction, and before the worker has the answer.
                answered.append(self.answer(system.received[0]).status_code)
                return answer

            with mock.patch(
                "tickets.calling.run_action.make_call", side_effect=call_and_be_answered
            ):
                self.run_job(system)
        self.assertEqual(answered, [200])
        self.assertEqual(self.task().status, "COMPLETED")
        (attempt,) = self.attempts()
        self.assertEqual((attempt.outcome, attempt.status_code), ("SUCCEEDED", 202))
        self.assertEqual(self.jobs("expire_call"), [])

    def test_an_answer_counts_more_than_how_the_call_ended(self) -> None:
        system = replies((500, {}))
        with system:

            def call_and_be_answered(request: Any) -> Any:
                answer = make_call(request)
                self.answer(system.received[0])
                return answer

            with mock.patch(
                "tickets.calling.run_action.make_call", side_effect=call_and_be_answered
            ):
                self.run_job(system)
        self.assertEqual(self.task().status, "COMPLETED")
        self.assertEqual([each.outcome for each in self.attempts()], ["SUCCEEDED"])
        self.assertEqual(self.jobs(), [])
        self.assertEqual(TicketError.objects.count(), 0)

    def test_a_call_that_broke_off_may_be_answered_until_the_next_one(self) -> None:
        def hang_up(connection: Connection) -> None:
            connection.close_connection = True

        with RemoteSystem(hang_up) as system:
            self.run_job(system)
        self.assertEqual([each.outcome for each in self.attempts()], ["FAILED"])
        self.assertEqual(self.answer(system.received[0]).status_code, 200)
        with replies((202, {})) as unneeded:
            self.run_job(unneeded)
        self.assertEqual(unneeded.received, [])
        self.assertEqual(self.task().status, "COMPLETED")

    def test_no_answer_in_time_uses_an_attempt_up(self) -> None:
        first = self.call()
        self.clock.move(601)
        self.run_timeout()
        (attempt,) = self.attempts()
        self.assertEqual(attempt.outcome, "TIMED_OUT")
        self.assertEqual(self.task().status, "PENDING")
        second = self.call()
        self.assertNotEqual(self.address(first), self.address(second))
        self.clock.move(601)
        self.run_timeout()
        self.assertEqual(self.task().status, "ERROR")
        error = TicketError.objects.get()
        self.assertIn("no answer came within 600 seconds", error.message)
        self.assertIn("It was tried 2 times.", error.message)
        self.assertEqual(self.jobs() + self.jobs("expire_call"), [])

    def test_the_timeout_of_an_answered_call_does_nothing(self) -> None:
        received = self.call()
        self.answer(received)
        self.clock.move(601)
        self.run_timeout()
        self.assertEqual([each.outcome for each in self.attempts()], ["SUCCEEDED"])
        self.assertEqual(TicketError.objects.count(), 0)

    def test_a_timeout_that_comes_too_early_is_put_off(self) -> None:
        self.call()
        self.clock.move(599)
        self.run_timeout()
        self.assertEqual([each.outcome for each in self.attempts()], ["WAITING"])
        self.assertEqual(len(self.jobs("expire_call")), 1)

    def test_a_refused_call_waits_for_nothing(self) -> None:
        received = self.call(status=400)
        self.assertEqual(self.task().status, "ERROR")
        self.assertEqual(self.answer(received).status_code, 410)
        self.assertEqual(self.task().status, "ERROR")

    def test_an_answer_that_comes_while_the_ticket_is_on_hold_is_kept(self) -> None:
        received = self.call()
        hold_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="Wait")
        self.assertEqual(self.answer(received).status_code, 200)
        self.assertEqual(self.task().status, "COMPLETED")
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.ON_HOLD)
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="Go on")
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)

    def test_a_retry_that_was_due_on_hold_is_made_after_it(self) -> None:
        self.call()
        self.clock.move(601)
        hold_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="Wait")
        self.run_timeout()
        with replies((202, {})) as system:
            self.run_job(system)
            self.assertEqual(system.received, [])
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="Go on")
        self.answer(self.call())
        self.assertEqual(Ticket.objects.get().status, WorkflowStatus.COMPLETED)

    def test_an_answer_for_a_cancelled_ticket_is_too_late(self) -> None:
        received = self.call()
        cancel_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="No more")
        self.assertEqual(self.answer(received).status_code, 410)
        self.assertEqual(self.task().status, "CANCELLED")
        self.assertEqual(self.jobs("expire_call"), [])
        self.assertEqual(TicketError.objects.count(), 0)
        self.assert_abandoned()

    def test_a_lost_call_of_a_cancelled_ticket_is_closed(self) -> None:
        self.lose_worker()
        cancel_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="No more")
        self.assertEqual(self.jobs(), [])
        self.assert_abandoned()

    def test_a_lost_call_whose_ticket_was_cancelled_in_between_is_closed(self) -> None:
        (job,) = self.jobs()
        self.lose_worker()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cancel_ticket(ticket=Ticket.objects.get(), by=self.terry, reason="No more")
        self.assertEqual(self.attempts()[0].outcome, "RUNNING")
        self.run_again(job)
        self.assert_abandoned()

    def lose_worker(self) -> None:
        """A worker dies in the call; its job is still there."""
        with (
            mock.patch("tickets.calling.run_action.make_call", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.run_again(self.jobs()[0])

    def assert_abandoned(self) -> None:
        (attempt,) = self.attempts()
        self.assertEqual(attempt.outcome, "FAILED")
        self.assertEqual(attempt.error, "The task ended otherwise before the answer came.")
        self.assertIsNotNone(attempt.finished_at)

    def test_without_a_public_address_nobody_is_called(self) -> None:
        with override_settings(PUBLIC_URL=""), replies((202, {})) as system:
            self.run_job(system)
        self.assertEqual(system.received, [])
        self.assertIn("PUBLIC_URL", TicketError.objects.get().message)

    def test_the_history_tells_the_stored_state(self) -> None:
        received = self.call()
        self.assert_history()
        self.answer(received)
        self.assert_history()

    def assert_history(self) -> None:
        instance = WorkflowInstance.objects.get()
        events = WorkflowEvent.objects.filter(workflow_instance=instance)
        self.assertEqual(replay(events), stored_state(instance))

    def test_a_lost_worker_uses_an_attempt_up(self) -> None:
        self.lose_worker()
        with replies((202, {})) as system:
            self.run_job(system)  # the job again
            self.run_job(system)
        self.assertEqual([each.outcome for each in self.attempts()], ["LOST", "WAITING"])
        self.assertEqual(self.attempts()[1].answer_until, self.clock.now + timedelta(seconds=600))
        self.assertIn(reverse("callback", args=["x"])[:11], self.address(system.received[0]))

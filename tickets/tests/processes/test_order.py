"""An order: calls that are refused, stay away or are answered later, and what a cancel releases."""

from __future__ import annotations

import json
from datetime import timedelta

from django.test import override_settings
from procrastinate.contrib.django.models import ProcrastinateJob

from tickets.calling.callback_address import CallbackAddress
from tickets.calling.receive_callback import receive_callback
from tickets.calling.run_action import run_action
from tickets.job_names import RUN_ACTION
from tickets.models import Ticket, TicketError
from tickets.tests.processes.described_case import DescribedCase
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.actions.tests.remote_system import Connection, RemoteSystem
from workflows.engine.process import JsonObject
from workflows.models import ActionAttempt


class OrderTests(DescribedCase):
    name = "order"

    def setUp(self) -> None:
        super().setUp()
        self.payments = [200]  # what the shop answers, in turn; the last one for ever
        self.called: list[str] = []
        shop = self.enterContext(RemoteSystem(self.reply))
        self.enterContext(override_settings(ACTION_CONNECT_TO=shop.connect_to))

    def reply(self, connection: Connection) -> None:
        what = connection.path.strip("/")
        self.called.append(what)
        status = 200
        if what == "pay":
            status = self.payments.pop(0) if len(self.payments) > 1 else self.payments[0]
        answers: dict[str, JsonObject] = {"stock": {"reserved": True}, "pay": {"id": "P-1"}}
        content = json.dumps(answers.get(what, {})).encode()
        connection.send_response(202 if what == "ship" else status)
        connection.send_header("Content-Length", str(len(content)))
        connection.end_headers()
        connection.wfile.write(content)

    def order(self) -> Ticket:
        ticket = self.submit({"article": "Lamp", "amount": 80})
        self.call_all()
        return ticket

    def call_all(self) -> None:
        """As the worker does, at the time of each call, until there is none."""
        while job := ProcrastinateJob.objects.filter(task_name=RUN_ACTION, status="todo").first():
            arguments = {name: value for name, value in job.args.items() if name != "schema"}
            self.now = max(self.now, job.scheduled_at or self.now)
            with self.captureOnCommitCallbacks(execute=True):
                run_action(job_id=job.pk, clock=self.clock, chance=lambda: 0.0, **arguments)
            ProcrastinateJob.objects.filter(pk=job.pk).delete()

    def shipped(self, ticket: Ticket) -> None:
        attempt = ActionAttempt.objects.get(
            task__workflow_instance__ticket=ticket, task__definition__key="ship"
        )
        address = CallbackAddress("acme", attempt.task.uuid, attempt.number)
        with self.captureOnCommitCallbacks(execute=True):
            receive_callback(address=address, body={"parcel": "X-1"}, now=self.now)

    def test_the_definition_is_in_order(self) -> None:
        self.assert_in_order()

    def test_shipping_is_answered_later(self) -> None:
        ticket = self.order()
        self.assertEqual(self.called, ["stock", "pay", "ship"])
        self.now += timedelta(hours=20)
        self.shipped(ticket)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "shipped"))
        self.assertEqual(self.instance(ticket).data["ship"], {"parcel": "X-1"})
        self.assert_sound()

    def test_a_payment_that_is_refused_is_the_customers_matter_and_no_error(self) -> None:
        self.payments = [402, 200]
        ticket = self.order()
        self.assertEqual(self.open(ticket), {"ask": "uma"})
        self.assertFalse(TicketError.objects.exists())
        self.do(ticket, "ask", {"again": True})
        self.call_all()
        self.assertEqual(self.called, ["stock", "pay", "pay", "ship"])
        self.assert_sound()

    def test_one_that_stays_away_is_tried_again(self) -> None:
        self.payments = [503, 503, 200]
        ticket = self.order()
        self.assertEqual(self.called, ["stock", "pay", "pay", "pay", "ship"])
        self.shipped(ticket)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "shipped"))
        self.assert_sound()

    def test_withdrawn_during_shipping_all_is_given_back_once(self) -> None:
        ticket = self.order()
        with self.captureOnCommitCallbacks(execute=True):
            withdraw_ticket(ticket=ticket, user=self.uma, reason="Too late.", now=self.now)
        self.call_all()
        self.assertEqual(self.called, ["stock", "pay", "ship", "refund", "release"])
        self.assertEqual(self.ended(ticket)[0], "CANCELLED")
        self.assertEqual(self.jobs(), [])
        self.call_all()
        self.assertEqual(self.called.count("refund"), 1)
        self.assert_sound()

    def test_withdrawn_before_it_was_paid_only_the_stock_is_given_back(self) -> None:
        self.payments = [402]
        ticket = self.order()
        with self.captureOnCommitCallbacks(execute=True):
            withdraw_ticket(ticket=ticket, user=self.uma, reason="No.", now=self.now)
        self.call_all()
        self.assertEqual(self.called, ["stock", "pay", "release"])
        self.assert_sound()

"""What one webhook is to be told of one ticket has one job that waits, and none of it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.connection import PUBLIC, company_of
from tenants.fair_turns import FETCH, SLOTS
from tenants.testing import GLOBEX, CompanyTestCase, CompanyTransactionTestCase
from tenants.testing_tools.waits import PATIENCE
from tickets.calling.tests.action_case import Clock, replies
from tickets.conversation.write_message import write_message
from tickets.models import Ticket, WebhookDelivery
from tickets.repairing.tests.repair_case import SmallWorkflow
from tickets.webhooks.change_webhook import pause_webhook, resume_webhook
from tickets.webhooks.deliver import deliver
from tickets.webhooks.pauses import PAUSES
from tickets.webhooks.tests.test_delete_webhook import beside
from tickets.webhooks.tests.webhook_case import WebhookCase, done, id_of


def fetch() -> int | None:
    """The job that a worker with free slots would get now."""
    with company_of(PUBLIC), connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        values = {
            "queues": ["webhooks"],
            "worker_id": cursor.fetchone()[0],
            "kinds": [queue.value for queue in SLOTS],
            "slots": [slots.number for slots in SLOTS.values()],
            "shares": [slots.share for slots in SLOTS.values()],
        }
        cursor.execute(FETCH, values)
        found = cursor.fetchone()[0]
    return None if found is None else int(found)


class OneJobTests(WebhookCase, SmallWorkflow, CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.make_workflow()

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()

    def test_much_of_one_ticket_has_one_job(self) -> None:
        self.add_webhook()
        with company_of(GLOBEX):
            self.add_webhook(by=self.charlie)
        ticket = self.submit()
        self.answer(ticket, {"big": False})
        self.answer(ticket, {"signed": "Me"})
        self.assertGreater(len(self.deliveries()), 5)
        self.assertEqual(len(self.jobs()), 1)
        with replies((200, {})) as system:
            self.run_jobs(system)
        noted = [str(each.message_id) for each in self.deliveries()]
        self.assertEqual([id_of(each) for each in system.received], noted)
        with company_of(GLOBEX):
            self.assertFalse(WebhookDelivery.objects.exists())

    def test_each_ticket_and_each_webhook_has_its_own(self) -> None:
        self.add_webhook(title="A")
        self.add_webhook(title="B")
        for _ticket in range(2):
            self.submit()
        self.assertEqual(len(self.jobs()), 4)

    def test_what_waits_for_another_attempt_has_no_second_job(self) -> None:
        self.add_webhook()
        ticket = self.submit()
        with replies((500, {})) as system:
            self.run_jobs(system)
            self.answer(ticket, {"big": False})
            self.assertEqual(self.jobs(), [])
            self.assertEqual(self.all_jobs(), 1)
            self.clock.move(PAUSES[0])
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual({each.state for each in self.deliveries()}, {"DELIVERED"})

    def test_a_job_that_comes_late_for_nothing_does_not_stand_for_a_new_one(self) -> None:
        """What it was for is delivered: what happens now does not wait for its time."""
        self.add_webhook()
        ticket = self.submit()
        with replies((500, {})) as system:
            self.run_jobs(system)
        WebhookDelivery.objects.update(state="DELIVERED", due_at=None)
        self.answer(ticket, {"big": False})
        self.assertEqual(len(self.jobs()), 1)
        self.assertEqual(self.all_jobs(), 2)

    def test_whoever_pauses_it_and_lets_it_go_on_again_and_again_fills_no_queue(self) -> None:
        webhook = self.add_webhook()
        for _ticket in range(3):
            self.submit()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
        for _each in range(4):
            pause_webhook(webhook_id=webhook.pk, user=self.alice, now=self.clock())
            resume_webhook(webhook_id=webhook.pk, user=self.alice, now=self.clock())
            self.assertEqual(self.all_jobs(), 3)
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual({each.state for each in self.deliveries()}, {"DELIVERED"})

    def test_a_job_that_waits_for_the_limit_of_the_company_is_enough(self) -> None:
        self.add_webhook()
        ticket = self.submit()
        (job,) = self.jobs()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET attempts = 1,"
                " scheduled_at = now() + interval '15 minutes' WHERE id = %s",
                [job.pk],
            )
        self.answer(ticket, {"big": False})
        self.assertEqual(self.all_jobs(), 1)

    def all_jobs(self) -> int:
        jobs = ProcrastinateJob.objects.filter(task_name="tickets.jobs.deliver_webhook")
        return jobs.filter(status="todo").count()


class BesideEachOtherTests(WebhookCase, SmallWorkflow, CompanyTransactionTestCase):
    """A worker and a step at the same moment, each by a connection of its own."""

    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.make_workflow()
        self.add_webhook(events=["ticket.submitted", "message.written"])

    def say(self, ticket: Ticket) -> None:
        """Tells the webhook something without the locks of a step."""
        write_message(
            ticket=ticket, user=self.uma, text="Hello", token=uuid4().hex, now=timezone.now()
        )

    def test_a_job_is_not_fetched_before_what_it_is_to_see_is_there(self) -> None:
        ticket = self.submit()
        (job,) = self.jobs()
        fetched: list[int | None] = []
        with transaction.atomic():
            self.say(ticket)
            beside(lambda: fetched.append(fetch()))
        self.assertEqual(self.noted(), ["ticket.submitted", "message.written"])
        self.assertEqual([each.pk for each in self.jobs()], [job.pk])
        self.assertEqual(fetched, [None])
        self.assertEqual(fetch(), job.pk)

    def test_a_job_that_is_just_being_fetched_is_not_waited_for(self) -> None:
        ticket = self.submit()
        (job,) = self.jobs()
        taken, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            with schema_context("acme"), transaction.atomic():
                fetch()
                taken.set()
                go_on.wait(PATIENCE)

        with running(hold):
            self.assertTrue(taken.wait(PATIENCE))
            try:
                self.say(ticket)
            finally:
                go_on.set()
        (second,) = self.jobs()
        self.assertNotEqual(second.pk, job.pk)

    def test_what_is_noted_while_a_job_ends_is_delivered(self) -> None:
        ticket = self.submit()
        self.assertIsNotNone(job := fetch())
        arguments = ProcrastinateJob.objects.get(pk=job).args
        line = {key: arguments[key] for key in ("webhook_id", "ticket_id")}

        def end() -> None:
            with replies((200, {})) as system, self.settings(ACTION_CONNECT_TO=system.connect_to):
                deliver(job_id=job, clock=self.clock, chance=lambda: 0.0, **line)
            done(ProcrastinateJob.objects.get(pk=job))

        with transaction.atomic():
            self.say(ticket)
            beside(end)
        states = [each.state for each in self.deliveries()]
        self.assertEqual(states, ["DELIVERED", "WAITING"])
        with replies((200, {})) as system:
            self.run_jobs(system)
        self.assertEqual([each.state for each in self.deliveries()], ["DELIVERED", "DELIVERED"])


class running:  # noqa: N801 - read as a verb
    """Beside the test, until it leaves."""

    def __init__(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        self.thread = threading.Thread(target=run)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_error: object) -> None:
        self.thread.join()

"""Three people and their workers at the same time, on a ticket and on those that it has started."""

from __future__ import annotations

import contextlib
import json
import random
import uuid
from collections.abc import Callable

from django.db import connection
from django.test import tag
from django.utils import timezone

from tenants.models import User
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.examples import is_long_run
from tenants.testing_tools.row_locks import locked_rows
from tenants.testing_tools.waits import at_once
from tickets.advancing.advance_ticket import advance_ticket
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.write_message import write_message
from tickets.errors import TicketsError
from tickets.health import company_findings, history_findings
from tickets.job_names import BEGIN_START, FOLLOW_SUBTICKET
from tickets.models import RecurringStart, StartRun, Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.starting.begin_start import begin_start
from tickets.submitting.submit_ticket import submit_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.tests.crash.families import broken_families
from tickets.tests.crash.made_up_process import bundle, ends_of, form, side_by_side, subticket
from tickets.tests.crash.storm import let_a_start_be_due
from tickets.working.complete_task import complete_task
from tickets.working.hand_over import hand_over
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject, objects_in
from workflows.errors import WorkflowsError
from workflows.models import TaskInstance, TicketDefinition

DECLARED = (TicketsError, WorkflowsError)
PEOPLE, DEEDS = 3, 10
LOCKED = ("workflows_workflowinstance", "tickets_ticket")
BELOW = "below"
_BRANCHES = [subticket("ask", BELOW), form("side")]

type Deed = Callable[[Ticket, random.Random], object]


@tag("processes")
class RandomFamilyTests(CompanyTransactionTestCase):
    SEEDS = range(60 if is_long_run() else 8)

    def setUp(self) -> None:
        super().setUp()
        ways: list[JsonObject] = [{"from": "start", "to": "offer"}, {"from": "offer", "to": "end"}]
        self.publish(bundle(BELOW, [form("offer")], ways))
        self.types = [self.above(ends_when) for ends_when in ("all", "any")]

    def above(self, ends_when: str) -> TicketDefinition:
        """A ticket is asked for beside a form; a start of its own begins more of them."""
        document = bundle(
            f"above_{ends_when}",
            [*side_by_side("both", *_BRANCHES, ends_when=ends_when), form("last")],
            [
                *ends_of(_BRANCHES),
                {"from": "start", "to": "both"},
                {"from": "both", "to": "last"},
                {"from": "last", "to": "end"},
            ],
        )
        answers: JsonObject = {"amount": 3}
        start: JsonObject = {"key": "daily", "rule": "FREQ=DAILY", "at": "08:00"}
        for each in objects_in(document["ticket_types"]):
            each["starts"] = [{**start, "on_behalf_of": self.uma.email, "answers": answers}]
        return self.publish(document)

    def publish(self, document: JsonObject) -> TicketDefinition:
        workflow = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        return TicketDefinition.objects.get(workflow=workflow, is_active=True)

    def test_whatever_the_order_they_go_together(self) -> None:
        for seed in self.SEEDS:
            with self.subTest(seed=seed):
                definition = self.types[seed % len(self.types)]
                submit_ticket(definition=definition, data={"amount": 1}, user=self.uma)
                people = [self.person(random.Random(f"{seed}-{each}")) for each in range(PEOPLE)]
                raised = at_once(*people, company=self.acme)
                self.assertEqual(raised, [None] * PEOPLE)
                self.settle()
                self.assert_sound()
        self.assertGreater(StartRun.objects.count(), 0)
        self.assertTrue(Ticket.objects.filter(definition__key=BELOW).exists())

    def test_no_transaction_locks_two_of_them(self) -> None:
        """One person alone: what others lock beside them cannot be told from what they do."""
        for seed in self.SEEDS:
            with self.subTest(seed=seed):
                definition = self.types[seed % len(self.types)]
                with locked_rows(*LOCKED) as found:
                    submit_ticket(definition=definition, data={"amount": 1}, user=self.uma)
                    self.person(random.Random(f"alone-{seed}"))()
                    self.settle()
                several = [each for each in found if any(len(rows) > 1 for rows in each.values())]
                self.assertEqual(several, [])
                self.assertTrue(any(each[LOCKED[0]] for each in found))

    def person(self, chance: random.Random) -> Callable[[], None]:
        deeds = [chance.choice(self.deeds()) for _number in range(DEEDS)]

        def act() -> None:
            for deed in deeds:
                # Mostly what is newest: that has just been started.
                tickets = list(Ticket.objects.order_by("-pk")[:4])
                with contextlib.suppress(*DECLARED):  # whoever came first has won
                    deed(chance.choice(tickets), chance)

        return act

    def deeds(self) -> list[Deed]:
        rare: list[Deed] = [self.hold, self.ask, self.hand_on, self.retry, self.begin, self.cancel]
        return [*[self.complete] * 4, *[self.follow] * 5, *[self.resume] * 2, self.reply, *rare]

    # What they do

    def complete(self, ticket: Ticket, chance: random.Random) -> None:
        for task in self.forms(ticket)[:1]:
            complete_task(task=task, output={"again": False}, user=_worker(task))

    def follow(self, ticket: Ticket, chance: random.Random) -> None:
        self.work_off(FOLLOW_SUBTICKET)

    def hold(self, ticket: Ticket, chance: random.Random) -> None:
        hold_ticket(ticket=ticket, by=self.terry, reason=REASON)

    def resume(self, ticket: Ticket, chance: random.Random) -> None:
        resume_ticket(ticket=ticket, by=self.terry, reason=REASON)

    def cancel(self, ticket: Ticket, chance: random.Random) -> None:
        cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)

    def ask(self, ticket: Ticket, chance: random.Random) -> None:
        for task in self.forms(ticket)[:1]:
            token, now = uuid.uuid4().hex, timezone.now()
            ask_requester(task=task, user=_worker(task), text="Which?", token=token, now=now)

    def reply(self, ticket: Ticket, chance: random.Random) -> None:
        token, now = uuid.uuid4().hex, timezone.now()
        write_message(ticket=ticket, user=self.uma, text="Red.", token=token, now=now)

    def hand_on(self, ticket: Ticket, chance: random.Random) -> None:
        for task in self.forms(ticket)[:1]:
            by = _worker(task)
            to = self.walt if by == self.wendy else self.wendy
            hand_over(task=task, to=to, by=by, reason=REASON, now=timezone.now())

    def retry(self, ticket: Ticket, chance: random.Random) -> None:
        for error in ticket.errors.unresolved()[:1]:
            retry_step(error=error, by=self.terry, reason=REASON)

    def begin(self, ticket: Ticket, chance: random.Random) -> None:
        let_a_start_be_due()
        for start in RecurringStart.objects.all():
            begin_start(start_id=start.pk)

    def forms(self, ticket: Ticket) -> list[TaskInstance]:
        tasks = TaskInstance.objects.filter(
            workflow_instance__ticket=ticket,
            definition__task_type="FORM",
            assigned_to__isnull=False,
        )
        return list(tasks.unfinished().select_related("definition", "assigned_to").order_by("pk"))

    def work_off(self, name: str) -> bool:
        """As a worker does it: take a job, run it, and remove it. Whether there was one."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ("
                " SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s"
                " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, args",
                [name],
            )
            if (row := cursor.fetchone()) is None:
                return False
        number, found = row
        arguments = json.loads(found) if isinstance(found, str) else found
        follow_subticket(ticket_id=arguments["ticket_id"], task_id=arguments["task_id"])
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [number])
        return True

    # What is so afterwards

    def settle(self) -> None:
        """What is on hold goes on, and workers do what is left to do."""
        for ticket in Ticket.objects.filter(workflow_instance__status="ON_HOLD"):
            resume_ticket(ticket=ticket, by=self.terry, reason=REASON)
        for ticket in Ticket.objects.all():
            advance_ticket(ticket_id=ticket.pk)
        while self.work_off(FOLLOW_SUBTICKET):
            pass

    def assert_sound(self) -> None:
        broken = [rule for each in Ticket.objects.all() for rule in broken_invariants(each)]
        self.assertEqual([*broken, *broken_families()], [])
        found = [*history_findings(after=0)[0], *company_findings()]
        self.assertEqual([each.message for each in found], [])
        # Each start has a job for the moment at which it is due next.
        for start in RecurringStart.objects.all():
            assert start.next_at is not None
            due: JsonObject = {"start_id": start.pk, "due": start.next_at.isoformat()}
            self.assertTrue(_jobs(BEGIN_START, due), start)


def _worker(task: TaskInstance) -> User:
    assert task.assigned_to is not None
    return task.assigned_to


def _jobs(name: str, arguments: JsonObject) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE task_name = %s AND args @> %s LIMIT 1",
            [name, json.dumps(arguments)],
        )
        return cursor.fetchone() is not None

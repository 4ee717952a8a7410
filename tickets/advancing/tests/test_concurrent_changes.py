"""Of two who change the same thing at the same time one wins, and the other is refused."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.test import override_settings, tag
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once, in_thread, wait_until_blocked
from tickets.advancing.advance_ticket import advance_ticket
from tickets.calling.run_action import run_action
from tickets.errors import TicketsError
from tickets.health import company_findings
from tickets.job_names import RUN_ACTION
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.errors import ErrorAlreadyHandledError
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow, broken_invariants
from tickets.working.complete_task import complete_task
from workflows.actions.tests.remote_system import Connection, RemoteSystem, answering
from workflows.engine.process import JsonObject
from workflows.errors import NotYourTaskError, TaskNotWorkableError, WorkflowsError
from workflows.models import ActionAttempt, TaskInstance, WorkflowEvent
from workflows.running.people.assignment import assign_waiting_tasks

type Change = Callable[[], object]
DECLARED = (TicketsError, WorkflowsError)


class ConcurrentCase(SmallWorkflow, CompanyTransactionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make_workflow()
        self.ticket = self.submit()

    def at_once(self, *changes: Change) -> list[Exception | None]:
        """Make the changes in threads that begin at once; what each raised, in order."""
        return at_once(*changes, company=self.acme)

    @contextmanager
    def waiting_for(self, first: Change, second: Change) -> Iterator[None]:
        """Inside, the second change waits for the first; at the end that commits."""
        with transaction.atomic():
            first()
            waiting = in_thread(second, company=self.acme)
            wait_until_blocked()
            yield
        self.assertIsNone(waiting.wait())

    def assert_one_won(self, raised: Sequence[Exception | None]) -> Exception:
        """Exactly one change went through; returns why the other was refused."""
        losers = [each for each in raised if each is not None]
        self.assertEqual(len(losers), len(raised) - 1, raised)
        for loser in losers:
            self.assertIsInstance(loser, DECLARED)
        self.assertEqual(broken_invariants(self.ticket), [])
        return losers[0]

    def complete(self, task: TaskInstance, output: JsonObject, user: User | None = None) -> Change:
        worker = user or task.assigned_to
        assert worker is not None
        return lambda: complete_task(task=task, output=output, user=worker)

    def count(self, kind: str) -> int:
        return WorkflowEvent.objects.filter(kind=kind).count()


class TwoAtOnceTests(ConcurrentCase):
    def test_a_completion_that_is_sent_twice_counts_once(self) -> None:
        task = self.current(self.ticket)
        raised = self.at_once(
            self.complete(task, {"big": False}), self.complete(task, {"big": False})
        )
        self.assertIsInstance(self.assert_one_won(raised), TaskNotWorkableError)
        self.assertEqual(self.count("TASK_COMPLETED"), 1)
        self.assertEqual(TaskInstance.objects.count(), 2)

    def test_of_two_workers_with_the_same_task_only_one_completes_it(self) -> None:
        task = self.current(self.ticket)
        raised = self.at_once(
            self.complete(task, {"big": False}, self.wendy),
            self.complete(task, {"big": True}, self.walt),
        )
        self.assertIsInstance(self.assert_one_won(raised), NotYourTaskError | TaskNotWorkableError)
        self.assertEqual(self.count("TASK_COMPLETED"), 1)

    def test_completing_while_cancelling(self) -> None:
        task = self.current(self.ticket)
        complete, cancel = self.at_once(
            self.complete(task, {"big": False}),
            lambda: cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON),
        )
        self.assertIsNone(cancel)
        self.assertIsInstance(complete, TaskNotWorkableError | None)
        self.assertEqual(Ticket.objects.get().status, "CANCELLED")
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual(ProcrastinateJob.objects.count(), 0)

    def test_completing_while_it_is_given_to_somebody_else(self) -> None:
        task = self.current(self.ticket)
        other = self.walt if task.assigned_to == self.wendy else self.wendy
        raised = self.at_once(
            self.complete(task, {"big": False}),
            lambda: reassign_task(task=task, to=other, by=self.terry, reason=REASON),
        )
        self.assert_one_won(raised)

    def failed_call(self) -> TicketError:
        task = self.current(self.ticket)
        self.complete(task, {"big": True})()
        return self.fail_call(self.ticket)

    def test_of_two_admins_who_retry_one_wins(self) -> None:
        error = self.failed_call()

        def retry() -> None:
            retry_step(error=error, by=self.terry, reason=REASON)

        refusal = self.assert_one_won(self.at_once(retry, retry))
        self.assertIsInstance(refusal, ErrorAlreadyHandledError)
        self.assertIn(REASON, str(refusal))
        self.assertEqual((len(self.calls()), self.count("RETRIED")), (1, 1))

    def test_retrying_while_finishing_by_hand(self) -> None:
        error = self.failed_call()
        task = self.current(self.ticket)
        retried, finished = self.at_once(
            lambda: retry_step(error=error, by=self.terry, reason=REASON),
            lambda: finish_task_by_hand(
                task=task, output={"document": "A"}, by=self.terry, reason=REASON
            ),
        )
        # Finishing by hand is right in both orders; retrying only before it.
        self.assertIsNone(finished)
        self.assertIsInstance(retried, ErrorAlreadyHandledError | None)
        self.assertEqual(Ticket.objects.get().status, "COMPLETED")
        self.assertEqual(self.calls(), [])
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_a_call_sends_what_was_corrected_while_it_waited(self) -> None:
        self.archive.input_transform = {"sum": {"var": "ticket.amount"}}
        self.archive.save()
        self.complete(self.current(self.ticket), {"big": True})()
        task = self.current(self.ticket)

        def correct() -> None:
            data: JsonObject = {"amount": 500}
            correct_ticket_data(ticket=self.ticket, data=data, by=self.terry, reason=REASON)

        def call() -> None:
            run_action(ticket_id=self.ticket.pk, task_id=task.pk)

        system = RemoteSystem(answering(b'{"document": "ACC-1"}'))
        with (
            system,
            override_settings(ACTION_CONNECT_TO=system.connect_to),
            self.waiting_for(correct, call),
        ):
            pass
        self.assertEqual([each.body for each in system.received], [b'{"sum":500}'])
        self.assertEqual(Ticket.objects.get().status, "COMPLETED")
        self.assertEqual(broken_invariants(self.ticket), [])

    def test_many_advance_the_same_step_once(self) -> None:
        def advance() -> None:
            advance_ticket(ticket_id=self.ticket.pk)

        self.complete(self.current(self.ticket), {"big": False})()
        self.assertEqual(self.at_once(*[advance] * 4), [None] * 4)
        self.assertEqual(TaskInstance.objects.count(), 2)
        self.assertEqual(broken_invariants(self.ticket), [])


@tag("processes")
class RandomInterleavingTests(ConcurrentCase):
    """Three people, each with a few changes in a random order, at the same time."""

    SEEDS = range(10)

    def setUp(self) -> None:
        super().setUp()
        self.give_role(self.wendy, SystemRole.TICKET_ADMIN)
        self.addCleanup(self.wendy.groups.remove, self.wendy.groups.get(name="ticket_admin"))
        moods = random.Random(0)

        def reply(connection: Connection) -> None:
            status = moods.choice([200, 200, 400, 503])
            content = b'{"document": "ACC-1"}'
            connection.send_response(status)
            connection.send_header("Content-Length", str(len(content)))
            connection.end_headers()
            connection.wfile.write(content)

        self.system = self.enterContext(RemoteSystem(reply))
        self.enterContext(override_settings(ACTION_CONNECT_TO=self.system.connect_to))

    def test_whatever_the_order_the_state_is_sound(self) -> None:
        for seed in self.SEEDS:
            with self.subTest(seed=seed):
                self.ticket = self.submit()
                chance = random.Random(seed)
                self.small_transition.condition = None if chance.random() < 0.6 else False
                self.small_transition.save()
                if seed % 2:
                    self.complete(self.current(self.ticket), {"big": True})()
                people = [self.person(random.Random(f"{seed}-{each}")) for each in range(3)]
                for raised in self.at_once(*people):
                    if raised is not None:
                        raise raised
                self.settle()
                self.assertEqual(company_findings(), [])
                self.assert_each_attempt_called_once()
                self.assertEqual(broken_invariants(self.ticket), [])
        # How many depends on who came first: mostly five to ten.
        self.assertGreater(len(self.system.received), 0)

    def person(self, chance: random.Random) -> Change:
        verbs = [chance.choice(self.verbs()) for _ in range(8)]
        by = chance.choice([self.terry, self.wendy])

        def act() -> None:
            for verb in verbs:
                try:
                    verb(by, chance)
                except DECLARED:  # refused: whoever came first has won
                    continue

        return act

    def verbs(self) -> list[Callable[[User, random.Random], None]]:
        return [
            *[self.do_complete] * 2,
            *[self.do_retry] * 2,
            self.do_hold,
            *[self.do_resume] * 2,
            self.do_reassign,
            self.do_advance,
            self.do_finish,
            self.do_correct,
            *[self.do_job] * 5,
            self.do_hand_out,
            self.do_cancel,
        ]

    def do_complete(self, by: User, chance: random.Random) -> None:
        task = self.current(self.ticket)
        if task.assigned_to is not None:
            output: JsonObject = (
                {"big": chance.random() < 0.5} if task.definition == self.check else {"signed": "x"}
            )
            complete_task(task=task, output=output, user=task.assigned_to)

    def do_retry(self, by: User, chance: random.Random) -> None:
        error = self.ticket.errors.order_by("?").first()
        if error is not None:
            retry_step(error=error, by=by, reason=REASON)

    def do_hold(self, by: User, chance: random.Random) -> None:
        hold_ticket(ticket=self.ticket, by=by, reason=REASON)

    def do_resume(self, by: User, chance: random.Random) -> None:
        resume_ticket(ticket=self.ticket, by=by, reason=REASON)

    def do_cancel(self, by: User, chance: random.Random) -> None:
        if chance.random() < 0.1:
            cancel_ticket(ticket=self.ticket, by=by, reason=REASON)

    def do_reassign(self, by: User, chance: random.Random) -> None:
        to = chance.choice([self.walt, self.wendy, None])
        reassign_task(task=self.current(self.ticket), to=to, by=by, reason=REASON)

    def do_advance(self, by: User, chance: random.Random) -> None:
        advance_ticket(ticket_id=self.ticket.pk)

    def do_finish(self, by: User, chance: random.Random) -> None:
        task = self.current(self.ticket)
        outputs: dict[int, JsonObject] = {
            self.check.pk: {"big": chance.random() < 0.5},
            self.sign.pk: {},
            self.archive.pk: {"document": "A"},
        }
        finish_task_by_hand(task=task, output=outputs[task.definition_id], by=by, reason=REASON)

    def do_correct(self, by: User, chance: random.Random) -> None:
        data: JsonObject = {"amount": chance.randrange(900)}
        correct_ticket_data(ticket=self.ticket, data=data, by=by, reason=REASON)

    def do_job(self, by: User, chance: random.Random) -> None:
        """As a worker does it: take a job, run it, and remove it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ("
                " SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s"
                " AND args @> %s ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, args",
                [RUN_ACTION, json.dumps({"ticket_id": self.ticket.pk})],
            )
            row = cursor.fetchone()
        if row is None:
            return
        job_id, text = row
        arguments = json.loads(text) if isinstance(text, str) else text
        run_action(
            ticket_id=arguments["ticket_id"],
            task_id=arguments["task_id"],
            attempt=arguments.get("attempt"),
            job_id=job_id,
        )
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job_id])

    def do_hand_out(self, by: User, chance: random.Random) -> None:
        with transaction.atomic():
            assign_waiting_tasks(now=timezone.now())

    def calls_of(self, ticket: Ticket) -> list[ProcrastinateJob]:
        return [job for job in self.calls() if job.args["ticket_id"] == ticket.pk]

    def assert_each_attempt_called_once(self) -> None:
        asked = [each.header("X-Request-ID")[0] for each in self.system.received]
        self.assertEqual(len(asked), len(set(asked)))
        tried = {str(each) for each in ActionAttempt.objects.values_list("request_id", flat=True)}
        self.assertLessEqual(set(asked), tried)

    def settle(self) -> None:
        """What the worker does a little later, where the ticket is not left on hold."""
        chance = random.Random(0)
        with contextlib.suppress(*DECLARED):
            self.do_resume(self.terry, chance)
        advance_ticket(ticket_id=self.ticket.pk)
        while self.calls_of(self.ticket):
            self.do_job(self.terry, chance)

"""Made-up workflows of all constructs, driven at random: what must hold does after each step.

With the tests of processes a few; in a long run many. They are those of the crash tests, here in
one process and in one transaction, with the clock moved in the place of waiting.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from unittest import mock

from django.test import override_settings, tag
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tenants.testing_tools.examples import is_long_run
from tickets.advancing import reminding, timers, waiting
from tickets.calling.callback_address import CallbackAddress
from tickets.calling.expire_call import expire_call
from tickets.calling.receive_callback import receive_callback
from tickets.calling.run_action import run_action
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.write_message import write_message
from tickets.errors import TicketsError
from tickets.health import company_findings
from tickets.health.histories import history_findings
from tickets.job_names import (
    END_WAIT,
    EXPIRE_CALL,
    FIRE_TIMER,
    FOLLOW_SUBTICKET,
    REMIND,
    RUN_ACTION,
)
from tickets.models import RecurringStart, Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.replaying.replay_tickets import replay_tickets
from tickets.starting.begin_start import begin_start
from tickets.submitting.submit_ticket import submit_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.tests.crash.answers import answer_to
from tickets.tests.crash.families import broken_families
from tickets.tests.crash.made_up_process import MADE_UP
from tickets.tests.crash.made_up_subtickets import make_up_processes
from tickets.working.complete_task import complete_task
from tickets.working.hand_over import hand_over
from workflows.actions.tests.remote_system import Connection, RemoteSystem
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import check_bundle, errors_of
from workflows.engine.process import JsonObject
from workflows.engine.task_types import FORM_TYPES
from workflows.errors import WorkflowsError
from workflows.models import (
    ActionAttempt,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import WORKABLE
from workflows.models.workflow_instance import ENDED

SEEDS: Final = 400 if is_long_run() else 8
TICKETS: Final = 2  # of each that people submit
MOST_REPLAYED: Final = 10
MEANT: Final = {
    "BLOCK_ENDED", "BRANCH_CANCELLED", "TIMED_OUT", "WAIT_ENDED", "REMINDED", "CHANGED",
    "CANCELLED", "RETRIED", "SUBTICKET_ENDED", "CAME_IN", "HELD", "ANSWERED",
}  # fmt: skip
MOST_STEPS: Final = 500
MONDAY: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_TIMED: Final[dict[str, Callable[..., None]]] = {
    FIRE_TIMER: timers.fire_timer,
    REMIND: reminding.remind,
    END_WAIT: waiting.end_wait,
}
_STATUSES: Final = (200, 200, 200, 402, 503)


@tag("processes")
class MadeUpRunsTests(CompanyTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        User.objects.filter(pk=cls.wendy.pk).update(deputy=cls.walt, manager=cls.carla)
        cls().give_role(cls.carla, SystemRole.TICKET_ADMIN)

    def setUp(self) -> None:
        super().setUp()
        self.now = MONDAY
        self.chance = random.Random(0)
        self.happened: Counter[str] = Counter()
        self.enterContext(mock.patch("django.utils.timezone.now", self.clock))
        system = self.enterContext(RemoteSystem(self.reply))
        self.enterContext(override_settings(ACTION_CONNECT_TO=system.connect_to))

    def clock(self) -> datetime:
        return self.now

    def reply(self, connection: Connection) -> None:
        content = json.dumps({"document": "D-1"}).encode()
        connection.send_response(self.chance.choice(_STATUSES))
        connection.send_header("Content-Length", str(len(content)))
        connection.end_headers()
        connection.wfile.write(content)

    def test_whatever_the_workflow_and_whatever_people_do(self) -> None:
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                self.run_of(seed)
        # Everything has happened that these tests are about.
        kinds = {*WorkflowEvent.objects.values_list("kind", flat=True)}
        self.assertEqual(MEANT - kinds, set())

    def run_of(self, seed: int) -> None:
        self.chance = random.Random(f"run {seed}")
        workflows = [self.publish(document) for document in make_up_processes(seed)]
        definition = TicketDefinition.objects.get(workflow=workflows[-1], is_active=True)
        for _number in range(TICKETS):
            data: JsonObject = {"amount": self.chance.randrange(100)}
            with self.captureOnCommitCallbacks(execute=True):
                ticket = submit_ticket(definition=definition, data=data, user=self.uma)
            self.drive(ticket)
        for start in RecurringStart.objects.filter(type_key=definition.key):
            self.drive(self.begin(start))
        found = [*history_findings(after=0)[0], *company_findings()]
        self.assertEqual([each.message for each in found], [])
        self.assertEqual(broken_families(), [])
        # What was simulated with the same answers is what has happened.
        by = User.objects.get(pk=self.carla.pk)
        for workflow in workflows:
            replayed = replay_tickets(workflow=workflow, limit=MOST_REPLAYED, by=by)
            self.assertEqual((replayed.same, replayed.errors), (replayed.count, {}), replayed)

    def publish(self, document: JsonObject) -> WorkflowDefinition:
        wrong = [(str(each.where), each.message) for each in errors_of(check_bundle(document))]
        self.assertEqual(wrong, [])
        workflow = import_bundle(document=document, user=self.carla)
        return publish_workflow(workflow=workflow, user=self.carla)

    def begin(self, start: RecurringStart) -> Ticket:
        """The ticket of a start, a while after its time, of two workers who come for it."""
        assert start.next_at is not None
        self.now = max(self.now, start.next_at) + timedelta(days=self.chance.choice([0, 0, 3]))
        with self.captureOnCommitCallbacks(execute=True):
            ticket = begin_start(start_id=start.pk, now=self.now)
            self.assertIsNone(begin_start(start_id=start.pk, now=self.now))
        assert ticket is not None
        return ticket

    def drive(self, first: Ticket) -> None:
        """Until it has ended, and what it has started; nothing is stuck on the way."""
        cancels = self.chance.random() < 0.15
        for step in range(MOST_STEPS):
            family = list(Ticket.objects.filter(pk__gte=first.pk).order_by("pk"))
            acts: list[Callable[[], object]] = []
            for ticket in family:
                if ticket.status not in ENDED:
                    self.assertEqual(broken_invariants(ticket), [])
                acts += self.what_may_happen(ticket)
            if not acts:
                for ticket in family:
                    self.assertIn(ticket.status, ENDED, "It is stuck.")
                    self.assertEqual(broken_invariants(ticket), [])
                return
            if cancels and step == 3 and family[0].status not in ENDED:
                acts = [lambda: cancel_ticket(ticket=first, by=self.terry, reason=REASON)]
            self.now += timedelta(seconds=1)
            with self.captureOnCommitCallbacks(execute=True):
                self.chance.choice(acts)()
        self.fail("It never ends.")

    def what_may_happen(self, ticket: Ticket) -> list[Callable[[], object]]:
        if ticket.status == WorkflowStatus.ON_HOLD:
            resume = partial(resume_ticket, ticket=ticket, by=self.terry, reason=REASON)
            return [*(partial(self.work, each) for each in self.following(ticket)), resume]
        acts = [*self.what_people_may_do(ticket), *self.what_admins_may_do(ticket)]
        return acts + [partial(self.work, each) for each in self.jobs(ticket)]

    def what_people_may_do(self, ticket: Ticket) -> list[Callable[[], object]]:
        forms = TaskInstance.objects.filter(
            workflow_instance__ticket=ticket,
            status__in=WORKABLE,
            definition__task_type__in=FORM_TYPES,
            assigned_to__isnull=False,
        )
        acts: list[Callable[[], object]] = []
        for task in forms.select_related("definition", "assigned_to").order_by("pk"):
            acts += [lambda task=task: self.complete(task)] * 3  # type: ignore[misc]
            if self.chance.random() < 0.1:
                acts.append(partial(self.hand, task))
            if self.chance.random() < 0.15:
                acts.append(partial(self.ask, task))
        asked = TaskInstance.objects.waiting_for_answer()
        if asked.filter(workflow_instance__ticket=ticket).exists():
            acts.append(partial(self.answer_question, ticket))
        for attempt in ActionAttempt.objects.filter(
            task__workflow_instance__ticket=ticket, outcome="WAITING", task__status="IN_PROGRESS"
        ):
            acts.append(lambda attempt=attempt: self.answer(attempt))  # type: ignore[misc]
        return acts

    def what_admins_may_do(self, ticket: Ticket) -> list[Callable[[], object]]:
        """Rarely they put it on hold, or cancel one that another has started."""
        acts: list[Callable[[], object]] = []
        admin: Any = {"ticket": ticket, "by": self.terry, "reason": REASON}
        for error in ticket.errors.unresolved().select_related("task__definition"):
            acts.append(partial(retry_step, error=error, by=self.terry, reason=REASON))
            if error.task is not None and error.task.definition.is_call:
                acts.append(partial(self.finish, error.task))
        if ticket.status == WorkflowStatus.IN_PROGRESS and self.chance.random() < 0.03:
            acts.append(partial(hold_ticket, **admin))
        is_started = not ticket.definition.key.startswith(MADE_UP)
        if is_started and ticket.status not in ENDED and self.chance.random() < 0.05:
            acts.append(partial(cancel_ticket, **admin))
        return acts

    def jobs(self, ticket: Ticket) -> list[ProcrastinateJob]:
        """What a worker would do for this ticket; of what comes at a time the next alone."""
        found = self.jobs_named(ticket, *_TIMED, RUN_ACTION, EXPIRE_CALL)
        calls = [each for each in found if each.task_name == RUN_ACTION]
        timed = [each for each in found if each.task_name in _TIMED]
        expiring = [each for each in found if each.task_name == EXPIRE_CALL]
        soon = [*calls, *self.following(ticket)]
        return soon + sorted(timed, key=_due)[:1] + expiring[:1]

    def following(self, ticket: Ticket) -> list[ProcrastinateJob]:
        """What is to be done of tickets that this one has started."""
        return self.jobs_named(ticket, FOLLOW_SUBTICKET)

    def jobs_named(self, ticket: Ticket, *names: str) -> list[ProcrastinateJob]:
        jobs = ProcrastinateJob.objects.filter(task_name__in=names, status="todo")
        return list(jobs.filter(args__contains={"ticket_id": ticket.pk}).order_by("pk"))

    # What people and the worker do

    def complete(self, task: TaskInstance) -> None:
        changes: JsonObject | None = None
        if task.definition.shows_again:
            changes = {"ticket.amount": self.chance.randrange(100)}
        complete_task(
            task=task,
            output=answer_to(task, again=self.chance.random() < 0.2),
            changes=changes,
            user=cast("User", task.assigned_to),
        )

    def hand(self, task: TaskInstance) -> None:
        by = cast("User", task.assigned_to)
        to = self.walt if by == self.wendy else self.wendy
        try:
            hand_over(task=task, to=to, by=by, reason=REASON, now=self.now)
        except (TicketsError, WorkflowsError):  # nobody votes twice
            self.happened["not handed on"] += 1

    def ask(self, task: TaskInstance) -> None:
        by, token = cast("User", task.assigned_to), uuid.uuid4().hex
        ask_requester(task=task, user=by, text="Which?", token=token, now=self.now)

    def answer_question(self, ticket: Ticket) -> None:
        token = uuid.uuid4().hex
        write_message(ticket=ticket, user=self.uma, text="Red.", token=token, now=self.now)

    def finish(self, task: TaskInstance) -> None:
        output: JsonObject = {"document": "D-2"}
        finish_task_by_hand(task=task, output=output, by=self.terry, reason=REASON)

    def answer(self, attempt: ActionAttempt) -> None:
        address = CallbackAddress("acme", attempt.task.uuid, attempt.number)
        body: JsonObject = {"document": "D-3"}
        receive_callback(address=address, body=body, now=self.now)

    def work(self, job: ProcrastinateJob) -> None:
        ProcrastinateJob.objects.filter(pk=job.pk).delete()
        arguments: dict[str, Any] = {k: v for k, v in job.args.items() if k != "schema"}
        if job.task_name in _TIMED:
            self.now = max(self.now, _due(job))
            _TIMED[job.task_name](now=self.now, **arguments)
        elif job.task_name == FOLLOW_SUBTICKET:
            follow_subticket(now=self.now, **arguments)
        elif job.task_name == EXPIRE_CALL:
            self.now += timedelta(seconds=10)
            expire_call(now=self.now, **arguments)
        else:
            run_action(job_id=job.pk, clock=self.clock, chance=lambda: 0.0, **arguments)


def _due(job: ProcrastinateJob) -> datetime:
    return datetime.fromisoformat(str(job.args.get("due") or job.args["until"]))

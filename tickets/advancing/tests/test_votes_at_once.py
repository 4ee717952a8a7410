"""Votes, timers, deputies, claims and cancels at the same moment: one of them comes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.advancing.timers import fire_timer
from tickets.errors import TicketsError
from tickets.health import company_findings
from tickets.job_names import FIRE_TIMER
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.crash.made_up_process import bundle, ends_of, form, side_by_side
from tickets.working.complete_task import complete_task
from tickets.working.take_over import take_over
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.errors import WorkflowsError
from workflows.models import TaskInstance, TicketDefinition, WorkflowEvent
from workflows.running.pool import claim_task

type Act = Callable[[], object]
DECLARED = (TicketsError, WorkflowsError)
YES: JsonObject = {"vote": "approve"}
_BRANCHES = [form("one"), form("two")]


class AtOnceTests(CompanyTransactionTestCase):
    """Each is tried a few times: who comes first is nobody's choice."""

    TIMES = 3

    def setUp(self) -> None:
        super().setUp()
        worker = Group.objects.get(name=SystemRole.TASK_WORKER)
        self.terry.groups.add(worker)
        self.addCleanup(self.terry.groups.remove, worker)
        people = User.objects.filter(pk=self.wendy.pk)
        self.addCleanup(lambda: people.update(deputy=None, is_available=True))

    def publish(self, key: str, tasks: list[Json], leaving: list[JsonObject]) -> TicketDefinition:
        first = str(dict(tasks[0])["key"])  # type: ignore[arg-type]
        ways: list[JsonObject] = [{"from": "start", "to": first}, *leaving]
        document = bundle(key, [*tasks, form("last")], [*ways, {"from": "last", "to": "end"}])
        workflow = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        return TicketDefinition.objects.get(workflow=workflow, is_active=True)

    def approval(self, key: str, needed: str) -> TicketDefinition:
        asked: JsonObject = {"people": [self.wendy.email, self.walt.email]}
        task: JsonObject = {"key": "ask", "title": "Ask", "task_type": "APPROVAL"}
        approved: Json = {"var": "tasks.ask.approved"}
        return self.publish(
            key,
            [{**task, "approvers": asked, "needed": needed}],
            [
                {"from": "ask", "to": "last", "condition": approved},
                {"from": "ask", "to": "end", "label": "refused", "priority": 1},
                {"from": "ask", "to": "last", "after": "PT1M"},
            ],
        )

    def start(self, definition: TicketDefinition) -> None:
        data: JsonObject = {"amount": 1}
        self.ticket = submit_ticket(definition=definition, data=data, user=self.uma)

    def tasks(self, *keys: str) -> list[TaskInstance]:
        found = TaskInstance.objects.filter(
            workflow_instance__ticket=self.ticket, definition__key__in=keys
        )
        return list(found.select_related("definition", "assigned_to").order_by("pk"))

    def doing(self, task: TaskInstance, output: JsonObject, by: User | None = None) -> Act:
        who = by or task.assigned_to
        assert who is not None
        return lambda: complete_task(task=task, output=output, user=who)

    def timing_out(self) -> Act:
        job = ProcrastinateJob.objects.get(
            task_name=FIRE_TIMER, status="todo", args__contains={"ticket_id": self.ticket.pk}
        )
        arguments = {name: value for name, value in job.args.items() if name != "schema"}
        due = datetime.fromisoformat(str(arguments["due"])) + timedelta(seconds=1)
        return lambda: fire_timer(now=due, **arguments)

    def cancelling(self) -> Act:
        return lambda: cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)

    def together(self, *acts: Act) -> list[Exception | None]:
        """What each raised; a refusal says so, and nothing else is left behind."""
        raised = at_once(*acts, company=self.acme)
        for each in raised:
            if each is not None:
                self.assertIsInstance(each, DECLARED)
        self.assertEqual(broken_invariants(self.ticket), [])
        self.assertEqual([each.message for each in company_findings()], [])
        return raised

    def events(self, kind: str) -> int:
        return WorkflowEvent.objects.filter(
            workflow_instance__ticket=self.ticket, kind=kind
        ).count()

    def status(self) -> tuple[str, list[str]]:
        last = [str(each.status) for each in self.tasks("last")]
        return str(Ticket.objects.get(pk=self.ticket.pk).status), last

    def test_whoever_comes_first(self) -> None:
        both, one = self.approval("both", "all"), self.approval("one", "one")
        block = self.publish(
            "block",
            side_by_side("side", *_BRANCHES),
            [*ends_of(_BRANCHES), {"from": "side", "to": "last"}],
        )
        pooled: JsonObject = {**form("pooled"), "assign_to": {"mode": "nobody"}}
        pool = self.publish("pool", [pooled], [{"from": "pooled", "to": "last"}])
        for _time in range(self.TIMES):
            self.two_votes_of_two(both)
            self.two_votes_of_which_one_is_enough(one)
            self.a_vote_and_the_time(one)
            self.a_vote_and_a_cancel(one)
            self.a_branch_and_a_cancel(block)
            self.a_deputy_and_the_person(one)
            self.a_claim_and_a_cancel(pool)

    def two_votes_of_two(self, definition: TicketDefinition) -> None:
        self.start(definition)
        raised = self.together(*(self.doing(each, YES) for each in self.tasks("ask.vote")))
        self.assertEqual(raised, [None, None])
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))
        self.assertEqual(self.events("BLOCK_ENDED"), 1)

    def two_votes_of_which_one_is_enough(self, definition: TicketDefinition) -> None:
        """One says yes, the other no: what came first counts, and the other is told."""
        self.start(definition)
        yes, no = self.tasks("ask.vote")
        refuse: JsonObject = {"vote": "refuse", "comment": "No."}
        raised = self.together(self.doing(yes, YES), self.doing(no, refuse))
        # A no of one of two changes nothing; after a yes there is nothing left to say.
        self.assertIsNone(raised[0])
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))

    def a_vote_and_the_time(self, definition: TicketDefinition) -> None:
        self.start(definition)
        raised = self.together(self.doing(self.tasks("ask.vote")[0], YES), self.timing_out())
        self.assertIsNone(raised[1])
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))
        self.assertEqual(self.events("TIMED_OUT"), int(raised[0] is not None))

    def a_vote_and_a_cancel(self, definition: TicketDefinition) -> None:
        self.start(definition)
        raised = self.together(self.doing(self.tasks("ask.vote")[0], YES), self.cancelling())
        self.assertIsNone(raised[1])
        self.assertEqual(self.status()[0], "CANCELLED")

    def a_branch_and_a_cancel(self, definition: TicketDefinition) -> None:
        self.start(definition)
        one, two = self.tasks("one", "two")
        self.doing(one, {"again": False})()
        raised = self.together(self.doing(two, {"again": False}), self.cancelling())
        self.assertIsNone(raised[1])
        self.assertEqual(self.status()[0], "CANCELLED")

    def a_deputy_and_the_person(self, definition: TicketDefinition) -> None:
        """The deputy of whoever is away takes the vote over, while they vote themselves."""
        User.objects.filter(pk=self.wendy.pk).update(deputy=self.terry, is_available=True)
        self.start(definition)
        User.objects.filter(pk=self.wendy.pk).update(is_available=False)
        vote = next(each for each in self.tasks("ask.vote") if each.assigned_to == self.wendy)

        def stand_in() -> None:
            take_over(task=vote, by=self.terry, now=timezone.now())
            complete_task(task=vote, output=YES, user=self.terry)

        raised = self.together(self.doing(vote, YES), stand_in)
        self.assertEqual(sum(each is None for each in raised), 1)
        self.assertEqual(self.events("TASK_COMPLETED"), 1)
        self.assertEqual(self.status(), ("IN_PROGRESS", ["OPEN"]))

    def a_claim_and_a_cancel(self, definition: TicketDefinition) -> None:
        self.start(definition)
        (task,) = self.tasks("pooled")
        claim = self.together(
            lambda: claim_task(task=task, user=self.walt, now=timezone.now()), self.cancelling()
        )
        self.assertIsNone(claim[1])
        self.assertEqual(self.status()[0], "CANCELLED")

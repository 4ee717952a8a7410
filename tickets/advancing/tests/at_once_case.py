"""What tests stand on in which two people, or a person and a worker, act at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.examples import is_long_run
from tenants.testing_tools.waits import at_once
from tickets.advancing.timers import fire_timer
from tickets.errors import TicketsError
from tickets.health import company_findings
from tickets.job_names import FIRE_TIMER
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import REASON, broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.crash.made_up_process import bundle, form
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.errors import WorkflowsError
from workflows.models import TaskInstance, TicketDefinition, WorkflowEvent

MANY_TIMES = 10 if is_long_run() else 3
type Act = Callable[[], object]
DECLARED = (TicketsError, WorkflowsError)


class AtOnceCase(CompanyTransactionTestCase):
    """Who comes first is nobody's choice, so each is tried again in the suite of processes
    (`MANY_TIMES`). Terry does tasks, too."""

    TIMES = 1

    def setUp(self) -> None:
        super().setUp()
        worker = Group.objects.get(name=SystemRole.TASK_WORKER)
        self.terry.groups.add(worker)
        self.addCleanup(self.terry.groups.remove, worker)
        people = User.objects.filter(pk=self.wendy.pk)
        self.addCleanup(lambda: people.update(deputy=None, is_available=True))

    def publish(self, key: str, tasks: list[Json], leaving: list[JsonObject]) -> TicketDefinition:
        """The tasks, each reached by a way of `leaving` but the first, and a form `last`."""
        first = str(dict(tasks[0])["key"])  # type: ignore[arg-type]
        ways: list[JsonObject] = [{"from": "start", "to": first}, *leaving]
        document = bundle(key, [*tasks, form("last")], [*ways, {"from": "last", "to": "end"}])
        workflow = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        return TicketDefinition.objects.get(workflow=workflow, is_active=True)

    def approval(self, key: str, needed: str, *, title: str = "Ask") -> TicketDefinition:
        asked: JsonObject = {"people": [self.wendy.email, self.walt.email]}
        task: JsonObject = {"key": "ask", "title": title, "task_type": "APPROVAL"}
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

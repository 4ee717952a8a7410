"""A ticket and its sub-ticket at the same moment: workers, people and cancels on both sides."""

from __future__ import annotations

from collections.abc import Callable

from django.test import tag
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import at_once
from tickets.advancing.tests.at_once_case import MANY_TIMES
from tickets.errors import TicketsError
from tickets.health import company_findings, history_findings
from tickets.job_names import FOLLOW_SUBTICKET
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import REASON
from tickets.submitting.submit_ticket import submit_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.tests.crash.made_up_process import bundle, form
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.errors import WorkflowsError
from workflows.models import TaskInstance, TicketDefinition, WorkflowEvent

type Act = Callable[[], object]
DECLARED = (TicketsError, WorkflowsError)
STARTED = "workflow_instance__started_by__workflow_instance__ticket"


class AtOnceTests(CompanyTransactionTestCase):
    """Who comes first is nobody's choice, so each is tried again in the suite of processes."""

    TIMES = 1

    def publish(self, key: str, tasks: list[Json], ways: list[JsonObject]) -> TicketDefinition:
        workflow = import_bundle(document=bundle(key, tasks, ways), user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        return TicketDefinition.objects.get(workflow=workflow, is_active=True)

    def test_whoever_comes_first(self) -> None:
        below = self.publish(
            "below", [form("offer")], [{"from": "start", "to": "offer"}, _to_end("offer")]
        )
        step: JsonObject = {
            "key": "ask",
            "title": "Ask",
            "task_type": "SUBTICKET",
            "ticket_type": below.key,
            "input_transform": {"amount": {"var": "ticket.amount"}},
        }
        cancelled: Json = {"==": [{"var": "tasks.ask.outcome"}, "cancelled"]}
        self.above = self.publish(
            "above",
            [step, form("last")],
            [
                {"from": "start", "to": "ask"},
                {**_to_end("ask"), "condition": cancelled},
                {"from": "ask", "to": "last", "priority": 1},
                _to_end("last"),
            ],
        )
        for _time in range(self.TIMES):
            self.two_workers_and_a_cancel_while_it_is_started()
            self.its_end_and_a_cancel_above()
            self.two_workers_and_a_cancel_after_its_end()
            self.its_end_while_a_worker_cancels_it()
            self.a_cancel_of_both()
            self.its_end_and_its_own_cancel()

    def begin(self) -> None:
        data: JsonObject = {"amount": 1}
        self.ticket = submit_ticket(definition=self.above, data=data, user=self.uma)
        self.task = TaskInstance.objects.get(workflow_instance__ticket=self.ticket)

    def start(self) -> None:
        self.begin()
        self.follow()
        self.child = Ticket.objects.get(**{STARTED: self.ticket})

    def follow(self) -> None:
        follow_subticket(ticket_id=self.ticket.pk, task_id=self.task.pk)

    def completing(self) -> Act:
        task = TaskInstance.objects.get(workflow_instance__ticket=self.child)
        assert task.assigned_to is not None
        worker = task.assigned_to
        return lambda: complete_task(task=task, output={"again": False}, user=worker)

    def cancelling(self, ticket: Ticket) -> Act:
        return lambda: cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)

    def together(self, *acts: Act) -> list[Exception | None]:
        """What each raised; then the jobs that are left are done."""
        raised = at_once(*acts, company=self.acme)
        for each in raised:
            if each is not None:
                self.assertIsInstance(each, DECLARED)
        jobs = ProcrastinateJob.objects.filter(task_name=FOLLOW_SUBTICKET, status="todo")
        jobs._raw_delete("default")  # each has a run below, and the doctor has no excuse
        self.follow()
        found = [*history_findings(after=0)[0], *company_findings()]
        self.assertEqual([each.message for each in found], [])
        self.assertFalse(TicketError.objects.exists())
        self.assertLessEqual(self.count("SUBTICKET_STARTED"), 1)
        self.assertLessEqual(self.count("SUBTICKET_ENDED"), 1)
        return raised

    def count(self, kind: str) -> int:
        events = WorkflowEvent.objects.filter(workflow_instance__ticket=self.ticket, kind=kind)
        return events.count()

    def statuses(self) -> list[str]:
        """Of the ticket, and of those that it has started."""
        below = Ticket.objects.filter(**{STARTED: self.ticket})
        return [str(Ticket.objects.get(pk=self.ticket.pk).status), *(str(b.status) for b in below)]

    def two_workers_and_a_cancel_while_it_is_started(self) -> None:
        self.begin()
        raised = self.together(self.follow, self.follow, self.cancelling(self.ticket))
        self.assertEqual(raised, [None] * 3)
        self.assertIn(self.statuses(), (["CANCELLED"], ["CANCELLED", "CANCELLED"]))

    def its_end_and_a_cancel_above(self) -> None:
        self.start()
        raised = self.together(self.completing(), self.cancelling(self.ticket))
        self.assertEqual(raised, [None, None])
        self.assertEqual(self.statuses(), ["CANCELLED", "COMPLETED"])
        self.assertEqual(self.count("SUBTICKET_ENDED"), 0)

    def two_workers_and_a_cancel_after_its_end(self) -> None:
        self.start()
        self.completing()()
        raised = self.together(self.follow, self.follow, self.cancelling(self.ticket))
        self.assertEqual(raised, [None] * 3)
        self.assertEqual(self.statuses(), ["CANCELLED", "COMPLETED"])

    def its_end_while_a_worker_cancels_it(self) -> None:
        self.start()
        completing = self.completing()
        self.cancelling(self.ticket)()
        raised = self.together(completing, self.follow, self.follow)
        self.assertEqual(raised[1:], [None, None])
        expected = "COMPLETED" if raised[0] is None else "CANCELLED"
        self.assertEqual(self.statuses(), ["CANCELLED", expected])

    def a_cancel_of_both(self) -> None:
        self.start()
        raised = self.together(self.cancelling(self.child), self.cancelling(self.ticket))
        self.assertEqual(raised, [None, None])
        self.assertEqual(self.statuses(), ["CANCELLED", "CANCELLED"])

    def its_end_and_its_own_cancel(self) -> None:
        """The ticket above follows whichever of the two came first."""
        self.start()
        ended, cancelled = self.together(self.completing(), self.cancelling(self.child))
        self.assertEqual((ended is None) + (cancelled is None), 1)
        # Cancelled, the ticket above ends with it, as its process says; else it goes on.
        expected = ["IN_PROGRESS", "COMPLETED"] if ended is None else ["COMPLETED", "CANCELLED"]
        self.assertEqual(self.statuses(), expected)
        self.assertEqual(self.count("SUBTICKET_ENDED"), 1)


def _to_end(source: str) -> JsonObject:
    return {"from": source, "to": "end"}


@tag("processes")
class ManyTimesTests(AtOnceTests):
    TIMES = MANY_TIMES

"""What the tests of sub-tickets stand on: a type that is started, and the jobs between the two."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from tickets.advancing.tests.block_case import BlockCase, define_flow
from tickets.job_names import FOLLOW_SUBTICKET
from tickets.models import Ticket
from tickets.subtickets.follow_subticket import follow_subticket
from workflows.engine.process import Json, JsonObject
from workflows.models import TicketDefinition

AMOUNT: list[JsonObject] = [
    {"name": "amount", "label": "Amount", "type": "integer", "required": True}
]
GIVEN: JsonObject = {"amount": {"var": "ticket.amount"}}


def is_outcome(outcome: str) -> Json:
    return {"==": [{"var": "tasks.ask.outcome"}, outcome]}


def starts(ticket_type: str, key: str = "ask", branch: str = "", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "title": "Ask for an offer",
        "branch": branch,
        "task_type": "SUBTICKET",
        "ticket_type": ticket_type,
        "input_transform": GIVEN,
        **more,
    }


class SubticketCase(BlockCase):
    """`self.inner` is the type that is started: a form that ends well, badly or neutrally."""

    inner: TicketDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        result: JsonObject = {"name": "result", "label": "Result", "type": "text"}
        cls.inner = define_flow(
            "inner",
            {"key": "offer", "title": "Offer", "fields": [result]},
            by=cls.carla,
            ways=[
                (None, "offer"),
                ("offer", None, {"condition": _said("no"), "label": "refused", "outcome": "bad"}),
                ("offer", None, {"condition": _said("?"), "label": "open", "outcome": "neutral"}),
                ("offer", None, {"label": "granted", "priority": 9}),
            ],
            fields=AMOUNT,
        )

    def work_off(self) -> int:
        """Do what jobs are to do of sub-tickets, until there are none; returns how many."""
        done = 0
        while job := self.jobs().first():
            arguments = {name: job.args[name] for name in ("ticket_id", "task_id")}
            self.jobs().filter(pk=job.pk)._raw_delete("default")
            with self.captureOnCommitCallbacks(execute=True):
                follow_subticket(**arguments)
            done += 1
        return done

    def jobs(self) -> Any:
        jobs = ProcrastinateJob.objects.filter(task_name=FOLLOW_SUBTICKET, status="todo")
        return jobs.order_by("pk")

    def started(self) -> list[Ticket]:
        """The tickets that `self.ticket` has started."""
        found = Ticket.objects.filter(
            workflow_instance__started_by__workflow_instance__ticket=self.ticket
        )
        return list(found.select_related("workflow_instance").order_by("pk"))

    def answer(self, ticket: Ticket, result: str) -> None:
        """Complete the form of a ticket that was started."""
        above, self.ticket = self.ticket, ticket
        self.complete("offer", {"result": result})
        self.ticket = above


def _said(result: str) -> Json:
    return {"==": [{"var": ["tasks.offer.result", ""]}, result]}

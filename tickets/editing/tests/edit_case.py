"""A request that is sent back, corrected by whoever submitted it, and decided anew."""

from __future__ import annotations

from typing import ClassVar

from django.utils import timezone

from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition, WorkflowEvent
from workflows.running.events.of_repairs.changed import CHANGED

EDITS: list[Json] = [
    {"field": "amount"},
    {"field": "urgency"},
    {"field": "reason", "mode": "see"},
    {"field": "quote"},
    {"task": "estimate", "field": "hours"},
]
REFUSED: JsonObject = {"decision": "refused", "comment": "Far too much."}
APPROVED: JsonObject = {"decision": "approved"}


def request_document() -> JsonObject:
    """What is asked for; an estimate; a decision; where it is refused, a correction."""
    above: Json = {">": [{"var": "amount"}, 1000]}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "request",
            "title": "Request",
            "fields": [
                {"name": "what", "label": "What", "type": "text", "required": True},
                {"name": "amount", "label": "Amount", "type": "number", "required": True,
                 "min": 1, "max": 5000, "listed": True},
                {"name": "urgency", "label": "Urgency", "type": "choice",
                 "choices": ["low", "normal", "high", "urgent"]},
                {"name": "reason", "label": "Reason", "type": "text"},
                {"name": "quote", "label": "Quote", "type": "file", "required": True,
                 "visible_when": above},
                {"name": "cost_centre", "label": "Cost centre", "type": "text"},
            ],
        },
        "tasks": [
            {"key": "estimate", "title": "Estimate it", "fields": [
                {"name": "hours", "label": "Hours", "type": "integer", "required": True,
                 "seen_by": "requester"},
                {"name": "guess", "label": "How sure", "type": "text"},
            ]},
            {"key": "decide", "title": "Decide", "fields": [
                {"name": "decision", "label": "Decision", "type": "choice", "required": True,
                 "choices": ["approved", "refused"], "seen_by": "requester"},
                {"name": "comment", "label": "Comment", "type": "text"},
            ]},
            {"key": "correct", "title": "Correct and resubmit",
             "assign_to": {"who": "requester"}, "edits": EDITS, "fields": [
                {"name": "remark", "label": "What was changed", "type": "text"},
            ]},
        ],
        "transitions": [
            {"from": "start", "to": "estimate"},
            {"from": "estimate", "to": "decide"},
            {"from": "decide", "to": "correct", "priority": 1, "condition":
                {"==": [{"var": "tasks.decide.decision"}, "refused"]}},
            {"from": "decide", "to": "end", "label": "small", "priority": 2, "condition":
                {"<": [{"var": "ticket.amount"}, 100]}},
            {"from": "decide", "to": "end", "label": "large", "priority": 3},
            {"from": "correct", "to": "decide"},
        ],
        "ticket_types": [
            {"key": "request", "title": "Request", "priority_from": "urgency",
             "presets": {"cost_centre": "4711"}},
        ],
        "tests": [{
            "name": "Sent back, corrected, approved",
            "ticket_type": "request",
            "ticket": {"what": "Chairs", "amount": 900},
            "answers": [
                {"task": "estimate", "output": {"hours": 2}},
                {"task": "decide", "output": REFUSED},
                {"task": "correct", "edits": {"ticket.amount": 50, "tasks.estimate.hours": 1}},
                {"task": "decide", "output": APPROVED},
            ],
            "expect": {"path": ["estimate", "decide", "correct", "decide"], "end": "small"},
        }],
    }  # fmt: skip


def publish_request(by: User) -> WorkflowDefinition:
    workflow = import_bundle(document=request_document(), user=by)
    publish_workflow(workflow=workflow, user=by)
    return workflow


class EditCase(CompanyTestCase):
    """Uma submits; wendy and walt are the workers."""

    workflow: ClassVar[WorkflowDefinition]
    type: ClassVar[TicketDefinition]

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.workflow = publish_request(cls.carla)
        cls.type = cls.workflow.ticket_definitions.get()

    def submit(self, amount: int = 900, **more: Json) -> Ticket:
        data: JsonObject = {"what": "Chairs", "amount": amount, "reason": "Old ones", **more}
        return submit_ticket(definition=self.type, data=data, user=self.uma)

    def task(self, ticket: Ticket) -> TaskInstance:
        tasks = TaskInstance.objects.select_related("definition__workflow", "assigned_to")
        return tasks.filter(workflow_instance=ticket.workflow_instance_id).latest("pk")

    def done(self, ticket: Ticket, output: JsonObject, **more: object) -> TaskInstance:
        """Whoever has the current task does it; the next one."""
        task = self.task(ticket)
        assert task.assigned_to is not None
        complete_task(task=task, output=output, user=task.assigned_to, **more)  # type: ignore[arg-type]
        return self.task(ticket)

    def sent_back(self, amount: int = 900, **more: Json) -> Ticket:
        """A ticket whose requester is to correct it."""
        ticket = self.submit(amount, **more)
        self.done(ticket, {"hours": 3, "guess": "Not at all"})
        correct = self.done(ticket, REFUSED)
        assert correct.definition.key == "correct"
        return ticket

    def fresh(self, ticket: Ticket) -> Ticket:
        rows = Ticket.objects.select_related("workflow", "workflow_instance", "definition")
        return rows.get(pk=ticket.pk)

    def changes(self, ticket: Ticket) -> list[WorkflowEvent]:
        events = WorkflowEvent.objects.filter(
            workflow_instance=ticket.workflow_instance_id, kind=CHANGED
        )
        return list(events.select_related("task_instance__definition", "actor").order_by("pk"))

    def person(self, task: TaskInstance) -> User:
        assert task.assigned_to is not None
        return task.assigned_to

    now = staticmethod(timezone.now)

"""What the tests of the submitter's and the worker's screens share."""

from __future__ import annotations

from tenants.roles import SystemRole
from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    Transition,
    WorkflowDefinition,
)

FIELDS: list[JsonObject] = [
    {"name": "what", "label": "What do you need?", "type": "text", "required": True},
    {"name": "amount", "label": "Amount", "type": "number", "more_than": 0},
    {"name": "doc", "label": "Document", "type": "file"},
    {
        "name": "why", "label": "Why so much?", "type": "text", "required": True,
        "visible_when": {">": [{"var": "amount"}, 1000]},
    },
]  # fmt: skip
CHECK: list[JsonObject] = [
    {"name": "ok", "label": "Is it all right?", "type": "boolean", "required": True},
    {
        "name": "reason", "label": "What is wrong?", "type": "text", "required": True,
        "visible_when": {"==": [{"var": "ok"}, False]},
    },
]  # fmt: skip


def make_type(
    key: str = "purchase",
    *,
    version: int = 1,
    fields: list[JsonObject] | None = None,
    presets: JsonObject | None = None,
) -> TicketDefinition:
    """A published ticket type with two tasks, check and order; its older version is retired."""
    for old in TicketDefinition.objects.filter(key=key, is_active=True):
        old.is_active = False
        old.save()
        old.workflow.retire()
        old.workflow.save()
    workflow = WorkflowDefinition.objects.create(
        key=key, version=version, title="Purchase", fields=FIELDS if fields is None else fields
    )
    check = TaskDefinition.objects.create(
        workflow=workflow, key="check", title="Check it", position=1, fields=CHECK,
        description="Is it within the budget?",
    )  # fmt: skip
    order = TaskDefinition.objects.create(
        workflow=workflow, key="order", title="Order it", position=2, fields=[]
    )
    transitions: list[tuple[TaskDefinition | None, TaskDefinition | None, str, Json]] = [
        (None, check, "", None),
        (check, order, "fine", {"==": [{"var": "tasks.check.ok"}, True]}),
        (check, None, "refused", None),
        (order, None, "ordered", None),
    ]
    for priority, (source, target, label, condition) in enumerate(transitions):
        Transition.objects.create(
            workflow=workflow, from_task=source, to_task=target, label=label,
            condition=condition, priority=priority,
        )  # fmt: skip
    workflow.publish(by=None)
    workflow.save()
    return TicketDefinition.objects.create(
        key=key, version=version, title="Purchase request", workflow=workflow, is_active=True,
        presets=presets or {},
    )  # fmt: skip


class ScreenTestCase(CompanyTestCase):
    """Uma submits purchases; wendy is the only worker who is available."""

    definition: TicketDefinition

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.definition = make_type()
        cls.walt.is_available = False
        cls.walt.save()

    def submit(self, **data: Json) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            ticket = submit_ticket(
                definition=self.definition, data={"what": "A desk", **data}, user=self.uma
            )
        return Ticket.objects.get(pk=ticket.pk)

    def task_of(self, ticket: Ticket) -> TaskInstance:
        return TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance).latest("pk")

    def make_user_too(self, *people: str) -> None:
        for name in people:
            self.give_role(getattr(self, name), SystemRole.USER)

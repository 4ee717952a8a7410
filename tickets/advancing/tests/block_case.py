"""What the tests of blocks stand on: a definition in few words, what must hold after a step."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.health.company import company_findings
from tickets.health.histories import history_findings
from tickets.job_names import RUN_ACTION
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    Path,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)

NOTE: list[JsonObject] = [{"name": "note", "label": "Note", "type": "text"}]
ROWS: list[JsonObject] = [
    {
        "name": "lines",
        "label": "Lines",
        "type": "records",
        "fields": [{"name": "article", "label": "Article", "type": "text", "required": True}],
    }
]


def form(key: str, branch: str = "", **more: Any) -> dict[str, Any]:
    return {"key": key, "title": key.title(), "branch": branch, "fields": NOTE, **more}


def call(key: str, branch: str = "", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "title": key.title(),
        "branch": branch,
        "task_type": "SYNC_ACTION",
        "action_url": "http://accounting.example/",
        "retries": 0,
        **more,
    }


def block(key: str, branch: str = "", *, starts: dict[str, str], **more: Any) -> dict[str, Any]:
    """`starts` is {branch: the key of its first task}."""
    branches: list[Json] = [
        {"key": name, "title": name.upper(), "start": start} for name, start in starts.items()
    ]
    return {
        "key": key,
        "title": key.title(),
        "task_type": "BLOCK",
        "branch": branch,
        "branches": branches,
        **more,
    }


def define_flow(
    key: str,
    *tasks: dict[str, Any],
    by: User,
    ways: list[tuple[Any, ...]],
    fields: list[JsonObject] | None = None,
) -> TicketDefinition:
    """A published workflow; `ways` are (from, to, and more of a transition, by name)."""
    workflow = WorkflowDefinition.objects.create(
        key=f"flow-{key}", title="Flow", fields=NOTE if fields is None else fields
    )
    made: dict[str | None, TaskDefinition | None] = {None: None}
    for position, task in enumerate(tasks):
        made[task["key"]] = workflow.tasks.create(position=position, **task)
    for source, target, *more in ways:
        workflow.transitions.create(
            from_task=made[source], to_task=made[target], **(more[0] if more else {})
        )
    workflow.publish(by=by)
    workflow.save()
    return TicketDefinition.objects.create(
        key=f"thing-{key}", title="Thing", workflow=workflow, is_active=True
    )


class BlockCase(CompanyTestCase):
    """A published workflow of the tasks that `define` is given, and one ticket of it."""

    number = 0

    def define(
        self,
        *tasks: dict[str, Any],
        ways: list[tuple[Any, ...]],
        fields: list[JsonObject] | None = None,
    ) -> TicketDefinition:
        """As `define_flow`."""
        type(self).number += 1
        self.definition = define_flow(
            str(self.number), *tasks, by=self.carla, ways=ways, fields=fields
        )
        return self.definition

    def submit(self, data: JsonObject | None = None) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            self.ticket = submit_ticket(definition=self.definition, data=data or {}, user=self.uma)
        return self.ticket

    def shown_ticket(self) -> Ticket:
        """As pages fetch it that show answers."""
        return Ticket.objects.select_related(
            "workflow", "workflow_instance__current_task__definition"
        ).get(pk=self.ticket.pk)

    def instance(self) -> WorkflowInstance:
        return WorkflowInstance.objects.select_related("current_task__definition").get(
            ticket=self.ticket
        )

    def tasks(self, key: str = "", *statuses: str) -> list[TaskInstance]:
        found = TaskInstance.objects.filter(workflow_instance__ticket=self.ticket)
        if key:
            found = found.filter(definition__key=key)
        if statuses:
            found = found.filter(status__in=statuses)
        return list(found.select_related("definition", "assigned_to", "path").order_by("pk"))

    def task(self, key: str) -> TaskInstance:
        """The newest."""
        return self.tasks(key)[-1]

    def open_keys(self) -> list[str]:
        """The forms and calls that are to be done."""
        return [
            each.definition.key
            for each in self.tasks("", "OPEN", "IN_PROGRESS", "PENDING")
            if each.definition.task_type != "BLOCK"
        ]

    def status_of(self, key: str) -> str:
        return str(self.task(key).status)

    def worker_of(self, task: TaskInstance) -> User:
        assert task.assigned_to is not None, task
        return task.assigned_to

    def complete(self, task: str | TaskInstance, output: JsonObject | None = None) -> None:
        found = self.task(task) if isinstance(task, str) else task
        with self.captureOnCommitCallbacks(execute=True):
            complete_task(task=found, output=output or {}, user=self.worker_of(found))

    def paths(self) -> list[tuple[str, int, str]]:
        rows = Path.objects.filter(workflow_instance__ticket=self.ticket).order_by("pk")
        return [(each.branch, each.number, str(each.status)) for each in rows]

    def kinds(self) -> list[str]:
        events = WorkflowEvent.objects.filter(workflow_instance__ticket=self.ticket)
        return list(events.order_by("pk").values_list("kind", flat=True))

    def events(self, kind: str) -> list[WorkflowEvent]:
        events = WorkflowEvent.objects.filter(workflow_instance__ticket=self.ticket, kind=kind)
        return list(events.order_by("pk"))

    def calls(self) -> list[ProcrastinateJob]:
        return list(ProcrastinateJob.objects.filter(task_name=RUN_ACTION).order_by("pk"))

    def assert_sound(self) -> None:
        """The history leads to what is stored and vouches for it; the doctor finds nothing."""
        found = [*history_findings(after=0)[0], *company_findings()]
        self.assertEqual([each.message for each in found], [])

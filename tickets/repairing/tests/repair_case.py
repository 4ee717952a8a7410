"""What the tests of repairs stand on: a small workflow with a form, a branch and a call.

start → check (form) → big: archive (call) → end; small: sign (form) → end.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.models import User
from tickets.job_names import RUN_ACTION
from tickets.models import Ticket, TicketError
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    TicketDefinition,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.models.task_instance import UNFINISHED
from workflows.running.events.kind import EventKind
from workflows.running.history import replay, stored_state
from workflows.running.state_manager import WorkflowStateManager

REASON = "The other system was down."
FIELDS: list[JsonObject] = [
    {"name": "amount", "label": "Amount", "type": "integer", "required": True, "max": 1000},
    {"name": "site", "label": "Site", "type": "text"},
]
BIG: list[JsonObject] = [{"name": "big", "label": "Big?", "type": "boolean", "required": True}]
SIGNED: list[JsonObject] = [{"name": "signed", "label": "Signed", "type": "text"}]


class SmallWorkflow:
    """A mixin: makes the workflow and takes a ticket to the place where it fails."""

    carla: User
    uma: User
    terry: User

    def make_workflow(self, *, small_condition: Json = None) -> None:
        self.workflow = WorkflowDefinition.objects.create(key="flow", title="Flow", fields=FIELDS)
        self.check = self._task("check", fields=BIG)
        self.sign = self._task("sign", fields=SIGNED)
        self.archive = self._task(
            "archive",
            task_type="SYNC_ACTION",
            action_url="http://accounting.example/invoices",
            output_schema={
                "type": "object",
                "properties": {"document": {"type": "string"}},
                "required": ["document"],
            },
        )
        transitions = self.workflow.transitions
        self.start_transition = transitions.create(to_task=self.check)
        transitions.create(
            from_task=self.check,
            to_task=self.archive,
            condition={"==": [{"var": "tasks.check.big"}, True]},
        )
        self.small_transition = transitions.create(
            from_task=self.check, to_task=self.sign, condition=small_condition, priority=9
        )
        transitions.create(from_task=self.sign, label="signed")
        transitions.create(from_task=self.archive, label="archived")
        self.workflow.publish(by=self.carla)
        self.workflow.save()
        self.type = TicketDefinition.objects.create(
            key="thing",
            title="Thing",
            workflow=self.workflow,
            is_active=True,
            presets={"site": "Ghent"},
        )

    def _task(self, key: str, **fields: object) -> TaskDefinition:
        return TaskDefinition.objects.create(
            workflow=self.workflow, key=key, title=key.title(), **fields
        )

    def submit(self) -> Ticket:
        return submit_ticket(definition=self.type, data={"amount": 7}, user=self.uma)

    def current(self, ticket: Ticket) -> TaskInstance:
        return TaskInstance.objects.select_related("definition", "assigned_to").get(
            pk=self.instance(ticket).current_task_id or 0
        )

    def instance(self, ticket: Ticket) -> WorkflowInstance:
        return WorkflowInstance.objects.get(ticket=ticket)

    def answer(self, ticket: Ticket, output: JsonObject) -> None:
        task = self.current(ticket)
        assert task.assigned_to is not None
        complete_task(task=task, output=output, user=task.assigned_to)

    def fail_call(
        self, ticket: Ticket, message: str = "It answered with status 500."
    ) -> TicketError:
        """As a worker leaves a call that has failed for good."""
        with transaction.atomic():
            manager = WorkflowStateManager.lock(self.instance(ticket).pk, now=timezone.now())
            task = self.current(ticket)
            manager.begin_call(task, input_data={"amount": 7})
            manager.fail_task(task, reason=message)
            jobs = ProcrastinateJob.objects.filter(task_name=RUN_ACTION)
            jobs.filter(args__contains={"task_id": task.pk}).delete()
            return TicketError.objects.create(
                ticket=ticket, task=task, error_type="TASK_UPDATE", message=message
            )

    def calls(self) -> list[ProcrastinateJob]:
        return list(ProcrastinateJob.objects.filter(task_name=RUN_ACTION).order_by("pk"))

    def last_event(self, kind: EventKind) -> WorkflowEvent:
        event = WorkflowEvent.objects.filter(kind=kind).last()
        assert event is not None, kind
        return event


def broken_invariants(ticket: Ticket) -> list[str]:
    """What must hold of every ticket between two transactions, and does not."""
    ticket = Ticket.objects.get(pk=ticket.pk)
    instance = ticket.workflow_instance
    if instance is None:
        return []
    errors = list(ticket.errors.stopping().select_related("task"))
    tasks = list(TaskInstance.objects.filter(workflow_instance=instance))
    unfinished = [task for task in tasks if task.status in UNFINISHED]
    failed = sorted(task.pk for task in tasks if task.status == TaskStatus.ERROR)
    of_tasks = sorted(error.task.pk for error in errors if error.task is not None)
    of_instance = TaskInstance.objects.filter(workflow_instance=instance)
    current = set(of_instance.current().values_list("pk", flat=True))
    in_block = any(task.path_id is not None for task in unfinished)
    is_new = instance.status == "NOT_STARTED"
    is_alive = instance.status in ("IN_PROGRESS", "ON_HOLD")
    replayed = replay(WorkflowEvent.objects.filter(workflow_instance=instance))
    stored = stored_state(instance)
    rules = (
        (len(unfinished) <= 1 or in_block, "at most one unfinished task outside blocks"),
        (is_alive or not unfinished, "no unfinished task unless it runs"),
        (is_alive or is_new or not errors, "no open error of a ticket that has ended"),
        (all(task.pk in current for task in unfinished), "each is where a path stands"),
        (not is_new or not tasks, "no task before the start"),
        (
            not is_alive or instance.current_task_id is not None or instance.is_to_clean_up,
            "a current task where it runs",
        ),
        (failed == of_tasks, "a task is in ERROR exactly if it has one open error"),
        (
            is_new or instance.is_to_clean_up or len(errors) == len(of_tasks),
            "no error of the start after the start",
        ),
        (
            all(task.assigned_to_id for task in tasks if task.status == TaskStatus.OPEN),
            "somebody has each open task",
        ),
        (replayed == stored, f"the history leads to what is stored: {replayed}, {stored}"),
    )
    return [rule for holds, rule in rules if not holds]

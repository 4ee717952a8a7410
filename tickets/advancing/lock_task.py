"""The locks of whoever works on a task: its ticket, its workflow instance, the task itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tenants.fast.prepared import PreparedQuery
from tenants.models import User
from tickets.models import Ticket
from tickets.models.webhook import WATCHED
from workflows.errors import NotYourTaskError, TaskNotWorkableError, TaskWaitsError
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.state_manager import NEXT_TASK, WorkflowStateManager

# What a step needs of the workflow instance, and of whoever submitted the ticket.
PERSON = ("email", "first_name", "last_name")
INSTANCE = (
    "status",
    "workflow",
    "data",
    "current_task",
    "started_at",
    "was_cancelled",
    "started_by",
)


def _workable(pk: int) -> QuerySet[TaskInstance]:
    return (
        TaskInstance.objects.filter(pk=pk, workflow_instance__ticket__isnull=False)
        .select_related("workflow_instance__ticket__created_by")
        .only(
            *("status", "definition", "assigned_to", "started_at", "path"),
            *(f"workflow_instance__{name}" for name in INSTANCE),
            "workflow_instance__ticket__data",
            *(f"workflow_instance__ticket__created_by__{name}" for name in PERSON),
        )
        .order_by()
        # The order in which every service takes these locks.
        .select_for_update(
            of=("workflow_instance__ticket", "workflow_instance", "self"), no_key=True
        )
    )


_locked = PreparedQuery(_workable)
_locked_with_next_task = PreparedQuery(_workable, also=NEXT_TASK | WATCHED)


def lock_workable(
    task: TaskInstance, *, user: User, now: datetime, moves_on: bool = False
) -> tuple[WorkflowStateManager, TaskInstance, Ticket]:
    """Lock a person's own task, with its ticket and workflow, for what they do to it.

    `moves_on`: the workflow is to take its next step; the id of the next task is drawn too.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskWaitsError: it waits for an answer.
        TaskNotWorkableError: it has ended already, or is no form.
    """
    locked: Any = (_locked_with_next_task if moves_on else _locked).first(task.pk)
    if locked is None:
        raise TaskNotWorkableError
    if locked.assigned_to_id != user.pk:
        raise NotYourTaskError
    # Before its definition is looked for: one that has ended may be of an older version.
    if locked.waits_for_answer:
        raise TaskWaitsError
    if not locked.is_workable:
        raise TaskNotWorkableError
    instance = locked.workflow_instance
    known = definition_of(instance.workflow_id)
    locked.definition = known.tasks_by_id[locked.definition_id]
    if not locked.definition.is_form:
        raise TaskNotWorkableError
    instance.workflow = known.workflow
    if instance.current_task_id == locked.pk:
        instance.current_task = locked
    next_task_id = getattr(locked, "next_task_id", None)
    manager = WorkflowStateManager(instance, now=now, actor=user, next_task_id=next_task_id)
    if moves_on:
        instance.ticket.is_watched = locked.is_watched
    manager.is_about(instance.ticket)
    return manager, locked, instance.ticket

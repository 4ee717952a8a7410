from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tenants.connection import current_schema
from tenants.fast.prepared import PreparedQuery
from tenants.models import User
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.take_step import StepFailedError, take_step, undone_where_it_fails
from tickets.files.keep_file import claim_files
from tickets.models import Ticket
from workflows.engine.process import JsonObject
from workflows.errors import InvalidDataError, NotYourTaskError, TaskNotWorkableError
from workflows.models import TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.state_manager import NEXT_TASK, WorkflowStateManager

logger = logging.getLogger(__name__)

# What a step needs of the workflow instance, and of whoever submitted the ticket.
PERSON = ("email", "first_name", "last_name")
INSTANCE = ("status", "workflow", "data", "current_task", "started_at")


def _workable(pk: int) -> QuerySet[TaskInstance]:
    return (
        TaskInstance.objects.filter(pk=pk, workflow_instance__ticket__isnull=False)
        .select_related("workflow_instance__ticket__created_by")
        .only(
            *("status", "definition", "assigned_to", "started_at"),
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
_locked_with_next_task = PreparedQuery(_workable, also=NEXT_TASK)
# By statements that begin after the locks are held: `_locked` itself does not see what was saved
# while it waited for them.
_FORGET_SAVED_ANSWERS = (
    """
    DELETE FROM tickets_savedanswers_files WHERE savedanswers_id IN (
        SELECT id FROM tickets_savedanswers WHERE task_id = %s AND user_id = %s)
    """,
    "DELETE FROM tickets_savedanswers WHERE task_id = %s AND user_id = %s",
)


def complete_task(
    *, task: TaskInstance, output: JsonObject, user: User, now: datetime | None = None
) -> None:
    """Complete a FORM task with its output and take the workflow's next step, in one transaction.

    Of two who complete the same task, one wins and the other is told. Should the step fail in
    a way that nobody has foreseen, the task is completed all the same, and the workflow moves
    on right after the commit, as `advance_after_commit` says.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or its workflow does not run.
        InvalidDataError: the output does not fit the form; it lists every problem.
        UnknownUploadError: the output names a file that this person did not upload.
    """
    now = now or timezone.now()
    try:
        with transaction.atomic():
            manager, locked, ticket = _checked(task, output, user, now)
            with undone_where_it_fails(), manager.together():
                manager.complete_task(locked, output=output)
                take_step(ticket, manager, now=now)
            return
    except StepFailedError:
        logger.exception("The step after task %s of %s failed", task.pk, current_schema())
    with transaction.atomic():
        manager, locked, ticket = _checked(task, output, user, now)
        manager.complete_task(locked, output=output)
        advance_after_commit(ticket.pk)


def _checked(
    task: TaskInstance, output: JsonObject, user: User, now: datetime
) -> tuple[WorkflowStateManager, TaskInstance, Ticket]:
    manager, locked, ticket = lock_workable(task, user=user, now=now, moves_on=True)
    manager.ensure_workable(locked)
    problems = (
        definition_of(manager.instance.workflow_id).task_form(locked.definition).validate(output)
    )
    if problems:
        raise InvalidDataError(problems)
    claim_files(locked.definition.fields, output, ticket=ticket, user=user)
    for statement in _FORGET_SAVED_ANSWERS:
        manager.also_run(statement, locked.pk, user.pk)
    return manager, locked, ticket


def start_task(*, task: TaskInstance, user: User, now: datetime | None = None) -> None:
    """Note that the worker has begun.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or its workflow does not run.
    """
    with transaction.atomic():
        manager, locked, _ticket = lock_workable(task, user=user, now=now or timezone.now())
        manager.start_task(locked)


def lock_workable(
    task: TaskInstance, *, user: User, now: datetime, moves_on: bool = False
) -> tuple[WorkflowStateManager, TaskInstance, Ticket]:
    """Lock a person's own task, with its ticket and workflow, for what they do to it.

    `moves_on`: the workflow is to take its next step; the assignment is locked too.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or is no form.
    """
    locked: Any = (_locked_with_next_task if moves_on else _locked).first(task.pk)
    if locked is None:
        raise TaskNotWorkableError
    if locked.assigned_to_id != user.pk:
        raise NotYourTaskError
    # Before its definition is looked for: one that has ended may be of an older version.
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
    return manager, locked, instance.ticket

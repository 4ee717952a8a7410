from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants.models import User
from tickets.models import SavedAnswers, Ticket
from tickets.services.keep_file import claim_files
from tickets.services.safety_net import advance_after_commit
from workflows.engine.process import JsonObject
from workflows.engine.validation import validate_fields
from workflows.errors import InvalidDataError, NotYourTaskError, TaskNotWorkableError
from workflows.models import TaskInstance
from workflows.state_manager import WorkflowStateManager


def complete_task(
    *, task: TaskInstance, output: JsonObject, user: User, now: datetime | None = None
) -> None:
    """Complete a FORM task with its output; the workflow moves on right after the commit.

    Of two who complete the same task, one wins and the other is told.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or its workflow does not run.
        InvalidDataError: the output does not fit the form; it lists every problem.
        UnknownUploadError: the output names a file that this person did not upload.
    """
    with transaction.atomic():
        manager, locked, ticket = lock_workable(task, user=user, now=now or timezone.now())
        problems = validate_fields(locked.definition.fields, output)
        if problems:
            raise InvalidDataError(problems)
        claim_files(locked.definition.fields, output, ticket=ticket, user=user)
        manager.complete_task(locked, output=output)
        SavedAnswers.objects.filter(task=locked, user=user).delete()
        advance_after_commit(ticket.pk)


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
    task: TaskInstance, *, user: User, now: datetime
) -> tuple[WorkflowStateManager, TaskInstance, Ticket]:
    """Lock a person's own task for what they do to it.

    Raises:
        NotYourTaskError: the task is assigned to somebody else.
        TaskNotWorkableError: it has ended already, or is no form.
    """
    manager = WorkflowStateManager.lock(task.workflow_instance_id, now=now, actor=user)
    locked = TaskInstance.objects.select_related("definition").get(pk=task.pk)
    if locked.assigned_to_id != user.pk:
        raise NotYourTaskError
    if not locked.definition.is_form or not locked.is_workable:
        raise TaskNotWorkableError
    return manager, locked, Ticket.objects.get(workflow_instance=manager.instance)

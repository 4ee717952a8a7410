"""The pool: forms that nobody has, from which workers claim and into which they give back.

A form is in the pool while nobody who may do it is available, or nobody but whoever gave it
back. Claiming needs no availability: whoever is away may still take something on.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tenants.models import User
from workflows.errors import (
    MayNotClaimError,
    NotYourTaskError,
    TaskNotWorkableError,
    TaskWaitsError,
)
from workflows.models import TaskInstance
from workflows.running.people.assignment import lock_assignment
from workflows.running.people.candidates import candidates_of
from workflows.running.people.candidates_in_sql import in_pool_of
from workflows.running.state_manager import WorkflowStateManager


def pool_of(user: User) -> QuerySet[TaskInstance]:
    """The forms that this person may claim, or take over, oldest first; one query."""
    return in_pool_of(user, TaskInstance.objects.on_offer())


def claim_task(*, task: TaskInstance, user: User, now: datetime) -> None:
    """Take a task out of the pool. Of two who claim it one wins, and the other is refused.

    Raises:
        TaskTakenError: somebody has it (the person themselves, after a double click).
        MayNotClaimError: the person is no active task worker, or not of the task's role; or the
            task's rule keeps it from them.
        TaskNotWorkableError: it has ended, or its workflow does not run.
    """
    with transaction.atomic():
        manager = WorkflowStateManager.lock(task.workflow_instance_id, now=now, actor=user)
        # What waits is also given out without the instance's lock, but never without this one.
        lock_assignment()
        locked = _read(task)
        if not candidates_of(locked).may_have(user):
            raise MayNotClaimError
        manager.claim_task(locked, by=user)


def release_task(*, task: TaskInstance, user: User, now: datetime) -> None:
    """Put an own task back. Another worker who is available is given it at once.

    Where there is none it waits for one, or for a claim. It is not given to the same person
    again, unless they claim it, or go away and come back.

    Raises:
        NotYourTaskError: somebody else has it.
        TaskNotWorkableError: it has ended, or its workflow does not run.
    """
    with transaction.atomic():
        manager = WorkflowStateManager.lock(task.workflow_instance_id, now=now, actor=user)
        locked = _read(task)
        if locked.assigned_to_id != user.pk:
            raise NotYourTaskError
        if locked.waits_for_answer:
            raise TaskWaitsError
        if not locked.is_workable:
            raise TaskNotWorkableError
        manager.release_task(locked, by=user)


def _read(task: TaskInstance) -> TaskInstance:
    """The task as it is now, locked; only forms are claimed or given back."""
    tasks = TaskInstance.objects.select_related("definition__candidate_role")
    locked = tasks.select_for_update(of=("self",), no_key=True).get(pk=task.pk)
    if not locked.definition.is_form:
        raise TaskNotWorkableError
    return locked

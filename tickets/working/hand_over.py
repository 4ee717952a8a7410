from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tenants.models import User
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.errors import ReasonMissingError
from tickets.models import Ticket
from workflows.errors import NotYourTaskError, TaskNotWorkableError, TaskWaitsError
from workflows.models import TaskInstance
from workflows.running.workflow_repair import WorkflowRepair


def hand_over(*, task: TaskInstance, to: User, by: User, reason: str, now: datetime) -> User | None:
    """Give an own task to a colleague by name; who is away may have a deputy, who gets it then.

    The history says who gave it to whom and why, and the colleague is told. Returns who has it.

    Raises:
        ReasonMissingError: the reason is blank.
        NotYourTaskError: somebody else has it (by now).
        TaskWaitsError: it waits for an answer.
        TaskNotWorkableError: it has ended, or its workflow does not run.
        WorkerNotEligibleError: the colleague is not active, no task worker of this company, or
            not in the task's company role.
        NothingChangedError: they have it already.
    """
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise ReasonMissingError
    with transaction.atomic():
        ticket = lock_ticket(Ticket.objects.get(workflow_instance=task.workflow_instance_id).pk)
        manager = lock_instance_of(ticket, WorkflowRepair, now=now, actor=by)
        locked = manager.read_task(task.pk)
        if locked.assigned_to_id != by.pk:
            raise NotYourTaskError
        if locked.waits_for_answer:
            raise TaskWaitsError
        if not locked.is_workable:
            raise TaskNotWorkableError
        manager.ensure_workable(locked)
        return manager.reassign(locked, to=to, reason=reason)

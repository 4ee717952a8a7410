"""A task that waits for an answer of the requester goes on: with it, or without."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tenants.models import User
from tickets.advancing.lock_ticket import lock_ticket
from tickets.models import Message, Ticket
from workflows.errors import NotWaitingError, NotYourTaskError, TaskNotWorkableError
from workflows.models import TaskInstance
from workflows.running.questions import ASKED_OF
from workflows.running.workflow_repair import WorkflowRepair


def go_on_without_answer(*, task: TaskInstance, user: User, now: datetime) -> None:
    """Let a task of one's own go on that waits for an answer.

    Raises:
        NotYourTaskError: somebody else has it.
        NotWaitingError: it does not wait (any more).
        TaskNotWorkableError: it has ended.
    """
    with transaction.atomic():
        ticket = Ticket.objects.get(workflow_instance=task.workflow_instance_id)
        locked, manager = _lock(ticket, task.pk, user, now)
        if locked.assigned_to_id != user.pk:
            raise NotYourTaskError
        if locked.is_workable:
            raise NotWaitingError
        if not locked.waits_for_answer:
            raise TaskNotWorkableError
        manager.end_question(locked, without=True)


def take_answer(message: Message) -> None:
    """Where the task waits for an answer, and the requester has given one: it goes on.

    Called in the message's transaction. No statement more where nobody asked, but one.
    """
    ticket = message.ticket
    if message.is_internal or message.written_by_id != ticket.created_by_id:
        return
    waiting = TaskInstance.objects.waiting_for_answer()
    its = waiting.filter(workflow_instance=ticket.workflow_instance_id)
    for number in its.values_list("pk", flat=True):
        locked, manager = _lock(ticket, number, message.written_by, message.written_at)
        if locked.waits_for_answer:
            manager.end_question(locked, without=False)


@ASKED_OF.register
def tasks_that_asked(people: Collection[int]) -> QuerySet[TaskInstance]:
    waiting = TaskInstance.objects.waiting_for_answer()
    return waiting.filter(workflow_instance__ticket__created_by__in=people)


def _lock(
    ticket: Ticket, task_id: int, user: User, now: datetime
) -> tuple[TaskInstance, WorkflowRepair]:
    lock_ticket(ticket.pk)
    manager = WorkflowRepair.lock(ticket.workflow_instance_id or 0, now=now, actor=user)
    return manager.read_task(task_id), manager

"""A deputy takes a task over from whoever is away, or somebody what a reminder has offered."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tenants.models import User
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.models import MyTask, Ticket
from tickets.notices.kinds.task_gone import TASK_GONE
from tickets.notices.tell import tell
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.models.task_instance import ALIVE
from workflows.running.people.candidates import candidates_of
from workflows.running.people.candidates_in_sql import for_deputy
from workflows.running.workflow_repair import WorkflowRepair


def tasks_to_stand_in_for(*, deputy: User, people: list[User]) -> QuerySet[MyTask]:
    """The open forms of these people that the deputy may be given: as in the pool, those of no
    company role, and of their own ones; and those that are for one person. For whoever stands in
    for all of these people."""
    everybodys: QuerySet[MyTask] = MyTask.objects.all()  # type: ignore[assignment]
    return for_deputy(deputy, everybodys).filter(
        assigned_to__in=[each.pk for each in people],
        status__in=ALIVE,
        workflow_instance__status="IN_PROGRESS",
    )


def take_over(*, task: TaskInstance, by: User, now: datetime) -> None:
    """Take a task of somebody for whom one stands in, or that a reminder has offered.

    The history says for whom, or that it was offered; whoever had it is told in that case.

    Raises:
        MayNotTakeOverError: whoever has it is there, named somebody else, or the deputy may not be
            given it.
        TaskWaitsError: it waits for an answer.
        TaskNotWorkableError: it has ended, or its workflow does not run.
    """
    with transaction.atomic():
        ticket = lock_ticket(Ticket.objects.get(workflow_instance=task.workflow_instance_id).pk)
        manager = lock_instance_of(ticket, WorkflowRepair, now=now, actor=by)
        locked = manager.read_task(task.pk)
        had_it, is_offered = locked.assigned_to, candidates_of(locked).is_added(by)
        manager.take_over(locked)
        if is_offered and had_it is not None:  # who is there learns that it is done by others
            about: JsonObject = {"task": locked.pk, "title": locked.definition.title}
            about["why"] = "taken_over"
            tell(TASK_GONE, [had_it], ticket_id=ticket.pk, about=about, by=by, sees_anyway=True)

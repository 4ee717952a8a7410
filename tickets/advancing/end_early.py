"""What is left to do when a ticket has ended before its time."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.models import User
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.advancing.tell_workers import tell_workers
from tickets.models import Ticket, TicketError
from workflows.models import TaskInstance
from workflows.running.state_manager import WorkflowStateManager


def clean_up_after(
    manager: WorkflowStateManager,
    tasks: Iterable[TaskInstance],
    *,
    ticket: Ticket,
    by: User | None,
    why: str,
    how: str,
) -> None:
    """Take the jobs of calls away, tell who had a task, and resolve the open errors.

    `tasks` are those that were unfinished; `why` is what `TASK_GONE` knows; `how` a sentence for
    the notes of errors. `by` is who did it; None: a ticket that has started this one.
    """
    tasks = list(tasks)
    follow_subtickets(tasks, ticket_id=ticket.pk)
    for task in tasks:
        if task.definition.is_call:
            cancel_jobs_of_task(task, now=manager.now)
    tell_workers(((each, why) for each in tasks), ticket_id=ticket.pk, by=by)
    TicketError.objects.filter(ticket=ticket).resolve_all(how=how)


def clean_up_after_commit(manager: WorkflowStateManager, ticket: Ticket) -> None:
    """Go the way that the workflow has for a cancelled ticket, where it has one: as a next step."""
    if manager.instance.is_to_clean_up:
        advance_after_commit(ticket.pk)

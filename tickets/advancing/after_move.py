"""What a move of a workflow leaves to be done: errors to show, and what was cancelled with it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.advancing.tell_workers import tell_workers
from tickets.models import ErrorType, Ticket, TicketError
from workflows.models import TaskInstance
from workflows.running.state_manager import Move


def keep_errors(ticket: Ticket, move: Move) -> None:
    """A ticket error of each step that could not be taken."""
    for failed in move.failures:
        TicketError.objects.create(
            ticket=ticket,
            task=failed.task,
            error_type=(
                ErrorType.TASK_UPDATE if failed.is_of_task else ErrorType.WORKFLOW_TRANSITION
            ),
            message=failed.error,
        )


def end_cancelled(ticket: Ticket, move: Move, *, now: datetime) -> None:
    """After the branches of a block were cancelled: their calls, their workers, their errors."""
    follow_subtickets(move.cancelled, ticket_id=ticket.pk)
    for task in move.cancelled:
        if task.definition.is_call:
            cancel_jobs_of_task(task, now=now)
    tell_workers(((each, _why(each, move)) for each in move.cancelled), ticket_id=ticket.pk)
    if not move.cancelled_in_error:
        return
    errors = TicketError.objects.filter(ticket=ticket, task__in=move.cancelled_in_error)
    how = _("Its branch is not waited for any more.")
    errors.resolve_all(how=how)


def _why(task: TaskInstance, move: Move) -> str:
    """Why a task is not needed any more, as `TASK_GONE` knows it; of a vote how it was decided."""
    is_approved = move.decided.get(task.path_id or 0)
    if is_approved is None:  # a vote, too, where the approval was left by a time
        return "not_needed"
    return "approved" if is_approved else "refused"

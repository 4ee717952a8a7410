from __future__ import annotations

from datetime import datetime

from tenants.jobs import defer_many
from tickets.advancing.after_move import end_cancelled, keep_errors
from tickets.advancing.defer_call import defer_call
from tickets.advancing.offers import offer_tasks
from tickets.advancing.set_timers import set_timers_of
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.job_names import RUN_ACTION
from tickets.models import Ticket
from workflows.running.state_manager import Move, WorkflowStateManager


def defer_jobs_of_move(
    ticket: Ticket, move: Move, *, manager: WorkflowStateManager, now: datetime
) -> None:
    """Set the timers and defer the calls of what a move has made, in its transaction.

    What is for assistants is offered to them.

    Of steps that could not be taken ticket errors are kept, and what was cancelled is cleaned up.
    """
    keep_errors(ticket, move)
    end_cancelled(ticket, move, now=now)
    set_timers_of(move.new_tasks, ticket_id=ticket.pk, now=now, data=ticket.data)
    offer_tasks(move.new_tasks, ticket=ticket, manager=manager, now=now)
    follow_subtickets(move.new_tasks, ticket_id=ticket.pk)
    if len(move.calls) > 1:
        calls = [{"ticket_id": ticket.pk, "task_id": call.pk} for call in move.calls]
        defer_many(RUN_ACTION, calls)
    else:
        for call in move.calls:
            defer_call(ticket_id=ticket.pk, task_id=call.pk)

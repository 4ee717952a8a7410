from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import declare
from tenants.models import User
from tickets.advancing.call_jobs import cancel_calls, defer_call_if_due
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.set_timers import restart_timers
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.advancing.timer_jobs import cancel_timers
from tickets.models import Ticket
from tickets.repairing.begin_repair import begin_repair, repair_transaction

HELD = declare("tickets.held", _("Put a ticket on hold"))
RESUMED = declare("tickets.resumed", _("Let a held ticket go on"))


def hold_ticket(
    *,
    ticket: Ticket,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
) -> None:
    """Stop a ticket for now: its task cannot be worked on, and no call of it begins.

    The answer of a call that is under way is kept; the ticket moves on from it when it is
    resumed.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        WorkflowOnHoldError: it is on hold already.
        WorkflowEndedError, WorkflowNotRunningError: it has ended, or not started.
    """
    with repair_transaction():
        repair = begin_repair(
            HELD, ticket_id=ticket.pk, by=by, reason=reason, expected=expected, now=now
        )
        repair.manager.hold(reason=repair.reason)
        for task in repair.manager.read_current_tasks():
            cancel_calls(task)
            cancel_timers(task)


def resume_ticket(
    *,
    ticket: Ticket,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
) -> None:
    """Let a ticket go on where `hold_ticket` stopped it.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        WorkflowNotRunningError: it is not on hold.
        WorkflowEndedError: it was cancelled.
    """
    with repair_transaction():
        repair = begin_repair(
            RESUMED, ticket_id=ticket.pk, by=by, reason=reason, expected=expected, now=now
        )
        tasks = repair.manager.read_current_tasks()
        repair.manager.resume(tasks, reason=repair.reason)
        for task in tasks:
            defer_call_if_due(task, ticket_id=repair.ticket.pk)
            restart_timers(ticket_id=repair.ticket.pk, task=task, now=repair.manager.now)
        follow_subtickets(tasks, ticket_id=repair.ticket.pk)
        advance_after_commit(repair.ticket.pk)

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.models import User
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.end_early import clean_up_after_commit
from tickets.advancing.subticket_jobs import follow_subtickets
from tickets.advancing.tell_workers import tell_workers
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import begin_repair, repair_transaction, sentence_with_person

CANCELLED = declare("tickets.cancelled", gettext_lazy("Cancelled a ticket"))


def cancel_ticket(
    *,
    ticket: Ticket,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
) -> None:
    """End a ticket before its time: its unfinished tasks end, its errors are resolved.

    The answer of a call that is under way changes nothing any more. Who had a task of it is told.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        WorkflowEndedError: it was completed or cancelled in the meantime.
    """
    with repair_transaction():
        repair = begin_repair(
            CANCELLED, ticket_id=ticket.pk, by=by, reason=reason, expected=expected, now=now
        )
        tasks = repair.manager.cancel(reason=repair.reason)
        follow_subtickets(tasks, ticket_id=repair.ticket.pk)
        for task in tasks:
            if task.definition.is_call:
                cancel_jobs_of_task(task, now=repair.manager.now)
        tell_workers(((each, "cancelled") for each in tasks), ticket_id=repair.ticket.pk, by=by)
        errors = TicketError.objects.filter(ticket=repair.ticket)
        repair.resolve(
            errors, how=sentence_with_person(_("The ticket was cancelled by %(person)s:"), by)
        )
        clean_up_after_commit(repair.manager, repair.ticket)

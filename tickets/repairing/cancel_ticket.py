from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tenants.models import User
from tickets.advancing.calls_of_task import take_away_all
from tickets.models import Ticket, TicketError
from tickets.repairing.repair import begin_repair, by_whom, repair_transaction


def cancel_ticket(
    *,
    ticket: Ticket,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
) -> None:
    """End a ticket before its time: its unfinished tasks end, its errors are resolved.

    The answer of a call that is under way changes nothing any more.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        WorkflowEndedError: it was completed or cancelled in the meantime.
    """
    with repair_transaction():
        repair = begin_repair(ticket_id=ticket.pk, by=by, reason=reason, expected=expected, now=now)
        for task in repair.manager.cancel(reason=repair.reason):
            if not task.definition.is_form:
                take_away_all(task, now=repair.manager.now)
        errors = TicketError.objects.filter(ticket=repair.ticket)
        repair.resolve(errors, how=by_whom(_("The ticket was cancelled by %(person)s:"), by))

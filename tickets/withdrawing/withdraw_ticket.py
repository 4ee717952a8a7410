from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.models import User
from tickets.advancing.end_early import clean_up_after, clean_up_after_commit
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.errors import NotYourTicketError, ReasonMissingError
from tickets.models import Ticket
from tickets.withdrawing.errors import ReasonTooLongError
from workflows.running.workflow_repair import WorkflowRepair

LONGEST_REASON: Final = 2_000


def withdraw_ticket(*, ticket: Ticket, user: User, reason: str, now: datetime) -> None:
    """Take back a ticket of one's own that runs: it ends, with its unfinished tasks.

    Also on hold, and where something went wrong: its open errors are resolved. The answer of a
    call that is under way changes nothing any more. Who had a task of it to do is told.

    Raises:
        NotYourTicketError: somebody else submitted it.
        ReasonMissingError, ReasonTooLongError: it does not say why as it should.
        WorkflowEndedError: it has ended already.
    """
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise ReasonMissingError
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLongError(LONGEST_REASON)
    with transaction.atomic():
        locked = lock_ticket(ticket.pk)
        if locked.created_by_id != user.pk:
            raise NotYourTicketError
        manager = lock_instance_of(locked, WorkflowRepair, now=now, actor=user)
        tasks = manager.withdraw(reason=reason)
        how = _("%(person)s withdrew the ticket: %(reason)s") % {"person": user, "reason": reason}
        clean_up_after(manager, tasks, ticket=locked, by=user, why="withdrawn", how=how)
        clean_up_after_commit(manager, locked)

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from tenants.models import User
from tickets.advancing.call_jobs import cancel_jobs_of_task
from tickets.advancing.lock_ticket import lock_instance_of, lock_ticket
from tickets.errors import NotYourTicketError, ReasonMissingError, ReasonTooLongError
from tickets.models import Ticket, TicketError
from tickets.notices.kinds.task_withdrawn import TASK_WITHDRAWN
from tickets.notices.tell import tell
from workflows.models import TaskInstance
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
        for task in tasks:
            if not task.definition.is_form:
                cancel_jobs_of_task(task, now=now)
            _tell_worker(task, locked, user)
        how = _("%(person)s withdrew the ticket: %(reason)s") % {"person": user, "reason": reason}
        _resolve_errors(locked, how)


def _tell_worker(task: TaskInstance, ticket: Ticket, by: User) -> None:
    if task.assigned_to_id is not None:
        about = {"task": task.pk, "title": task.definition.title}
        tell(TASK_WITHDRAWN, [task.assigned_to_id], ticket_id=ticket.pk, about={**about}, by=by)


def _resolve_errors(ticket: Ticket, how: str) -> None:
    errors = TicketError.objects.filter(ticket=ticket).unresolved()
    for error in errors.select_for_update(no_key=True).order_by("pk"):
        earlier = error.resolution_notes.strip()
        error.resolve(notes=f"{earlier}\n{how}" if earlier else how)
        error.save(update_fields=["status", "resolution_notes", "updated_at"])

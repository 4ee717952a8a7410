from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.kinds import AuditKind, declare
from tenants.audit.record import record
from tenants.models import User
from tickets.models import ErrorStatus, TicketError
from tickets.repairing.begin_repair import Repair, lock_for_repair, may_repair, repair_transaction
from tickets.repairing.errors import (
    ErrorAlreadyHandledError,
    MayNotRepairError,
    NotesMissingError,
    StepStuckError,
)
from workflows.engine.process import JsonObject
from workflows.models import WorkflowInstance
from workflows.running.events.kind import EventKind
from workflows.running.events.of_repairs.error_resolved import ERROR_RESOLVED
from workflows.running.events.of_repairs.error_reviewed import ERROR_REVIEWED
from workflows.running.record_event import record_event
from workflows.running.sealing import batch_of_history

REVIEWED = declare("tickets.error_reviewed", _("Took care of a ticket error"))
RESOLVED = declare("tickets.error_resolved", _("Closed a ticket error"))

# How much of an error's message stands in the history beside what was done about it.
MOST_OF_MESSAGE = 500


def review_error(*, error: TicketError, by: User, now: datetime | None = None) -> TicketError:
    """Note that somebody looks after a ticket error.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        ErrorAlreadyHandledError: somebody has already reviewed or resolved it.
    """
    with repair_transaction():
        repair, locked = _lock(REVIEWED, error, by=by, now=now)
        if locked.status != ErrorStatus.NEW:
            raise ErrorAlreadyHandledError
        locked.review()
        locked.save(update_fields=["status", "updated_at"])
        _record(ERROR_REVIEWED, locked, repair)
    return locked


def resolve_error(
    *, error: TicketError, by: User, notes: str, now: datetime | None = None
) -> TicketError:
    """Note that a ticket error is dealt with, and how. The step is not tried again by this.

    An error whose step is still stuck stays open, or nobody would see that it is.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        NotesMissingError: the notes are empty.
        ErrorAlreadyHandledError: somebody has already resolved it.
        StepStuckError: its step is to be tried again, finished or cancelled; that resolves it.
    """
    notes = notes.replace("\x00", "").strip()
    if not notes:
        raise NotesMissingError
    with repair_transaction():
        repair, locked = _lock(RESOLVED, error, by=by, now=now)
        if locked.is_resolved:
            raise ErrorAlreadyHandledError
        if locked.is_stuck:
            raise StepStuckError
        locked.resolve(notes=notes)
        locked.save(update_fields=["status", "resolution_notes", "updated_at"])
        _record(ERROR_RESOLVED, locked, repair)
    return locked


def _lock(
    kind: AuditKind, error: TicketError, *, by: User, now: datetime | None
) -> tuple[Repair, TicketError]:
    """The ticket and its instance, locked, in whose history it is written; then the error."""
    if not may_repair(by):
        raise MayNotRepairError
    repair = lock_for_repair(error.ticket_id, by=by, now=now or timezone.now())
    record(kind, about=repair.ticket, person=by, error=error.pk)
    errors = TicketError.objects.select_related("ticket__workflow_instance", "task")
    return repair, errors.select_for_update(of=("self",), no_key=True).get(pk=error.pk)


def _record(kind: EventKind, error: TicketError, repair: Repair) -> None:
    manager = repair.manager
    record_error_event(kind, error, instance=manager.instance, by=repair.by, at=manager.now)


def record_error_event(
    kind: EventKind,
    error: TicketError,
    *,
    instance: WorkflowInstance,
    by: User | None,
    at: datetime,
) -> None:
    """Write what was done about an error into the history; it changes nothing of the instance."""
    data: JsonObject = {"error_id": error.pk, "what": error.message[:MOST_OF_MESSAGE]}
    if kind == ERROR_RESOLVED:
        data["notes"] = error.resolution_notes
    batch = batch_of_history(now=at)
    record_event(batch, kind, instance_id=instance.pk, at=at, task=error.task, data=data, by=by)
    batch.write()

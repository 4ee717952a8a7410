from __future__ import annotations

from django.db import transaction

from tickets.errors import ErrorAlreadyHandledError, NotesMissingError
from tickets.models import ErrorStatus, TicketError


def review_error(*, error: TicketError) -> TicketError:
    """Note that somebody looks after a ticket error.

    Raises:
        ErrorAlreadyHandledError: somebody has already reviewed or resolved it.
    """
    with transaction.atomic():
        locked = _lock(error)
        if locked.status != ErrorStatus.NEW:
            raise ErrorAlreadyHandledError
        locked.review()
        locked.save(update_fields=["status", "updated_at"])
    return locked


def resolve_error(*, error: TicketError, notes: str) -> TicketError:
    """Note that a ticket error is dealt with, and how. The step is not tried again by this.

    Raises:
        NotesMissingError: the notes are empty.
        ErrorAlreadyHandledError: somebody has already resolved it.
    """
    if not notes.strip():
        raise NotesMissingError
    with transaction.atomic():
        locked = _lock(error)
        if locked.is_resolved:
            raise ErrorAlreadyHandledError
        locked.resolve(notes=notes.strip())
        locked.save(update_fields=["status", "resolution_notes", "updated_at"])
    return locked


def _lock(error: TicketError) -> TicketError:
    return TicketError.objects.select_for_update().get(pk=error.pk)

"""The same done to many tickets: at once where they are few, else by a job."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.jobs import defer
from tenants.models import User
from tickets.errors import MayNotRepairError, ReasonMissingError, TooManyTicketsError
from tickets.job_names import CHANGE_MANY
from tickets.models import BulkChange, Ticket
from tickets.overseeing.bulk_verbs import VERBS
from tickets.repairing.begin_repair import may_repair

CHANGED_MANY = declare("tickets.change_of_many", gettext_lazy("Began to change many tickets"))

# So many are done while the person waits.
MOST_AT_ONCE: Final = 25

logger = logging.getLogger(__name__)


def change_many(
    *, verb: str, tickets: Iterable[int], by: User, reason: str = "", arguments: dict[str, Any]
) -> BulkChange:
    """Have the same done to many tickets (their ids), oldest first; returns how far it is.

    `verb` is a name of VERBS, `arguments` what that needs to know. The caller then does those
    of a short list with `continue_bulk_change`, after the commit; a longer one is a job's.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        ReasonMissingError: the verb needs a reason, and it is blank.
        TooManyTicketsError: these are more than the verb takes.
    """
    if not may_repair(by):
        raise MayNotRepairError
    kind = VERBS[verb]
    reason = reason.replace("\x00", "").strip()
    if kind.needs_reason and not reason:
        raise ReasonMissingError
    ids = sorted(set(tickets))
    if len(ids) > kind.most:
        raise TooManyTicketsError(most=kind.most)
    with transaction.atomic():
        change = BulkChange.objects.create(
            verb=verb,
            arguments=arguments,
            ticket_ids=ids,
            total=len(ids),
            reason=reason,
            created_by=by,
        )
        record(CHANGED_MANY, about=change, person=by, count=len(ids), what=verb, reason=reason)
        if len(ids) > MOST_AT_ONCE:
            defer(CHANGE_MANY, bulk_change_id=change.pk)
    return change


def continue_bulk_change(*, bulk_change_id: int) -> None:
    """Do what is left, each ticket in a transaction of its own, with the progress.

    So a worker that is killed has changed some and not others, and the next one goes on
    there. What is refused is noted, and does not stop the rest.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    while _change_next(bulk_change_id):
        pass


def _change_next(bulk_change_id: int) -> bool:
    with transaction.atomic():
        change = BulkChange.objects.select_for_update(of=("self",), no_key=True).get(
            pk=bulk_change_id
        )
        if change.is_finished:
            return False
        ticket_id: int = change.ticket_ids[change.done]
        refusal = _change(ticket_id, change)
        if refusal:
            change.refused = [*change.refused, {"ticket": ticket_id, "message": refusal}]
        change.done += 1
        if change.done >= change.total:
            change.arguments.pop("text", None)
        change.save(update_fields=["done", "refused", "arguments", "updated_at"])
    return True


def _change(ticket_id: int, change: BulkChange) -> str:
    """Why the ticket was left out; empty where it was changed."""
    found = Ticket.objects.select_related("workflow_instance__current_task", "definition")
    ticket = found.filter(pk=ticket_id).first()
    if ticket is None:
        return _("This ticket is no longer there.")
    try:
        with transaction.atomic():
            VERBS[change.verb].apply(ticket, change, now=timezone.now())
    except TicketFlowerError as refusal:
        return str(refusal)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # the rest must not wait because of this one; the log has the trace
        logger.exception("Ticket %s of %s could not be changed", ticket_id, current_schema())
        return _("This ticket could not be changed. The log of the server says why.")
    return ""

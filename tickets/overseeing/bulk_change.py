"""The same done to many tickets by a job; where they are few, the request begins with it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import BigIntegerField, F, Func
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.errors import TicketFlowerError
from tenants.jobs import defer
from tenants.language_and_zone import speaking_to
from tenants.models import Company, User
from tickets.errors import MayNotRepairError, ReasonMissingError, TooManyTicketsError
from tickets.job_names import CHANGE_MANY
from tickets.models import BulkChange, Ticket
from tickets.overseeing.bulk_verbs import VERBS
from tickets.repairing.begin_repair import may_repair

CHANGED_MANY = declare("tickets.change_of_many", gettext_lazy("Began to change many tickets"))

# So many are done while the person waits; their job begins a little later, should that fail.
MOST_AT_ONCE: Final = 25
HEAD_START_SECONDS: Final = 5
# Of so many it is kept why they were left out; the others are counted.
MOST_REFUSALS: Final = 200

# The id of the ticket that is next, without all the others.
_NEXT: Final = Cast(
    Func(F("ticket_ids"), F("done"), template="(%(expressions)s)", arg_joiner=" -> "),
    BigIntegerField(),
)

logger = logging.getLogger(__name__)


def change_many(
    *, verb: str, tickets: Iterable[int], by: User, reason: str = "", arguments: dict[str, Any]
) -> BulkChange:
    """Have the same done to many tickets (their ids), oldest first; returns how far it is.

    `verb` is a name of VERBS, `arguments` what that needs to know. A job does it. Of a short list
    the caller may do it after the commit, with `continue_bulk_change`: the job finds nothing left.

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
        wait = HEAD_START_SECONDS if len(ids) <= MOST_AT_ONCE else 0
        defer(CHANGE_MANY, after_seconds=wait, bulk_change_id=change.pk)
    return change


def work_on_bulk_change(*, bulk_change_id: int) -> None:
    """The job: do what is left, in the language and time zone of whoever began it.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    change = BulkChange.objects.only("created_by").get(pk=bulk_change_id)
    with speaking_to(change.created_by, Company.objects.current()):
        continue_bulk_change(bulk_change_id=bulk_change_id)


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
        # However many there are: neither all of them nor what was refused is read for each.
        changes = BulkChange.objects.defer("ticket_ids", "refused").annotate(next_ticket=_NEXT)
        change = changes.select_for_update(of=("self",), no_key=True).get(pk=bulk_change_id)
        if change.is_finished:
            return False
        changed = ["done", "updated_at"]
        refusal = _change(change.next_ticket, change)
        if refusal:
            change.refused = _with_refusal(change.refused, change.next_ticket, refusal)
            changed.append("refused")
        change.done += 1
        if change.done >= change.total:
            change.arguments.pop("text", None)
            changed.append("arguments")
        change.save(update_fields=changed)
    return True


def _with_refusal(refused: list[Any], ticket_id: int, message: str) -> list[Any]:
    if len(refused) < MOST_REFUSALS:
        return [*refused, {"ticket": ticket_id, "message": message}]
    *first, last = refused
    return [*first, {"more": last["more"] + 1}] if "more" in last else [*refused, {"more": 1}]


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

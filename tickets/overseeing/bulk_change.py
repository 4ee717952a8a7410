"""The same done to many tickets by a job; where they are few, the request begins with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.companies.language_and_zone import speaking_to
from tenants.jobs import defer
from tenants.models import Company, User
from tickets.errors import ReasonMissingError, TooManyTicketsError
from tickets.job_names import CHANGE_MANY
from tickets.models import BulkChange, Ticket
from tickets.overseeing.bulk_verbs import VERBS
from tickets.overseeing.errors import TicketGoneError
from tickets.repairing.begin_repair import may_repair
from tickets.repairing.bulk_work import go_on_with, work_through
from tickets.repairing.errors import MayNotRepairError

CHANGED_MANY = declare("tickets.change_of_many", gettext_lazy("Began to change many tickets"))

# So many are done while the person waits; their job begins a little later, should that fail.
MOST_AT_ONCE: Final = 25
HEAD_START_SECONDS: Final = 5


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
        change.job_id = _defer(change, wait=HEAD_START_SECONDS if len(ids) <= MOST_AT_ONCE else 0)
        change.save(update_fields=["job_id"])
    return change


def go_on_with_bulk_change(*, change: BulkChange, by: User) -> None:
    """Let a change that has stopped go on where it stopped.

    Raises:
        MayNotRepairError: `by` is no ticket admin here.
        BeginnerMayNotRepairError: whoever has begun it is none any more.
    """
    if not may_repair(by):
        raise MayNotRepairError
    if go_on_with(change, _defer):
        left, reason = change.total - change.done, change.reason
        record(CHANGED_MANY, about=change, person=by, count=left, what=change.verb, reason=reason)


def _defer(change: BulkChange, *, wait: int = 0) -> int:
    return defer(CHANGE_MANY, after_seconds=wait, bulk_change_id=change.pk)


def work_on_bulk_change(*, bulk_change_id: int) -> None:
    """The job: do what is left, in the language and time zone of whoever began it.

    Raises:
        OperationalError, InterfaceError: the database cannot be reached; the job is repeated.
    """
    change = BulkChange.objects.only("created_by").get(pk=bulk_change_id)
    with speaking_to(change.created_by, Company.objects.current()):
        continue_bulk_change(bulk_change_id=bulk_change_id)


def continue_bulk_change(*, bulk_change_id: int) -> None:
    """Do what is left; see `work_through`."""
    work_through(BulkChange, bulk_change_id, _change)


def _change(number: int, change: BulkChange) -> None:
    found = Ticket.objects.select_related("workflow_instance__current_task", "definition")
    ticket = found.filter(pk=number).first()
    if ticket is None:
        raise TicketGoneError
    VERBS[change.verb].apply(ticket, change, now=timezone.now())

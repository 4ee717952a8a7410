"""A ticket that has ended is reopened: a follow-up ticket, linked to it, with the old answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tenants.models import User
from tickets.advancing.lock_ticket import lock_ticket
from tickets.conversation.write_message import write_message
from tickets.errors import NotYourTicketError, ReasonMissingError
from tickets.models import LinkKind, Ticket, TicketLink
from tickets.models.ticket import ticket_number
from tickets.models.ticket_link import follow_ups_of
from tickets.submitting.errors import CannotReopenError, ReopenedAlreadyError
from tickets.submitting.submit_ticket import submit_ticket
from workflows.engine.process import JsonObject
from workflows.models import TicketDefinition


def reopen_ticket(
    *,
    old: Ticket,
    why: str,
    definition: TicketDefinition,
    data: JsonObject,
    user: User,
    title: str = "",
    token: str,
    now: datetime,
    checks_now: bool = False,
) -> Ticket:
    """Submit a follow-up of a ticket of one's own; the old one stays ended.

    `why` becomes its first message. `token` is that of the form.

    Raises:
        NotYourTicketError: somebody else submitted it.
        ReasonMissingError: it does not say why.
        CannotReopenError: it runs, ended too long ago, or its type does not allow it.
        ReopenedAlreadyError: a follow-up of it by the same person runs.
        what `submit_ticket` and `write_message` raise
    """
    if not why.replace("\x00", "").strip():
        raise ReasonMissingError
    with transaction.atomic():
        # So that two at once see each other's follow-up.
        ensure_may_reopen(lock_ticket(old.pk), definition, user=user, now=now)
        ticket = submit_ticket(
            definition=definition,
            data=data,
            user=user,
            title=title,
            slot=token,
            checks_now=checks_now,
        )
        link = TicketLink(ticket=ticket, other=old, kind=LinkKind.FOLLOW_UP)
        link.made_by, link.made_at = user, now
        link.save(force_insert=True)
        write_message(ticket=ticket, user=user, text=why, token=token, now=now)
    return ticket


def ensure_may_reopen(
    ticket: Ticket, definition: TicketDefinition, *, user: User, now: datetime
) -> None:
    """`definition` is the version of its type that is offered today: it says for how long.

    Raises:
        NotYourTicketError, CannotReopenError, ReopenedAlreadyError: see `reopen_ticket`.
    """
    if ticket.created_by_id != user.pk:
        raise NotYourTicketError
    until = reopened_until(ticket, definition)
    if until is None or until < now or ticket.definition.key != definition.key:
        raise CannotReopenError
    # Their own only: others link tickets of theirs to it as they like.
    own = follow_ups_of(ticket).filter(created_by=ticket.created_by_id)
    running = own.filter(pk__in=Ticket.objects.running().values("pk")).first()
    if running is not None:
        raise ReopenedAlreadyError(ticket_number(running.pk))


def reopened_until(ticket: Ticket, definition: TicketDefinition) -> datetime | None:
    """Until when a ticket may be reopened, by what this version of its type says; None: never."""
    instance = ticket.workflow_instance
    if not ticket.has_ended or instance is None or instance.completed_at is None:
        return None
    if not definition.reopen_days:
        return None
    return instance.completed_at + timedelta(days=definition.reopen_days)

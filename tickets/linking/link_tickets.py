from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from tenants.models import User
from tickets.linking.errors import (
    LinkedAlreadyError,
    LinkToItselfError,
    MayNotLinkError,
    NoSuchTicketError,
    TooManyLinksError,
)
from tickets.models import LinkKind, Ticket, TicketLink
from tickets.models.ticket import ticket_number
from tickets.models.ticket_link import TicketLinkQuerySet
from tickets.taking_part.access import Access, access_to, tickets_seen_by

# Of one ticket, whoever made them and whichever way they are read.
MOST_LINKS: Final = 1_000


def link_tickets(
    *, ticket: Ticket, number: int, kind: LinkKind, user: User, now: datetime
) -> TicketLink:
    """Say what a ticket is to another one, of that number. Both show it.

    Raises:
        MayNotLinkError: this person is neither of the ticket's team nor its requester, or a
            duplicate is to be marked as such: see `mark_as_duplicate`.
        NoSuchTicketError: there is no such ticket that this person may see.
        LinkToItselfError, LinkedAlreadyError
        TooManyLinksError: one of the two has MOST_LINKS already.
    """
    if not may_link(ticket, user) or kind is LinkKind.DUPLICATE:
        raise MayNotLinkError
    with transaction.atomic():
        other = lock_both(ticket, number, user=user)
        if between(ticket, other).exists():
            raise LinkedAlreadyError(ticket_number(other.pk))
        ensure_room_for_a_link(ticket, other)
        return TicketLink.objects.create(
            ticket=ticket, other=other, kind=kind, made_by=user, made_at=now
        )


@transaction.atomic
def unlink_tickets(*, link: TicketLink, ticket: Ticket, user: User) -> None:
    """Take a link of a ticket away. Twice is once.

    Where the person cannot see the ticket at its other side nothing happens, as if there were no
    such link.

    Raises:
        MayNotLinkError: as in `link_tickets`; the pointer of a duplicate stays.
    """
    if not may_link(ticket, user):
        raise MayNotLinkError
    across = link.other_id if link.ticket_id == ticket.pk else link.ticket_id
    if not tickets_seen_by(user).filter(pk=across).exists():
        return
    if link.kind == LinkKind.DUPLICATE:
        raise MayNotLinkError
    TicketLink.objects.of(ticket).filter(pk=link.pk).delete()


def may_link(ticket: Ticket, user: User, access: Access | None = None) -> bool:
    """Whether somebody is of the ticket's team, or its requester. `access`, where it is known."""
    access = access_to(ticket, user) if access is None else access
    return access.internal or (access.public and ticket.created_by_id == user.pk)


def lock_both(ticket: Ticket, number: int, *, user: User) -> Ticket:
    """Lock two tickets, in the order of their numbers, and return the other one.

    Raises:
        LinkToItselfError, NoSuchTicketError
    """
    if number == ticket.pk:
        raise LinkToItselfError
    if not tickets_seen_by(user).filter(pk=number).exists():
        raise NoSuchTicketError(ticket_number(number))
    both = Ticket.objects.filter(pk__in=(ticket.pk, number)).order_by("pk")
    found = {each.pk: each for each in both.select_for_update(of=("self",), no_key=True)}
    if len(found) < len((ticket, number)):
        raise NoSuchTicketError(ticket_number(number))
    return found[number]


def ensure_room_for_a_link(*tickets: Ticket) -> None:
    """Of each of these tickets, which are locked.

    Raises:
        TooManyLinksError
    """
    for each in tickets:
        if TicketLink.objects.of(each).count() >= MOST_LINKS:
            raise TooManyLinksError(ticket_number(each.pk), MOST_LINKS)


def between(ticket: Ticket, other: Ticket) -> TicketLinkQuerySet:
    """The link of two tickets, whichever way."""
    return TicketLink.objects.of(ticket).filter(Q(ticket=other) | Q(other=other))

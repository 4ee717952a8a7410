"""Who takes part in a ticket, its priority, what it is to others, and how satisfied people are."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.tokens.scopes import Scope
from tickets.api.shapes import Person, TicketDetail
from tickets.api.tickets import detail_of, seen_ticket
from tickets.conversation.follow_ticket import follow_ticket as follow
from tickets.conversation.follow_ticket import unfollow_ticket as unfollow
from tickets.linking.link_tickets import link_tickets as link
from tickets.linking.link_tickets import unlink_tickets as unlink
from tickets.linking.mark_duplicate import mark_as_duplicate
from tickets.linking.pages.links_section import Links
from tickets.models import Follower, LinkKind, Ticket, TicketLink
from tickets.models.rating import LONGEST_COMMENT, Score
from tickets.prioritizing.set_priority import set_priority as prioritize
from tickets.rating.rate_ticket import rate_ticket as rate
from tickets.taking_part.access import participants
from workflows.priorities import Priority

router = Router(tags=["Tickets"])
LONGEST_REASON: Final = 2_000


class Following(Sent):
    is_following: bool


class TakesPart(Person):
    is_requester: bool
    is_worker: bool = Field(description="Has a task of it, or had one.")
    has_open_task: bool
    is_follower: bool
    is_ticket_admin: bool


class TakingPart(Schema):
    items: list[TakesPart]


class LinkedTicket(Schema):
    """A ticket that a ticket is linked to, or that it has started: one that you may see."""

    link: int | None = Field(description="The number of the link; null: it cannot be taken away.")
    what: str = Field(description="What this ticket is to the other, in words.")
    ticket: int
    ticket_number: str
    title: str
    is_duplicate: bool
    step: str = Field(default="", description="What the step is called that has started it.")


class LinkedTickets(Schema):
    items: list[LinkedTicket]
    more: int = Field(description="How many more there are.")


class WhatItIs(Sent):
    ticket: Number = Field(description="The number of the other ticket.")
    kind: LinkKind = Field(
        strict=False, description="Of what this ticket is: RELATES or FOLLOW_UP."
    )


class NewLink(Schema):
    link: int


class DuplicateOf(Sent):
    of: Number = Field(description="The number of the other ticket.")
    reason: str = Field(
        min_length=1, max_length=LONGEST_REASON, description="Its requester reads it."
    )


class NewPriority(Sent):
    priority: Priority = Field(strict=False)
    reason: str = Field(default="", max_length=LONGEST_REASON)


class Rating(Sent):
    score: Score = Field(strict=False)
    comment: str = Field(default="", max_length=LONGEST_COMMENT)


@operation(
    router, "GET", "/tickets/{ticket_id}/people", scope=Scope.TICKETS_READ, answer=TakingPart
)
def list_people_of_ticket(request: HttpRequest, ticket_id: Number) -> TakingPart:
    """List who takes part in a ticket: a message reaches those, and may name them by an @."""
    ticket, _access = seen_ticket(holder_in(request).user, ticket_id)
    people = [
        TakesPart(
            **Person.of(each.person).model_dump(),
            is_requester=each.is_requester,
            is_worker=each.is_worker,
            has_open_task=each.has_open_task,
            is_follower=each.is_follower,
            is_ticket_admin=each.is_ticket_admin,
        )
        for each in participants(ticket)
    ]
    return TakingPart(items=people)


@operation(
    router, "GET", "/tickets/{ticket_id}/following", scope=Scope.TICKETS_READ, answer=Following
)
def get_following(request: HttpRequest, ticket_id: Number) -> Following:
    """Read whether you follow a ticket."""
    person = holder_in(request).user
    return _following(seen_ticket(person, ticket_id)[0], person)


@operation(
    router, "PUT", "/tickets/{ticket_id}/following", scope=Scope.TICKETS_WRITE, answer=Following
)
def follow_ticket(request: HttpRequest, ticket_id: Number, wanted: Following) -> Following:
    """Follow a ticket that you may see, or do so no longer."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    if wanted.is_following:
        follow(ticket=ticket, user=person, now=timezone.now())
    else:
        unfollow(ticket=ticket, user=person)
    return _following(ticket, person)


@operation(
    router, "GET", "/tickets/{ticket_id}/links", scope=Scope.TICKETS_READ, answer=LinkedTickets
)
def list_links(request: HttpRequest, ticket_id: Number) -> LinkedTickets:
    """List the tickets to which a ticket is linked, and those that it has started."""
    person = holder_in(request).user
    ticket, access = seen_ticket(person, ticket_id)
    links = Links(ticket, person, access)
    started = [
        LinkedTicket(
            link=None, what=str(each.label), is_duplicate=False, step=str(each.step),
            **_other(each.other),
        )
        for each in links.started
    ]  # fmt: skip
    linked = [
        LinkedTicket(
            link=None if each.is_duplicate else each.pk,
            what=str(each.label),
            is_duplicate=each.is_duplicate,
            **_other(each.other),
        )
        for each in links.shown
    ]
    return LinkedTickets(items=[*started, *linked], more=links.more)


@operation(
    router, "POST", "/tickets/{ticket_id}/links", scope=Scope.TICKETS_WRITE, answer=NewLink,
    status=201, once=True,
)  # fmt: skip
def link_tickets(request: HttpRequest, ticket_id: Number, wanted: WhatItIs) -> NewLink:
    """Link a ticket to another one: both show it."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    made = link(
        ticket=ticket, number=wanted.ticket, kind=wanted.kind, user=person, now=timezone.now()
    )
    return NewLink(link=made.pk)


@operation(
    router, "DELETE", "/tickets/{ticket_id}/links/{link_id}", scope=Scope.TICKETS_WRITE,
    answer=None, status=204,
)  # fmt: skip
def unlink_tickets(request: HttpRequest, ticket_id: Number, link_id: Number) -> None:
    """Take a link away. It answers the same where there is none that you see."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    found = TicketLink.objects.of(ticket).filter(pk=link_id).first()
    if found is not None:
        unlink(link=found, ticket=ticket, user=person)


@operation(
    router, "POST", "/tickets/{ticket_id}/duplicate", scope=Scope.TICKETS_WRITE,
    answer=TicketDetail, once=True,
)  # fmt: skip
def close_as_duplicate(
    request: HttpRequest, ticket_id: Number, duplicate: DuplicateOf
) -> TicketDetail:
    """Close a ticket that is about the same as another one. Its people follow that one."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    mark_as_duplicate(
        ticket=ticket,
        number=duplicate.of,
        reason=duplicate.reason,
        user=person,
        now=timezone.now(),
    )
    return detail_of(person, ticket_id)


@operation(
    router, "PUT", "/tickets/{ticket_id}/priority", scope=Scope.TICKETS_WRITE, answer=TicketDetail
)
def set_priority(request: HttpRequest, ticket_id: Number, wanted: NewPriority) -> TicketDetail:
    """Give a ticket another priority: who has a task of it, or a ticket admin."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    if ticket.priority_level is not wanted.priority:
        prioritize(ticket=ticket, to=wanted.priority, by=person, reason=wanted.reason)
    return detail_of(person, ticket_id)


@operation(
    router, "PUT", "/tickets/{ticket_id}/rating", scope=Scope.TICKETS_WRITE, answer=Rating,
    permissions=("tickets.view_myticket",),
)  # fmt: skip
def rate_ticket(request: HttpRequest, ticket_id: Number, rating: Rating) -> Rating:
    """Say how satisfied you are with what came of a ticket of your own."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    said = rate(
        ticket=ticket,
        user=person,
        score=rating.score,
        comment=rating.comment,
        now=timezone.now(),
    )
    return Rating(score=Score(said.score), comment=said.comment)


def _following(ticket: Ticket, person: Any) -> Following:
    follows = Follower.objects.filter(ticket=ticket, person=person)
    return Following(is_following=follows.exists())


def _other(ticket: Ticket) -> dict[str, Any]:
    return {"ticket": ticket.pk, "ticket_number": ticket.number, "title": ticket.title}

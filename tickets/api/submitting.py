"""Tickets that are submitted for somebody else, and follow-ups of one's own."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.limits.bodies import LARGE_BODY
from tenants.models import User
from tenants.tokens.scopes import Scope
from tickets.api.messages import form_token
from tickets.api.shapes import Person
from tickets.api.ticket_types import TicketType, TicketTypes, values_of_type
from tickets.api.tickets import NewTicket, SubmittedTicket, seen_ticket
from tickets.conversation.sign_message import signed
from tickets.errors import NotYourTicketError
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.numbering.name_ticket import name_ticket
from tickets.submitting.errors import MayNotSubmitError, MayNotSubmitForError
from tickets.submitting.offered_type import MAY_SUBMIT
from tickets.submitting.pages.offered import offered_now
from tickets.submitting.reopen_ticket import reopen_ticket as reopen
from tickets.submitting.submit_for import (
    ensure_may_submit_for,
    may_submit_for_others,
    possible_requesters,
    types_for,
)
from tickets.submitting.submit_ticket import submit_ticket
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_tickets.came_in import by_assistant

router = Router(tags=["Tickets"])


class Requesters(Schema):
    items: list[Person]
    next: str | None


class FollowUp(Sent):
    answers: dict[str, Any] = Field(description="By the names of the questions.")
    why: str = Field(min_length=1, max_length=10_000, description="Its first message.")
    title: str = Field(default="", max_length=150, description="Empty: made of the answers.")


@operation(router, "GET", "/requesters", scope=Scope.TICKETS_READ, answer=Requesters)
def list_requesters(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Requesters:
    """List the people for whom you may submit tickets: for workers and ticket admins."""
    people = possible_requesters(by=_who_may(request))
    items, more = listed(people, after=after, limit=limit, show=Person.of, newest_first=False)
    return Requesters(items=items, next=more)


@operation(
    router, "GET", "/requesters/{requester_id}/ticket-types", scope=Scope.TICKETS_READ,
    answer=TicketTypes,
)  # fmt: skip
def list_ticket_types_for(request: HttpRequest, requester_id: Number) -> TicketTypes:
    """List the ticket types that you may submit for somebody."""
    by = _who_may(request)
    types = types_for(_requester(requester_id, by), by=by).order_by("title", "pk")
    return TicketTypes(items=[TicketType(**values_of_type(each)) for each in types[:1_000]])


@operation(
    router, "POST", "/requesters/{requester_id}/tickets", scope=Scope.TICKETS_WRITE,
    answer=SubmittedTicket, status=201, once=True, largest_body=LARGE_BODY,
)  # fmt: skip
def submit_ticket_for(
    request: HttpRequest, requester_id: Number, ticket: NewTicket
) -> SubmittedTicket:
    """Submit a ticket for somebody, who is its requester and is told of it."""
    by = _who_may(request)
    requester = _requester(requester_id, by)
    definition = types_for(requester, by=by).filter(key=ticket.type).first()
    if definition is None:
        raise Http404
    ensure_may_submit_for(requester, definition, by=by)
    answers, title = _ready(definition, ticket.answers, ticket.title, by)
    made = submit_ticket(
        definition=definition,
        data=answers,
        user=requester,
        title=title,
        checks_now=True,
        by=by,
        came_in=by_assistant(holder_in(request).token.assistant),
    )
    return SubmittedTicket(id=made.pk, number=made.number, title=made.title)


@operation(
    router, "POST", "/tickets/{ticket_id}/reopen", scope=Scope.TICKETS_WRITE,
    answer=SubmittedTicket, status=201, permissions=("tickets.view_myticket", *MAY_SUBMIT),
    once=True, largest_body=LARGE_BODY,
)  # fmt: skip
def reopen_ticket(request: HttpRequest, ticket_id: Number, follow_up: FollowUp) -> SubmittedTicket:
    """Submit a follow-up of a ticket of your own that has ended."""
    holder = holder_in(request)
    person = holder.user
    old, _access = seen_ticket(person, ticket_id)
    if old.created_by_id != person.pk:
        raise NotYourTicketError
    definition = offered_now(old.definition, person)
    if definition is None:
        raise MayNotSubmitError
    answers, title = _ready(definition, follow_up.answers, follow_up.title, person)
    made = reopen(
        old=old,
        why=signed(follow_up.why, assistant=holder.token.assistant, person=person),
        definition=definition,
        data=answers,
        user=person,
        title=title,
        token=form_token(request),
        now=timezone.now(),
        checks_now=True,
    )
    return SubmittedTicket(id=made.pk, number=made.number, title=made.title)


def _ready(
    definition: TicketDefinition, answers: dict[str, Any], title: str, by: User
) -> tuple[dict[str, Any], str]:
    """The answers with their files as they are kept, and what the ticket is called."""
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    fitting = ensure_uploads_fit(definition.workflow.fields, answers, user=by)
    name = title or name_ticket(definition=definition, fields=form.fields.values(), answers=fitting)
    return fitting, name


def _who_may(request: HttpRequest) -> User:
    """Raises MayNotSubmitForError."""
    person = holder_in(request).user
    if not may_submit_for_others(person):
        raise MayNotSubmitForError
    return person


def _requester(number: int, by: User) -> User:
    """Raises Http404: for nobody of this number."""
    found: User | None = possible_requesters(by=by).filter(pk=number).first()
    if found is None:
        raise Http404
    return found

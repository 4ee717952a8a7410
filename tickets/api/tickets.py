"""Tickets: submitting, listing, reading, withdrawing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed, listed_by_time
from tenants.api.moments import Moment
from tenants.api.once import names_key
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.limits.bodies import LARGE_BODY
from tenants.limits.dear import Dear, count_dear
from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.tokens.scopes import Scope
from tickets.api.shapes import TicketDetail, TicketRow
from tickets.api.ticket_types import offered_type
from tickets.conversation.pages.timeline import Conversation, History, ShownMessage
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.finding.find_tickets import Scope as SearchScope
from tickets.finding.find_tickets import find_tickets
from tickets.finding.query import read_query
from tickets.following.pages import progress
from tickets.following.pages.history import HistoryLine, WholeHistory
from tickets.models import SavedAnswers, Ticket, TicketError
from tickets.models.ticket import TicketQuerySet
from tickets.numbering.name_ticket import name_ticket
from tickets.repairing.begin_repair import marker_of
from tickets.seeing import Viewer, hidden_tasks, viewer_of
from tickets.submitting.offered_type import MAY_SUBMIT
from tickets.submitting.submit_ticket import submit_ticket
from tickets.taking_part.access import SEES_ALL, Access, access_to
from tickets.withdrawing.withdraw_ticket import LONGEST_REASON
from tickets.withdrawing.withdraw_ticket import withdraw_ticket as withdraw
from workflows.models import WorkflowDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_tickets.came_in import by_assistant

router = Router(tags=["Tickets"])
_CURSOR: Final = r"^\d{1,18}\.\d{1,18}$"


class NewTicket(Sent):
    type: str = Field(max_length=63, description="The key of the ticket type.")
    answers: dict[str, Any] = Field(description="By the names of the questions.")
    title: str = Field(
        default="", max_length=LONGEST_NAME, description="Empty: made of the answers."
    )
    saved: Number | None = Field(
        default=None, description="What you have saved of it on the way: it is forgotten then."
    )


class SubmittedTicket(Schema):
    id: int
    number: str
    title: str


class Tickets(Schema):
    items: list[TicketRow]
    next: str | None = Field(description="The cursor of the next page; null: this is the last.")
    is_cut: bool = Field(
        default=False, description="A search found more than it lists: add a word."
    )


class Whose(StrEnum):
    MINE = "mine"
    ALL = "all"


class State(StrEnum):
    RUNNING = "running"
    OVER = "over"
    ANY = "any"


class Why(Sent):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class TriedTransition(Schema):
    """A way that was looked at when it was decided where the ticket goes."""

    to: str
    condition: str
    outcome: str = Field(description="yes, no or error.")
    error: str = ""


class TimelineEntry(Schema):
    """Something that happened, or a message that was written."""

    at: datetime | None
    kind: str = Field(description="event or message.")
    text: str
    who: str = ""
    message: int | None = None
    is_internal: bool = False
    files: list[str] = Field(default=[], description="Keys of the files of a message.")
    reason: str = ""
    note: str = ""
    tried: list[TriedTransition] = Field(
        default=[], description="Why it went this way; for ticket admins."
    )


class Timeline(Schema):
    items: list[TimelineEntry] = Field(description="The oldest of them first.")
    earlier: str | None = Field(
        description="What to send as “before” for the page with what was before."
    )


@operation(
    router, "POST", "/tickets", scope=Scope.TICKETS_WRITE, answer=SubmittedTicket, status=201,
    permissions=MAY_SUBMIT, once=True, largest_body=LARGE_BODY,
)  # fmt: skip
def submit_a_ticket(request: HttpRequest, ticket: NewTicket) -> SubmittedTicket:
    """Submit a ticket.

    What the form calculates or begins with is added as on its page. A file is sent before, and
    named as that answered.
    """
    holder = holder_in(request)
    person = holder.user
    definition = offered_type(person, ticket.type)
    form = definition_of(definition.workflow_id).ticket_form(definition.presets)
    answers = ensure_uploads_fit(definition.workflow.fields, ticket.answers, user=person)
    title = ticket.title or name_ticket(
        definition=definition, fields=form.fields.values(), answers=answers
    )
    made = submit_ticket(
        definition=definition,
        data=answers,
        user=person,
        title=title,
        slot=_slot_of(person, ticket.saved),
        checks_now=names_key(request),  # then the commit is that of its answer
        came_in=by_assistant(holder.token.assistant),
    )
    return SubmittedTicket(id=made.pk, number=made.number, title=made.title)


@operation(router, "GET", "/tickets", scope=Scope.TICKETS_READ, answer=Tickets)
def list_tickets(
    request: HttpRequest,
    whose: Whose = Whose.MINE,
    state: State = State.ANY,
    ticket_type: Annotated[str, Field(max_length=63)] = "",
    search: Annotated[str, Field(max_length=500)] = "",
    submitted_after: Moment | None = None,
    submitted_before: Moment | None = None,
    limit: Limit = 50,
    after: Cursor = "",
) -> Tickets:
    """List tickets, the newest first: by their numbers, or, bounded by a moment, by moments.

    “mine” are those that you have submitted, “all” those of the company, for ticket admins. A
    search looks into what you may read of them: answers, messages, names and numbers.
    """
    person = holder_in(request).user
    tickets = _tickets_of(person, whose)
    tickets = {State.RUNNING: tickets.going_on, State.OVER: tickets.over}.get(state, tickets.all)()
    if ticket_type:
        tickets = tickets.of_type(ticket_type)
    if submitted_after is not None:
        tickets = tickets.filter(created_at__gt=submitted_after)
    if submitted_before is not None:
        tickets = tickets.filter(created_at__lt=submitted_before)
    is_cut = False
    if search.strip():  # it may take seconds, whatever is found
        holder = holder_in(request)
        count_dear(Dear.ASKED, person_id=person.pk, schema=holder.company.schema_name)
        scope = SearchScope.REQUESTER if whose is Whose.MINE else SearchScope.TEAM
        found = find_tickets(read_query(search), tickets=tickets, scope=scope)
        tickets, is_cut = tickets.filter(pk__in=found.numbers), found.is_cut
    rows = tickets.with_progress().annotate(is_stuck=_is_stuck())
    if submitted_after is not None or submitted_before is not None:
        items, more = listed_by_time(rows, "created_at", after=after, limit=limit, show=_row)
    else:
        items, more = listed(rows, after=after, limit=limit, show=_row)
    return Tickets(items=items, next=more, is_cut=is_cut)


@operation(router, "GET", "/tickets/{ticket_id}", scope=Scope.TICKETS_READ, answer=TicketDetail)
def get_ticket(request: HttpRequest, response: HttpResponse, ticket_id: Number) -> TicketDetail:
    """Read a ticket, with the answers that you may see of it.

    The ETag is for repairs: somebody else may have changed it by then.
    """
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    response["ETag"] = f'"{marker_of(ticket)}"'
    return _detail(person, ticket)


@operation(
    router, "GET", "/tickets/{ticket_id}/timeline", scope=Scope.TICKETS_READ, answer=Timeline
)
def get_timeline(
    request: HttpRequest, ticket_id: Number, before: Annotated[str, Field(pattern=_CURSOR)] = ""
) -> Timeline:
    """Read what happened to a ticket, and what was written on it.

    Ticket admins read the reasons of every step, with the conditions that were tried.
    """
    person = holder_in(request).user
    ticket, access = seen_ticket(person, ticket_id)
    history = _history(person, ticket)
    line = Conversation(request, ticket, person, history=history, access=access)
    items = [
        _said(each.message) if each.message is not None else _happened(each.event)
        for each in line.entries
    ]
    return Timeline(items=items, earlier=line.earlier or None)


@operation(
    router, "POST", "/tickets/{ticket_id}/withdraw", scope=Scope.TICKETS_WRITE, answer=TicketDetail,
    permissions=("tickets.view_myticket",),
)  # fmt: skip
def withdraw_ticket(request: HttpRequest, ticket_id: Number, why: Why) -> TicketDetail:
    """Withdraw a ticket of your own that runs."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    withdraw(ticket=ticket, user=person, reason=why.reason, now=timezone.now())
    return detail_of(person, ticket_id)


def detail_of(person: User, number: int) -> TicketDetail:
    """A ticket as this person sees it. Raises what `seen_ticket` does."""
    ticket, _access = seen_ticket(person, number)
    return _detail(person, ticket)


def _detail(person: User, ticket: Ticket) -> TicketDetail:
    return TicketDetail.seen_by(
        person, ticket, viewer=viewer_of(person, ticket), place=_place(ticket)
    )


def seen_ticket(person: User, number: int) -> tuple[Ticket, Access]:
    """A ticket in which this person takes part, with what they may of its conversation.

    Raises:
        Http404: it is not there, or they take no part in it.
    """
    tickets = Ticket.objects.with_progress().select_related(
        "workflow",
        "definition",
        "created_by",
        "workflow_instance__current_task__definition",
        "workflow_instance__current_task__assigned_to",
    )
    ticket = tickets.annotate(is_stuck=_is_stuck()).filter(pk=number).first()
    access = Access() if ticket is None else access_to(ticket, person)
    if ticket is None or not access:
        raise Http404
    return ticket, access


def _slot_of(person: User, saved: int | None) -> str:
    """Under which what was saved on the way stands; empty: nothing, or it is gone."""
    if saved is None:
        return ""
    own = SavedAnswers.objects.of_tickets(person).filter(pk=saved)
    return own.values_list("slot", flat=True).first() or ""


def _tickets_of(person: User, whose: Whose) -> TicketQuerySet:
    needed = "tickets.view_myticket" if whose is Whose.MINE else SEES_ALL
    if not person.has_perm(needed):
        raise PermissionDenied
    tickets: TicketQuerySet = Ticket.objects.all()
    return tickets.submitted_by(person) if whose is Whose.MINE else tickets


def _is_stuck() -> Exists:
    return Exists(TicketError.objects.unresolved().filter(ticket=OuterRef("pk")))


def _row(ticket: Ticket) -> TicketRow:
    return TicketRow(**TicketRow.values_of(ticket, _place(ticket)))


def _place(ticket: Ticket) -> str:
    is_stuck = bool(getattr(ticket, "is_stuck", False))
    return progress.position_in_words(ticket, is_stuck=is_stuck)


def _history(person: User, ticket: Ticket) -> History | None:
    """As the page of a ticket shows it to this person."""
    viewer = viewer_of(person, ticket)
    if viewer is Viewer.NOBODY:
        return None
    if not person.has_perm(SEES_ALL):
        hidden = hidden_tasks(person, ticket) if viewer is Viewer.TEAM else frozenset[int]()
        return progress.Moments(ticket, viewer, hidden)
    workflows = WorkflowDefinition.objects.with_tasks_and_transitions()
    workflow = workflows.get(pk=ticket.workflow_id)
    return WholeHistory(workflow, ticket.workflow_instance_id, viewer=viewer)


def _said(shown: ShownMessage) -> TimelineEntry:
    message, readable = shown.message, shown.is_readable
    return TimelineEntry(
        at=shown.at,
        kind="message",
        text=message.text if readable else "",
        who=str(message.written_by),
        message=message.pk,
        is_internal=message.visibility == "INTERNAL",
        files=[str(each.sent.uuid) for each in shown.files] if readable else [],
    )


def _happened(event: Any) -> TimelineEntry:
    if not isinstance(event, HistoryLine):
        return TimelineEntry(at=event.at, kind="event", text=str(event.text))
    return TimelineEntry(
        at=event.at,
        kind="event",
        text=str(event.text),
        who=str(event.who),
        reason=event.reason,
        note=event.note,
        tried=[
            TriedTransition(
                to=str(each.target),
                condition=str(each.condition),
                outcome=each.outcome,
                error=each.error,
            )
            for each in event.tried
        ],
    )

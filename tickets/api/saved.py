"""Tickets that one has begun and not submitted, and half-filled forms of tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.limits.bodies import LARGE_BODY
from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.tokens.scopes import Scope
from tickets.api.messages import form_token
from tickets.api.shapes import TypeName
from tickets.api.tasks import MAY_READ
from tickets.api.ticket_types import offered_type
from tickets.models import SavedAnswers
from tickets.saving.save_answers import discard_saved_answers, save_ticket_answers
from tickets.submitting.offered_type import MAY_SUBMIT

router = Router(tags=["Tickets"])


class SavedRow(Schema):
    """A ticket that was begun."""

    id: int
    type: TypeName
    title: str
    saved_at: datetime

    @classmethod
    def values_of(cls, saved: SavedAnswers) -> dict[str, Any]:
        definition = saved.ticket_definition
        return {
            "id": saved.pk,
            "type": TypeName(
                key="" if definition is None else definition.key,
                title="" if definition is None else definition.title,
            ),
            "title": saved.title,
            "saved_at": saved.saved_at,
        }


class SavedRows(Schema):
    items: list[SavedRow]
    next: str | None


class SavedTicket(SavedRow):
    answers: dict[str, Any] = Field(description="As they were sent: nothing of it was checked.")

    @classmethod
    def of(cls, saved: SavedAnswers) -> SavedTicket:
        answers = saved.answers if isinstance(saved.answers, dict) else {}
        return cls(**SavedRow.values_of(saved), answers=answers)


class Begun(Sent):
    type: str = Field(max_length=63, description="The key of the ticket type.")
    answers: dict[str, Any]
    title: str = Field(default="", max_length=LONGEST_NAME)


class BegunAgain(Sent):
    answers: dict[str, Any]
    title: str = Field(default="", max_length=LONGEST_NAME)


@operation(
    router, "GET", "/saved-tickets", scope=Scope.TICKETS_READ, answer=SavedRows,
    permissions=MAY_SUBMIT,
)  # fmt: skip
def list_saved_tickets(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> SavedRows:
    """List the tickets that you have begun and not submitted."""
    rows = SavedAnswers.objects.of_tickets(holder_in(request).user)
    items, more = listed(
        rows, after=after, limit=limit, show=lambda each: SavedRow(**SavedRow.values_of(each))
    )
    return SavedRows(items=items, next=more)


@operation(
    router, "POST", "/saved-tickets", scope=Scope.TICKETS_WRITE, answer=SavedTicket, status=201,
    permissions=MAY_SUBMIT, once=True, largest_body=LARGE_BODY,
)  # fmt: skip
def save_new_ticket(request: HttpRequest, begun: Begun) -> SavedTicket:
    """Save a half-filled ticket for later. Nothing of it is checked yet."""
    person = holder_in(request).user
    saved = save_ticket_answers(
        definition=offered_type(person, begun.type),
        slot=form_token(request),
        answers=begun.answers,
        user=person,
        title=begun.title,
    )
    return SavedTicket.of(saved)


@operation(
    router, "GET", "/saved-tickets/{saved_id}", scope=Scope.TICKETS_READ, answer=SavedTicket,
    permissions=MAY_SUBMIT,
)  # fmt: skip
def get_saved_ticket(request: HttpRequest, saved_id: Number) -> SavedTicket:
    """Read a ticket that you have begun."""
    return SavedTicket.of(saved_ticket(holder_in(request).user, saved_id))


@operation(
    router, "PUT", "/saved-tickets/{saved_id}", scope=Scope.TICKETS_WRITE, answer=SavedTicket,
    permissions=MAY_SUBMIT, largest_body=LARGE_BODY,
)  # fmt: skip
def save_ticket_again(request: HttpRequest, saved_id: Number, begun: BegunAgain) -> SavedTicket:
    """Save a ticket that you have begun once more, in the version of its type of today."""
    person = holder_in(request).user
    kept = saved_ticket(person, saved_id)
    key = "" if kept.ticket_definition is None else kept.ticket_definition.key
    saved = save_ticket_answers(
        definition=offered_type(person, key),
        slot=kept.slot,
        answers=begun.answers,
        user=person,
        title=begun.title,
    )
    return SavedTicket.of(saved)


@operation(
    router, "DELETE", "/saved-tickets/{saved_id}", scope=Scope.TICKETS_WRITE, answer=None,
    status=204, permissions=MAY_SUBMIT,
)  # fmt: skip
def discard_saved_ticket(request: HttpRequest, saved_id: Number) -> None:
    """Throw a ticket away that you have begun."""
    discard_saved_answers(saved=saved_ticket(holder_in(request).user, saved_id))


@operation(
    router, "DELETE", "/saved-tasks/{task_id}", scope=Scope.TASKS_WRITE, answer=None, status=204,
    permissions=MAY_READ,
)  # fmt: skip
def discard_saved_task(request: HttpRequest, task_id: Number) -> None:
    """Throw away what you have saved of a task, also of one that is no longer yours."""
    saved = SavedAnswers.objects.of(holder_in(request).user).filter(task=task_id).first()
    if saved is None:
        raise Http404
    discard_saved_answers(saved=saved)


def saved_ticket(person: User, number: int) -> SavedAnswers:
    """Raises Http404: this person has begun no such ticket."""
    found: SavedAnswers | None = SavedAnswers.objects.of_tickets(person).filter(pk=number).first()
    if found is None:
        raise Http404
    return found

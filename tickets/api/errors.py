"""Ticket errors, and repairing tickets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.mail.models import LONGEST_ADDRESS
from tenants.tokens.scopes import Scope
from tickets.api.as_read import as_read, etag_of_ticket
from tickets.api.shapes import TicketDetail
from tickets.api.tickets import detail_of, seen_ticket
from tickets.models import ErrorStatus, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.handle_error import resolve_error as resolve
from tickets.repairing.handle_error import review_error as review
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step

router = Router(tags=["Errors and repair"])
MAY_READ: Final = ("tickets.view_ticketerror",)
MAY_HANDLE: Final = ("tickets.change_ticketerror",)
MAY_REPAIR: Final = ("tickets.change_ticket",)
LONGEST_REASON: Final = 2_000


class ErrorRow(Schema):
    """Something that went wrong with a ticket."""

    id: int
    ticket: int
    ticket_number: str
    task: int | None
    type: str
    message: str
    status: str = Field(description="NEW, REVIEWED or RESOLVED.")
    created_at: datetime
    resolution: str

    @classmethod
    def of(cls, error: TicketError) -> ErrorRow:
        return cls(
            id=error.pk,
            ticket=error.ticket_id,
            ticket_number=error.ticket.number,
            task=error.task_id,
            type=error.error_type,
            message=error.message,
            status=str(error.status),
            created_at=error.created_at,
            resolution=error.resolution_notes,
        )


class Errors(Schema):
    items: list[ErrorRow]
    next: str | None


class Reason(Sent):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class Again(Reason):
    to: str = Field(
        default="",
        max_length=LONGEST_ADDRESS,
        description="Of a mail of a step that was not delivered: where it goes now.",
    )


class Notes(Sent):
    notes: str = Field(min_length=1, max_length=5_000)


class Verb(StrEnum):
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"


_VERBS: Final[dict[Verb, Any]] = {
    Verb.HOLD: hold_ticket,
    Verb.RESUME: resume_ticket,
    Verb.CANCEL: cancel_ticket,
}


@operation(router, "GET", "/errors", scope=Scope.ERRORS_READ, answer=Errors, permissions=MAY_READ)
def list_errors(
    request: HttpRequest,
    status: ErrorStatus | None = None,
    ticket: Number | None = None,
    limit: Limit = 50,
    after: Cursor = "",
) -> Errors:
    """List ticket errors, the newest first."""
    errors = TicketError.objects.select_related("ticket")
    if status is not None:
        errors = errors.filter(status=status)
    if ticket is not None:
        errors = errors.filter(ticket=ticket)
    items, more = listed(errors, after=after, limit=limit, show=ErrorRow.of)
    return Errors(items=items, next=more)


@operation(
    router, "GET", "/errors/{error_id}", scope=Scope.ERRORS_READ, answer=ErrorRow,
    permissions=MAY_READ,
)  # fmt: skip
def get_error(request: HttpRequest, response: HttpResponse, error_id: Number) -> ErrorRow:
    """Read a ticket error. Its ETag is that of the ticket: send it with a repair."""
    error = _error(error_id)
    response["ETag"] = etag_of_ticket(error.ticket)
    return ErrorRow.of(error)


@operation(
    router, "POST", "/errors/{error_id}/review", scope=Scope.ERRORS_REPAIR, answer=ErrorRow,
    permissions=MAY_HANDLE,
)  # fmt: skip
def review_error(request: HttpRequest, error_id: Number) -> ErrorRow:
    """Mark an error as reviewed."""
    review(error=_error(error_id), by=holder_in(request).user)
    return ErrorRow.of(_error(error_id))


@operation(
    router, "POST", "/errors/{error_id}/resolve", scope=Scope.ERRORS_REPAIR, answer=ErrorRow,
    permissions=MAY_HANDLE,
)  # fmt: skip
def resolve_error(request: HttpRequest, error_id: Number, how: Notes) -> ErrorRow:
    """Note an error as resolved, where its step is not stuck."""
    resolve(error=_error(error_id), by=holder_in(request).user, notes=how.notes)
    return ErrorRow.of(_error(error_id))


@operation(
    router, "POST", "/errors/{error_id}/retry", scope=Scope.ERRORS_REPAIR, answer=ErrorRow,
    permissions=MAY_REPAIR, versioned=True, once=True,
)  # fmt: skip
def retry_error(request: HttpRequest, error_id: Number, why: Again) -> ErrorRow:
    """Try the step of an error again, or send the mail again that was not delivered."""
    with as_read(request) as expected:
        retry_step(
            error=_error(error_id),
            by=holder_in(request).user,
            reason=why.reason,
            expected=expected,
            to=why.to,
        )
    return ErrorRow.of(_error(error_id))


@operation(
    router, "POST", "/tickets/{ticket_id}/repairs/{verb}", scope=Scope.ERRORS_REPAIR,
    answer=TicketDetail, permissions=MAY_REPAIR, versioned=True,
)  # fmt: skip
def repair_ticket(request: HttpRequest, ticket_id: Number, verb: Verb, why: Reason) -> TicketDetail:
    """Hold a ticket, let it go on, or cancel it."""
    person = holder_in(request).user
    ticket, _access = seen_ticket(person, ticket_id)
    with as_read(request) as expected:
        _VERBS[verb](ticket=ticket, by=person, reason=why.reason, expected=expected)
    return detail_of(person, ticket_id)


def _error(number: int) -> TicketError:
    """Raises Http404: there is none."""
    found = TicketError.objects.select_related("ticket__workflow_instance").filter(pk=number)
    error: TicketError | None = found.first()
    if error is None:
        raise Http404
    return error

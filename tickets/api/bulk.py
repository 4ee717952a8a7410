"""The same done to many tickets, and many errors tried again: begun, and how far it is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Field, Router, Schema

from tenants.api.operations import NoScopeError, Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.limits.bodies import LARGE_BODY
from tenants.tokens.holder import Holder
from tenants.tokens.scopes import Scope
from tickets.api.errors import LONGEST_REASON, MAY_REPAIR, Reason
from tickets.api.shapes import Person
from tickets.conversation.sign_message import signed
from tickets.errors import TicketsError
from tickets.models import BulkChange, BulkRetry, TicketError, Visibility
from tickets.models.bulk import Bulk
from tickets.models.message import LONGEST_MESSAGE
from tickets.overseeing.bulk_change import change_many, go_on_with_bulk_change
from tickets.overseeing.bulk_verbs import MOST_TICKETS
from tickets.repairing.bulk_work import stopped
from tickets.repairing.errors import ErrorAlreadyHandledError
from tickets.repairing.retry_many import go_on_with_bulk_retry, retry_many
from workflows.priorities import Priority

router = Router(tags=["Errors and repair"])
MOST_ERRORS: Final = 10_000
MOST_REFUSALS: Final = 50


class PriorityMissingError(TicketsError):
    message = _("Say which priority the tickets get.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "priority"


class TextMissingError(TicketsError):
    message = _("Say what the message says.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    field = "text"


class WhatIsDone(StrEnum):
    PRIORITIZE = "prioritize"
    REASSIGN = "reassign"
    MESSAGE = "message"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"


# For one ticket another scope allows these.
_AS_WRITING: Final = (WhatIsDone.MESSAGE, WhatIsDone.PRIORITIZE)


class LeftOut(Schema):
    id: int = Field(description="The number of the ticket, or of the error.")
    message: str


class Progress(Schema):
    """How far it is. A job does it; ask again."""

    id: int
    total: int
    done: int
    left_out: int
    is_finished: bool
    is_stopped: bool = Field(description="Nobody works on it any more: let it go on.")
    reason: str
    started_by: Person
    started_at: datetime
    refusals: list[LeftOut] = Field(description="The first of those that were left out, and why.")

    @classmethod
    def of(cls, bulk: Bulk) -> Progress:
        return cls(
            id=bulk.pk,
            is_stopped=stopped(bulk),
            total=bulk.total,
            done=bulk.done,
            left_out=bulk.left_out,
            is_finished=bulk.is_finished,
            reason=bulk.reason,
            started_by=Person.of(bulk.created_by),
            started_at=bulk.created_at,
            refusals=[
                LeftOut(id=each[bulk.about], message=str(each.get("message", "")))
                for each in bulk.shown_refusals[:MOST_REFUSALS]
            ],
        )


class RetryOfMany(Reason):
    errors: list[Number] = Field(min_length=1, max_length=MOST_ERRORS)


class ChangeOfMany(Sent):
    tickets: list[Number] = Field(min_length=1, max_length=MOST_TICKETS)
    what: WhatIsDone = Field(strict=False)
    reason: str = Field(
        default="", max_length=LONGEST_REASON, description="Needed, but for priorities, messages."
    )
    priority: Priority | None = Field(default=None, strict=False, description="For prioritize.")
    to: Number | None = Field(
        default=None, description="For reassign: a person; null: whose turn it is."
    )
    text: str = Field(default="", max_length=LONGEST_MESSAGE, description="For message.")
    is_internal: bool = Field(
        default=True, description="For message: a note of the team, which requesters do not see."
    )


@operation(
    router, "POST", "/bulk-retries", scope=Scope.ERRORS_REPAIR, answer=Progress, status=201,
    permissions=MAY_REPAIR, once=True, largest_body=LARGE_BODY,
)  # fmt: skip
def retry_errors(request: HttpRequest, many: RetryOfMany) -> Progress:
    """Try the steps of many errors again, the oldest first. Those that are resolved are left."""
    errors = list(TicketError.objects.unresolved().filter(pk__in=many.errors).only("pk"))
    if not errors:
        raise ErrorAlreadyHandledError
    by = holder_in(request).user
    return Progress.of(retry_many(errors=errors, by=by, reason=many.reason))


@operation(
    router, "GET", "/bulk-retries/{retry_id}", scope=Scope.ERRORS_READ, answer=Progress,
    permissions=MAY_REPAIR,
)  # fmt: skip
def get_bulk_retry(request: HttpRequest, retry_id: Number) -> Progress:
    """Read how far a retry of many errors is."""
    return Progress.of(_bulk(BulkRetry, retry_id))


@operation(
    router, "POST", "/bulk-retries/{retry_id}/go-on", scope=Scope.ERRORS_REPAIR, answer=Progress,
    permissions=MAY_REPAIR,
)  # fmt: skip
def go_on_with_retry(request: HttpRequest, retry_id: Number) -> Progress:
    """Let a retry of many errors that has stopped go on."""
    go_on_with_bulk_retry(progress=_bulk(BulkRetry, retry_id), by=holder_in(request).user)
    return Progress.of(_bulk(BulkRetry, retry_id))


@operation(
    router, "POST", "/bulk-changes", scope=Scope.ERRORS_REPAIR, answer=Progress, status=201,
    permissions=MAY_REPAIR, once=True, largest_body=LARGE_BODY,
)  # fmt: skip
def change_tickets(request: HttpRequest, many: ChangeOfMany) -> Progress:
    """Do the same to many tickets: hold, let go on, cancel, reassign, set a priority, write.

    Messages and priorities take the scope tickets:write as well, as they do for one ticket.
    """
    holder = holder_in(request)
    if many.what in _AS_WRITING and not holder.has(Scope.TICKETS_WRITE):
        raise NoScopeError(Scope.TICKETS_WRITE)
    change = change_many(
        verb=many.what.value,
        tickets=many.tickets,
        by=holder.user,
        reason=many.reason,
        arguments=_arguments(many, holder),
    )
    return Progress.of(change)


@operation(
    router, "GET", "/bulk-changes/{change_id}", scope=Scope.ERRORS_READ, answer=Progress,
    permissions=MAY_REPAIR,
)  # fmt: skip
def get_bulk_change(request: HttpRequest, change_id: Number) -> Progress:
    """Read how far a change of many tickets is."""
    return Progress.of(_bulk(BulkChange, change_id))


@operation(
    router, "POST", "/bulk-changes/{change_id}/go-on", scope=Scope.ERRORS_REPAIR, answer=Progress,
    permissions=MAY_REPAIR,
)  # fmt: skip
def go_on_with_change(request: HttpRequest, change_id: Number) -> Progress:
    """Let a change of many tickets that has stopped go on."""
    go_on_with_bulk_change(change=_bulk(BulkChange, change_id), by=holder_in(request).user)
    return Progress.of(_bulk(BulkChange, change_id))


def _arguments(many: ChangeOfMany, holder: Holder) -> dict[str, Any]:
    """As the verb keeps them.

    Raises:
        PriorityMissingError, TextMissingError
    """
    if many.what is WhatIsDone.PRIORITIZE:
        if many.priority is None:
            raise PriorityMissingError
        return {"priority": many.priority.value}
    if many.what is WhatIsDone.REASSIGN:
        return {"worker": many.to}
    if many.what is WhatIsDone.MESSAGE:
        if not many.text.strip():
            raise TextMissingError
        text = signed(many.text, assistant=holder.token.assistant, person=holder.user)
        read_by = Visibility.INTERNAL if many.is_internal else Visibility.PUBLIC
        return {"text": text, "visibility": read_by.value}
    return {}


def _bulk[B: Bulk](kind: type[B], number: int) -> B:
    """Raises Http404: the company has no such one."""
    found = kind._default_manager.select_related("created_by").filter(pk=number).first()
    if found is None:
        raise Http404
    return found

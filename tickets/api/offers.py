"""Ticket types as those keep them who describe work: who may submit one, and what it starts by."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from tenants.api.listing import Cursor, Limit, listed
from tenants.api.operations import Number, holder_in, operation
from tenants.api.sent import Sent
from tenants.api.versions import ensure_unchanged, etag_of
from tenants.tokens.scopes import Scope
from tickets.api.shapes import Person
from tickets.arriving.set_way_in import way_in_of
from tickets.keeping.keep_tickets import LONGEST_DAYS, keep_days_of, set_keep_days
from tickets.models import RecurringStart
from tickets.starting.pause_start import pause_start, resume_start
from workflows.api.people import roles_with
from workflows.authoring.ticket_types.change_ticket_type import (
    change_ticket_type,
    ticket_type_marker,
)
from workflows.models import TicketDefinition

router = Router(tags=["Ticket types"])
MAY_READ: Final = ("workflows.view_ticketdefinition",)
MAY_CHANGE: Final = ("workflows.change_ticketdefinition",)


class OfferRow(Schema):
    """A version of a ticket type, offered or not."""

    id: int
    key: str
    title: str
    version: int
    workflow: int
    is_active: bool = Field(description="Whether it is offered.")
    company_roles: list[int] = Field(description="Whose members may submit it; none: everybody.")

    @classmethod
    def of(cls, definition: TicketDefinition) -> OfferRow:
        return cls(
            id=definition.pk,
            key=definition.key,
            title=definition.title,
            version=definition.version,
            workflow=definition.workflow_id,
            is_active=definition.is_active,
            company_roles=sorted(each.pk for each in definition.roles_with_access.all()),
        )


class Offers(Schema):
    items: list[OfferRow]
    next: str | None


class Offer(Sent):
    is_active: bool
    company_roles: list[Number] = Field(max_length=1_000)


class Kept(Sent):
    days: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] = Field(
        description="After their end tickets of this type are kept so many days; 0: for ever."
    )


class WayIn(Schema):
    """How tickets of a type come in without its form. Its secret is told to no program."""

    address_on: bool
    on_behalf_of: Person | None
    mail_on: bool
    mail_text: str = Field(description="The question that the text of a mail answers.")
    mail_files: list[str]


class StartRow(Schema):
    """Tickets that start by themselves."""

    id: int
    ticket_type: str
    key: str
    on_behalf_of: Person | None
    next_at: datetime | None
    paused: str = Field(description="BY_HAND, NOBODY, LEFT, MAY_NOT; empty: it goes on.")

    @classmethod
    def of(cls, start: RecurringStart) -> StartRow:
        return cls(
            id=start.pk,
            ticket_type=start.type_key,
            key=start.key,
            on_behalf_of=None if start.person is None else Person.of(start.person),
            next_at=start.next_at,
            paused=start.paused,
        )


class Starts(Schema):
    items: list[StartRow]
    next: str | None


@operation(
    router, "GET", "/offers", scope=Scope.DEFINITIONS_READ, answer=Offers, permissions=MAY_READ
)
def list_offers(
    request: HttpRequest, active: bool = True, limit: Limit = 50, after: Cursor = ""
) -> Offers:
    """List the versions of ticket types, the newest first; without `active` all of them."""
    rows = TicketDefinition.objects.prefetch_related("roles_with_access")
    if active:
        rows = rows.filter(is_active=True)
    items, more = listed(rows, after=after, limit=limit, show=OfferRow.of)
    return Offers(items=items, next=more)


@operation(
    router, "GET", "/offers/{offer_id}", scope=Scope.DEFINITIONS_READ, answer=OfferRow,
    permissions=MAY_READ,
)  # fmt: skip
def get_offer(request: HttpRequest, response: HttpResponse, offer_id: Number) -> OfferRow:
    """Read a version of a ticket type."""
    definition = _definition(offer_id)
    response["ETag"] = etag_of(ticket_type_marker(definition))
    return OfferRow.of(definition)


@operation(
    router, "PUT", "/offers/{offer_id}", scope=Scope.DEFINITIONS_PUBLISH, answer=OfferRow,
    permissions=MAY_CHANGE, versioned=True,
)  # fmt: skip
def change_offer(request: HttpRequest, offer_id: Number, wanted: Offer) -> OfferRow:
    """Say who may submit a ticket type, and whether it is offered. No assistant does this."""
    definition = _definition(offer_id)
    marker = ticket_type_marker(definition)
    ensure_unchanged(request, marker)
    change_ticket_type(
        definition=definition,
        roles=roles_with(wanted.company_roles),
        is_active=wanted.is_active,
        expected=marker,
    )
    return OfferRow.of(_definition(offer_id))


@operation(
    router, "GET", "/offers/{offer_id}/kept", scope=Scope.DEFINITIONS_READ, answer=Kept,
    permissions=MAY_READ,
)  # fmt: skip
def get_kept(request: HttpRequest, offer_id: Number) -> Kept:
    """Read how long tickets of a type are kept."""
    return Kept(days=keep_days_of(_definition(offer_id).key))


@operation(
    router, "PUT", "/offers/{offer_id}/kept", scope=Scope.DEFINITIONS_PUBLISH, answer=Kept,
    permissions=MAY_CHANGE,
)  # fmt: skip
def set_kept(request: HttpRequest, offer_id: Number, wanted: Kept) -> Kept:
    """Say how long tickets of a type are kept after their end. Then they are deleted."""
    definition = _definition(offer_id)
    set_keep_days(definition=definition, days=wanted.days)
    return Kept(days=keep_days_of(definition.key))


@operation(
    router, "GET", "/offers/{offer_id}/way-in", scope=Scope.SETTINGS_READ, answer=WayIn,
    permissions=MAY_CHANGE,
)  # fmt: skip
def get_way_in(request: HttpRequest, offer_id: Number) -> WayIn:
    """Read how tickets of a type come in from outside. It is changed on its page."""
    way = way_in_of(_definition(offer_id))
    return WayIn(
        address_on=way.address_on,
        on_behalf_of=None if way.person is None else Person.of(way.person),
        mail_on=way.mail_on,
        mail_text=way.mail_text,
        mail_files=[str(each) for each in way.mail_files],
    )


@operation(
    router, "GET", "/starts", scope=Scope.DEFINITIONS_READ, answer=Starts, permissions=MAY_READ
)
def list_starts(request: HttpRequest, limit: Limit = 50, after: Cursor = "") -> Starts:
    """List what starts tickets by itself. Their rules stand in the ticket types of bundles."""
    rows = RecurringStart.objects.select_related("person")
    items, more = listed(rows, after=after, limit=limit, show=StartRow.of, newest_first=False)
    return Starts(items=items, next=more)


@operation(
    router, "POST", "/starts/{start_id}/pause", scope=Scope.DEFINITIONS_PUBLISH, answer=StartRow,
    permissions=MAY_READ,
)  # fmt: skip
def pause_recurring_start(request: HttpRequest, start_id: Number) -> StartRow:
    """Pause a recurring start: no ticket starts by itself until it goes on."""
    _start(start_id)
    pause_start(start_id=start_id, user=holder_in(request).user, now=timezone.now())
    return StartRow.of(_start(start_id))


@operation(
    router, "POST", "/starts/{start_id}/resume", scope=Scope.DEFINITIONS_PUBLISH, answer=StartRow,
    permissions=MAY_READ,
)  # fmt: skip
def resume_recurring_start(request: HttpRequest, start_id: Number) -> StartRow:
    """Let a recurring start go on, with its next moment from now on."""
    _start(start_id)
    resume_start(start_id=start_id, user=holder_in(request).user, now=timezone.now())
    return StartRow.of(_start(start_id))


def _definition(number: int) -> TicketDefinition:
    """Raises Http404: the company has no such version of a ticket type."""
    found = TicketDefinition.objects.prefetch_related("roles_with_access").filter(pk=number)
    definition: TicketDefinition | None = found.first()
    if definition is None:
        raise Http404
    return definition


def _start(number: int) -> RecurringStart:
    """Raises Http404: there is none such."""
    found = RecurringStart.objects.select_related("person").filter(pk=number).first()
    if found is None:
        raise Http404
    return found

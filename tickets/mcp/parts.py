"""What the tools of tickets have in common: which ticket is meant, and how one is said in short."""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, OuterRef

from tenants.mcp.errors import NothingThereError
from tenants.mcp.tool import Call, JsonObject
from tickets.following.pages.progress import position_in_words
from tickets.models import Ticket, TicketError
from tickets.models.ticket import TicketQuerySet, ticket_id_in
from tickets.taking_part.access import tickets_seen_by
from workflows.engine.process import Json
from workflows.mcp.as_json import when

TICKET: Final[JsonObject] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 40,
    "description": "The number of the ticket, as people write it: 12, #12 or ACME-12.",
}


def ticket_of(call: Call) -> Ticket:
    """The ticket that the arguments name, of those in which the person takes part.

    Raises:
        NothingThereError: there is none such.
    """
    number = ticket_id_in(call.text("ticket"))
    seen: TicketQuerySet = tickets_seen_by(call.person)
    tickets = with_state(seen).select_related("workflow")
    found = None if number is None else tickets.filter(pk=number).first()
    if found is None:
        raise NothingThereError
    return found


def with_state(tickets: TicketQuerySet) -> TicketQuerySet:
    """With what `ticket_as_json` says of each."""
    errors = TicketError.objects.unresolved().filter(ticket=OuterRef("pk"))
    return tickets.with_progress().annotate(is_stuck=Exists(errors))


def ticket_as_json(ticket: Ticket) -> JsonObject:
    """A ticket in short: what each list shows of it."""
    instance = ticket.workflow_instance
    is_stuck = bool(getattr(ticket, "is_stuck", False)) and not ticket.has_ended
    return {
        "number": ticket.number,
        "title": ticket.title,
        "type": ticket.definition.title,
        "type_key": ticket.definition.key,
        "requester": str(ticket.created_by),
        "status": "CANCELLED" if ticket.is_cancelled else ticket.status.value,
        "is_being_repaired": is_stuck,
        "where": position_in_words(ticket, is_stuck=is_stuck),
        "end": instance.end_label if instance is not None and ticket.has_ended else "",
        "priority": ticket.priority_level.value,
        "submitted_at": when(ticket.created_at),
        "ended_at": when(instance.completed_at if instance is not None else None),
    }


def next_before(rows: list[Json], most: int, last: int) -> JsonObject:
    """From where the next page goes on; 0: there is none."""
    return {"next_before": last if len(rows) >= most else 0}

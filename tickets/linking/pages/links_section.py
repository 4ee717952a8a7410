"""The tickets that a ticket is linked to, as its pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, Count, Exists, F, OuterRef, Q, When, Window
from django.urls import reverse

from tenants.models import User
from tickets.conversation.pages.conversation_page import ticket_address
from tickets.conversation.pages.timeline import conversation_address
from tickets.linking.link_tickets import may_link
from tickets.linking.mark_duplicate import may_mark_duplicate
from tickets.linking.pages.subtickets_section import ShownSubticket, Subtickets
from tickets.models import LinkKind, Ticket, TicketLink
from tickets.taking_part.access import SEES_ALL, Access, tickets_seen_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_SHOWN: Final = 20
# What the list shows nothing of, and what may be long.
_LONG: Final = (
    "data",
    "definition__description",
    "definition__ext_ref",
    "definition__presets",
    "definition__edit_layout",
    "definition__display_layout",
    "workflow_instance__data",
    "workflow_instance__current_task__input_data",
    "workflow_instance__current_task__output_data",
)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as read from the ticket that is shown to `other`; `address`: the person's page."""

    pk: int
    label: StrOrPromise
    other: Ticket
    address: str
    is_duplicate: bool


class Links:
    """What the template `linking/_links.html` shows. Only tickets that the person may see.

    One query where there are none; one more where there are, however many. `access` is the
    person's to the ticket.
    """

    def __init__(self, ticket: Ticket, person: User, access: Access) -> None:
        self.ticket, self.person, self.access = ticket, person, access

    @cached_property
    def started(self) -> list[ShownSubticket]:
        """The ticket that has started this one, and those that it has started."""
        return Subtickets(self.ticket, self.person).shown

    @cached_property
    def shown(self) -> list[ShownLink]:
        """MOST_SHOWN at most. The duplicate of which it is one comes first."""
        others = self._tickets([row["across"] for row in self._rows])
        return [self._shown(row, others[row["across"]]) for row in self._rows]

    @property
    def more(self) -> int:
        """How many more there are than those that are shown."""
        return self._rows[0]["total"] - len(self._rows) if self._rows else 0

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        is_from = Q(ticket=self.ticket)
        links = TicketLink.objects.of(self.ticket).annotate(
            across=Case(When(is_from, then=F("other_id")), default=F("ticket_id")),
            total=Window(Count("*")),
        )
        if not self.person.has_perm(SEES_ALL):
            seen = tickets_seen_by(self.person).filter(pk=OuterRef("across"))
            links = links.filter(Exists(seen))
        first = Case(When(is_from & Q(kind=LinkKind.DUPLICATE), then=0), default=1)
        rows = links.order_by(first, "pk").values("pk", "kind", "ticket_id", "across", "total")
        return list(rows[:MOST_SHOWN])

    @cached_property
    def may_link(self) -> bool:
        return may_link(self.ticket, self.person, self.access)

    @cached_property
    def may_mark_duplicate(self) -> bool:
        if self.ticket.has_ended:
            return False
        return may_mark_duplicate(self.ticket, self.person, self.access)

    @property
    def link_address(self) -> str:
        return reverse("admin:tickets_message_link", args=(self.ticket.pk,))

    @property
    def duplicate_address(self) -> str:
        return reverse("admin:tickets_message_duplicate", args=(self.ticket.pk,))

    @property
    def unlink_address(self) -> str:
        return reverse("admin:tickets_message_unlink", args=(self.ticket.pk,))

    @staticmethod
    def _tickets(numbers: list[int]) -> dict[int, Ticket]:
        if not numbers:
            return {}
        joined = ("definition", "workflow_instance__current_task")
        return Ticket.objects.select_related(*joined).defer(*_LONG).in_bulk(numbers)

    def _shown(self, row: dict[str, Any], other: Ticket) -> ShownLink:
        kind = LinkKind(row["kind"])
        is_from = row["ticket_id"] == self.ticket.pk
        return ShownLink(
            pk=row["pk"],
            label=kind.label if is_from else kind.other_way,
            other=other,
            address=ticket_address(other, self.person) or conversation_address(other),
            is_duplicate=kind is LinkKind.DUPLICATE,
        )

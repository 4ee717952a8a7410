"""The tickets that a ticket is linked to, as its pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse

from tenants.models import User
from tickets.conversation.pages.conversation_page import ticket_address
from tickets.conversation.pages.timeline import conversation_address
from tickets.linking.link_tickets import may_link
from tickets.linking.mark_duplicate import may_mark_duplicate
from tickets.models import LinkKind, Ticket, TicketLink
from tickets.taking_part.access import SEES_ALL, Access, tickets_seen_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as read from the ticket that is shown to `other`; `address`: the person's page."""

    link: TicketLink
    label: StrOrPromise
    other: Ticket
    address: str

    @property
    def is_duplicate(self) -> bool:
        return self.link.kind == LinkKind.DUPLICATE


class Links:
    """What the template `linking/_links.html` shows. Only tickets that the person may see.

    One query where there are none; one more where there are, however many. `access` is the
    person's to the ticket.
    """

    def __init__(self, ticket: Ticket, person: User, access: Access) -> None:
        self.ticket, self.person, self.access = ticket, person, access

    @cached_property
    def shown(self) -> list[ShownLink]:
        """The duplicate of which it is one comes first."""
        others = ("definition", "workflow_instance__current_task")
        names = [f"{side}__{name}" for side in ("ticket", "other") for name in others]
        links = list(TicketLink.objects.of(self.ticket).select_related(*names))
        seen = self._seen([_other(each, self.ticket).pk for each in links])
        shown = [self._shown(each) for each in links if _other(each, self.ticket).pk in seen]
        return sorted(shown, key=lambda each: not (each.is_duplicate and self._is_from(each.link)))

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

    def _seen(self, numbers: list[int]) -> set[int]:
        if not numbers or self.person.has_perm(SEES_ALL):
            return set(numbers)
        return set(tickets_seen_by(self.person).filter(pk__in=numbers).values_list("pk", flat=True))

    def _is_from(self, link: TicketLink) -> bool:
        return link.ticket_id == self.ticket.pk

    def _shown(self, link: TicketLink) -> ShownLink:
        kind, other = LinkKind(link.kind), _other(link, self.ticket)
        address = ticket_address(other, self.person) or conversation_address(other)
        return ShownLink(
            link, kind.label if self._is_from(link) else kind.other_way, other, address
        )


def _other(link: TicketLink, ticket: Ticket) -> Ticket:
    return link.other if link.ticket_id == ticket.pk else link.ticket

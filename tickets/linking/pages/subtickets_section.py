"""The tickets that a ticket has started, and the one that started it, as its pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import User
from tickets.conversation.pages.conversation_page import ticket_address
from tickets.conversation.pages.timeline import conversation_address
from tickets.models import Ticket
from tickets.taking_part.access import tickets_seen_by
from workflows.running.definition_cache import definition_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_SHOWN: Final = 20
_STARTED: Final = gettext_lazy("Has started")
_STARTED_BY: Final = gettext_lazy("Was started by")


@dataclass(frozen=True, slots=True)
class ShownSubticket:
    """`step` is what the step is called that has started it; empty: it is the one above."""

    label: StrOrPromise
    other: Ticket
    address: str
    status: StrOrPromise
    step: str = ""


class Subtickets:
    """What `linking/_links.html` shows of them: only tickets that the person may see.

    No query of a ticket that nothing has started, and whose workflow starts none. Fetch it with its
    workflow instance.
    """

    def __init__(self, ticket: Ticket, person: User) -> None:
        self.ticket, self.person = ticket, person

    @cached_property
    def shown(self) -> list[ShownSubticket]:
        """The one above first, then those that it has started, oldest first."""
        return [*self._above, *self._below]

    @property
    def _above(self) -> list[ShownSubticket]:
        instance = self.ticket.workflow_instance
        if instance is None or instance.started_by_id is None:
            return []
        seen = tickets_seen_by(self.person).filter(
            workflow_instance__tasks__pk=instance.started_by_id
        )
        return [self._shown(each, _STARTED_BY) for each in seen.select_related(*_WITH)]

    @property
    def _below(self) -> list[ShownSubticket]:
        instance = self.ticket.workflow_instance
        if instance is None or not _starts_some(instance.workflow_id):
            return []
        seen = (
            tickets_seen_by(self.person)
            .filter(workflow_instance__started_by__workflow_instance=instance)
            .select_related(*_WITH, "workflow_instance__started_by__definition")
            .order_by("pk")
        )
        return [
            self._shown(each, _STARTED, step=each.workflow_instance.started_by.definition.title)
            for each in seen[:MOST_SHOWN]
            if each.workflow_instance is not None and each.workflow_instance.started_by is not None
        ]

    def _shown(self, other: Ticket, label: StrOrPromise, *, step: str = "") -> ShownSubticket:
        return ShownSubticket(
            label=label,
            other=other,
            address=ticket_address(other, self.person) or conversation_address(other),
            status=other.status.label,
            step=_("for “%(task)s”") % {"task": step} if step else "",
        )


_WITH: Final = ("definition", "workflow_instance__current_task__definition")


def _starts_some(workflow_id: int) -> bool:
    return any(each.is_subticket for each in definition_of(workflow_id).tasks.values())

"""What can be done to many tickets at once: each goes through the service that does it to one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import NAMESPACE_OID, uuid5

from django.utils.translation import gettext_lazy as _

from tenants.connection import current_schema
from tenants.models import User
from tickets.conversation.write_message import write_message
from tickets.models import BulkChange, Ticket, Visibility
from tickets.prioritizing.set_priority import set_priority
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from workflows.errors import CannotReassignError
from workflows.priorities import Priority

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_TICKETS: Final = 5_000
# A person writes no more than that in an hour, and others are told of each.
MOST_MESSAGES: Final = 100


class BulkVerb(ABC):
    """`title` is its button, `text` says what it does; `most` is how many tickets it takes."""

    name: ClassVar[str]
    title: ClassVar[StrOrPromise]
    text: ClassVar[StrOrPromise]
    icon: ClassVar[str]
    needs_reason: ClassVar[bool] = True
    is_danger: ClassVar[bool] = False
    most: ClassVar[int] = MOST_TICKETS

    @abstractmethod
    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        """Do it to one ticket, in the name of whoever has begun it.

        Raises:
            TicketFlowerError: it is refused for this ticket.
        """


class Hold(BulkVerb):
    name, icon = "hold", "pause"
    title = _("Put on hold")
    text = _("Nobody can work on the tickets and no call begins until you let them go on.")

    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        hold_ticket(ticket=ticket, by=change.created_by, reason=change.reason, now=now)


class Resume(BulkVerb):
    name, icon = "resume", "play_arrow"
    title = _("Let go on")
    text = _("The tickets go on where they were put on hold.")

    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        resume_ticket(ticket=ticket, by=change.created_by, reason=change.reason, now=now)


class Cancel(BulkVerb):
    name, icon = "cancel", "block"
    title = _("Cancel")
    text = _(
        "The tickets end here for good. Whoever submitted one reads the reason, and nobody can "
        "take it up again."
    )
    is_danger = True

    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        cancel_ticket(ticket=ticket, by=change.created_by, reason=change.reason, now=now)


class Reassign(BulkVerb):
    """Of each ticket the task where it stands."""

    name, icon = "reassign", "switch_account"
    title = _("Give to somebody else")
    text = _(
        "The task where each ticket stands is given to somebody else. A ticket is left out whose "
        "task this person may not do."
    )

    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        instance = ticket.workflow_instance
        task = instance.current_task if instance is not None else None
        if task is None:
            raise CannotReassignError
        worker = change.arguments.get("worker")
        # Of this company: who is of another one is answered as somebody who is not there.
        here = User.objects.filter(company__schema_name=current_schema())
        to = None if worker is None else here.filter(pk=worker).first()
        if worker is not None and to is None:
            raise CannotReassignError
        reassign_task(task=task, to=to, by=change.created_by, reason=change.reason, now=now)


class Prioritize(BulkVerb):
    name, icon = "prioritize", "flag"
    title = _("Set the priority")
    text = _("Each of the tickets has this priority then.")
    needs_reason = False

    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        priority = Priority.named(change.arguments.get("priority"))
        by = change.created_by
        set_priority(ticket=ticket, to=priority, by=by, reason=change.reason, now=now)


class Message(BulkVerb):
    name, icon = "message", "forum"
    title = _("Write a message")
    text = _("The same message stands on each of the tickets, and its people are told.")
    needs_reason = False
    most = MOST_MESSAGES

    def apply(self, ticket: Ticket, change: BulkChange, *, now: datetime) -> None:
        said: Mapping[str, Any] = change.arguments
        # The same one however often the job runs.
        token = uuid5(NAMESPACE_OID, f"{current_schema()} {change.pk} {ticket.pk}").hex
        write_message(
            ticket=ticket,
            user=change.created_by,
            text=str(said.get("text", "")),
            visibility=Visibility(said.get("visibility", Visibility.INTERNAL)),
            token=token,
            now=now,
        )


VERBS: Final[Mapping[str, BulkVerb]] = {
    each.name: each for each in (Prioritize(), Reassign(), Message(), Hold(), Resume(), Cancel())
}

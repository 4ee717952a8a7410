"""A ticket that somebody submits in the place of another person, who is its requester."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import current_schema
from tenants.models import User
from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.submitting.errors import MayNotSubmitForError
from workflows.models import TicketDefinition

SUBMITTED_FOR: Final = declare(
    "tickets.submitted_for", gettext_lazy("Submitted a ticket for somebody else")
)


# By their role: who is given a task of their own ticket may do that, and no more.
_BY_ROLE: Final = "tickets.change_mytask"


def may_submit_for_others(user: object) -> bool:
    """Whether somebody may do it at all: ticket admins and task workers of this company."""
    if not isinstance(user, User) or user.company is None:
        return False
    return user.is_active and (
        user.has_perm("tickets.change_ticket") or _BY_ROLE in user.get_all_permissions()
    )


def possible_requesters(*, by: User) -> QuerySet[User]:
    """The people of the company who may submit tickets themselves, but for who asks."""
    people = User.objects.active().filter(company__schema_name=current_schema())
    found: QuerySet[User] = people.with_role(SystemRole.USER).exclude(pk=by.pk)
    return found


def types_for(requester: User, *, by: User) -> QuerySet[TicketDefinition]:
    """The ticket types that `by` may submit for this person.

    The person must be allowed to submit them; and so must a task worker, by their company roles.
    Ticket admins may submit all of these.
    """
    offered = TicketDefinition.objects.submittable_by(requester)
    if by.has_perm("tickets.change_ticket"):
        return offered
    own = TicketDefinition.objects.open_to(by.pk)
    return offered.filter(pk__in=own.order_by().values("pk"))


def ensure_may_submit_for(requester: User, definition: TicketDefinition, *, by: User) -> None:
    """Raises MayNotSubmitForError."""
    if not may_submit_for_others(by):
        raise MayNotSubmitForError
    if not possible_requesters(by=by).filter(pk=requester.pk).exists():
        raise MayNotSubmitForError
    if not types_for(requester, by=by).filter(pk=definition.pk).exists():
        raise MayNotSubmitForError


def record_submitted_for(ticket: Ticket, *, by: User) -> None:
    """Keep in the audit log who submitted it, in the transaction that does."""
    record(SUBMITTED_FOR, about=ticket, person=by, requester=str(ticket.created_by))

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.models import User
from tickets.advancing.end_early import clean_up_after, clean_up_after_commit
from tickets.advancing.lock_ticket import lock_instance_of
from tickets.errors import ReasonMissingError
from tickets.linking.errors import (
    DuplicateInCircleError,
    LinkedAlreadyError,
    MayNotMarkDuplicateError,
    NotOfOtherTeamError,
)
from tickets.linking.link_tickets import between, ensure_room_for_a_link, lock_both
from tickets.models import Follower, LinkKind, Ticket, TicketLink
from tickets.models.ticket import ticket_number
from tickets.taking_part.access import Access, access_to
from workflows.models import TaskInstance
from workflows.models.task_instance import UNFINISHED
from workflows.running.workflow_repair import WorkflowRepair

MARKED = declare("tickets.marked_duplicate", gettext_lazy("Closed a ticket as a duplicate"))
JOINED = declare(
    "tickets.joined_duplicate", gettext_lazy("Let the people of a duplicate follow a ticket")
)


def mark_as_duplicate(
    *, ticket: Ticket, number: int, reason: str, user: User, now: datetime
) -> Ticket:
    """Close a ticket that is about the same as another one, of that number, which is returned.

    It ends with its unfinished tasks, and points to the other. Its requester and its followers
    follow the other one from then on, and so may read what is written there to everybody.

    Raises:
        MayNotMarkDuplicateError: this person is no ticket admin, and has no task of it to do.
        ReasonMissingError: it does not say why.
        NoSuchTicketError: there is no such ticket that this person may see.
        NotOfOtherTeamError: the person is not of the team of the other, to which others get access.
        TooManyLinksError: one of the two has too many links already.
        LinkToItselfError: it is this very ticket.
        DuplicateInCircleError: the other is a duplicate of this one, perhaps by way of others.
        WorkflowEndedError: the ticket has ended already.
    """
    if not may_mark_duplicate(ticket, user):
        raise MayNotMarkDuplicateError
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise ReasonMissingError
    with transaction.atomic():
        _one_at_a_time()
        other = lock_both(ticket, number, user=user)
        if not access_to(other, user).internal:
            raise NotOfOtherTeamError(ticket_number(other.pk))
        locked = Ticket.objects.select_related("created_by", "definition").get(pk=ticket.pk)
        _ensure_no_circle(locked, other)
        manager = lock_instance_of(locked, WorkflowRepair, now=now, actor=user)
        if not may_mark_duplicate(locked, user):  # their task may have gone meanwhile
            raise MayNotMarkDuplicateError
        called = ticket_number(other.pk)
        tasks = manager.close_as_duplicate(of=other.pk, called=called, reason=reason)
        words = {"person": user, "number": called, "reason": reason}
        how = _("%(person)s closed the ticket as a duplicate of %(number)s: %(reason)s") % words
        clean_up_after(manager, tasks, ticket=locked, by=user, why="duplicate", how=how)
        clean_up_after_commit(manager, locked)
        _point(locked, other, user=user, now=now)
        people = _let_follow(locked, other, now=now)
        record(MARKED, about=locked, person=user, reason=reason, of=other.pk)
        record(JOINED, about=other, person=user, duplicate=locked.pk, followers=people)
    return other


def may_mark_duplicate(ticket: Ticket, user: User, access: Access | None = None) -> bool:
    """Whether somebody is a ticket admin, or has a task of the ticket to do."""
    access = access_to(ticket, user) if access is None else access
    if not access.internal or access.may_hide:
        return access.may_hide
    tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id)
    return tasks.filter(assigned_to=user, status__in=UNFINISHED).exists()


def _one_at_a_time() -> None:
    """Of a company: or two at once could close a circle between tickets that neither locks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('duplicates:' || current_schema(), 0))"
        )


def _ensure_no_circle(ticket: Ticket, other: Ticket) -> None:
    marked = TicketLink.objects.filter(kind=LinkKind.DUPLICATE)
    seen, now = set[int](), {other.pk}
    while now:
        if ticket.pk in now:
            raise DuplicateInCircleError(ticket_number(other.pk))
        seen |= now
        now = set(marked.filter(ticket__in=now).values_list("other", flat=True)) - seen


def _point(ticket: Ticket, other: Ticket, *, user: User, now: datetime) -> None:
    """A link that says something else gives way to that of a duplicate."""
    links = between(ticket, other)
    if links.filter(kind=LinkKind.DUPLICATE).exists():
        raise LinkedAlreadyError(ticket_number(other.pk))
    links.delete()
    ensure_room_for_a_link(ticket, other)
    TicketLink.objects.create(
        ticket=ticket, other=other, kind=LinkKind.DUPLICATE, made_by=user, made_at=now
    )


def _let_follow(ticket: Ticket, other: Ticket, *, now: datetime) -> list[int]:
    """Returns who follows the other one from now on."""
    people = set(Follower.objects.filter(ticket=ticket).values_list("person", flat=True))
    people.add(ticket.created_by_id)
    people.discard(other.created_by_id)
    people.difference_update(Follower.objects.filter(ticket=other).values_list("person", flat=True))
    added = sorted(people)
    rows = [Follower(ticket=other, person_id=each, since=now) for each in added]
    Follower.objects.bulk_create(rows, ignore_conflicts=True)
    return added

"""Who takes part in a ticket, and what each of them may read and write.

The one place that decides it: pages, files, mentions and notices ask here.

* The requester and the followers read and write public messages: nobody gains more by following.
* The workers of its tasks, of now and before, and ticket admins read and write internal notes, too.

What somebody may by one of these they may, whatever else they are: a requester who is given a task
of the ticket is on its team. Not by a task that is for the requester: that is done from outside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q

from tenants.connection import current_schema
from tenants.models import User
from tenants.roles import SystemRole
from tickets.models import Follower, Message, Ticket, Visibility
from tickets.models.ticket import TicketQuerySet
from tickets.seeing import Viewer, not_for_requester, viewer_of
from workflows.models import TaskInstance, WorkflowEvent
from workflows.models.task_instance import UNFINISHED
from workflows.running.events.of_people.assigned import ASSIGNED

SEES_ALL: Final = "tickets.view_ticket"


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody may of a ticket's conversation: who reads a message may answer it likewise.

    `may_hide`: ticket admins, who also see what is hidden.
    """

    public: bool = False
    internal: bool = False
    may_hide: bool = False

    def __bool__(self) -> bool:
        return self.public

    def may_write(self, visibility: Visibility | str) -> bool:
        return self.internal if visibility == Visibility.INTERNAL else self.public

    def may_read(self, message: Message) -> bool:
        """Whether they may read its text and have its files."""
        if message.is_hidden and not self.may_hide:
            return False
        return self.may_write(message.visibility)

    @property
    def visibilities(self) -> list[Visibility]:
        return [each for each in Visibility if self.may_write(each)]


NOTHING: Final = Access()
_EVERYTHING: Final = Access(public=True, internal=True)


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who takes part in a ticket."""

    person: User
    access: Access
    is_requester: bool = False
    is_worker: bool = False
    has_open_task: bool = False
    is_follower: bool = False
    is_ticket_admin: bool = False


def access_to(ticket: Ticket, user: object) -> Access:
    """What somebody may of a ticket's conversation; nothing for who takes no part in it.

    In one query at most.
    """
    if not isinstance(user, User) or not _belongs_here(user):
        return NOTHING
    if user.has_perm(SEES_ALL):
        return Access(public=True, internal=True, may_hide=user.has_perm("tickets.change_ticket"))
    is_worker, is_follower = _part_of(ticket, user)
    if is_worker:
        return _EVERYTHING
    return Access(public=is_follower or ticket.created_by_id == user.pk)


def access_at(task: TaskInstance, ticket: Ticket, account: User) -> Access:
    """What an assistant may read of the conversation at a task that is offered to its account: what
    whoever has the task reads by it."""
    viewer = viewer_of(account, ticket, task=task)
    return Access(public=viewer is not Viewer.NOBODY, internal=viewer is Viewer.TEAM)


def tickets_seen_by(user: object) -> TicketQuerySet:
    """The tickets in which somebody takes part: those for which `access_to` gives them anything.

    For a few tickets, which the caller filters by; it is no way to list them.
    """
    if not isinstance(user, User) or not _belongs_here(user):
        return Ticket.objects.none()
    if user.has_perm(SEES_ALL):
        return Ticket.objects.all()
    instance = OuterRef("workflow_instance")
    tasks = TaskInstance.objects.filter(workflow_instance=instance, assigned_to=user)
    given = WorkflowEvent.objects.filter(
        workflow_instance=instance, kind=ASSIGNED, data__to_id=user.pk
    )
    follows = Follower.objects.filter(ticket=OuterRef("pk"), person=user)
    return Ticket.objects.filter(
        Q(created_by=user) | Exists(follows) | Exists(tasks) | Exists(given)
    )


def participants(ticket: Ticket) -> list[Participant]:
    """Everybody who takes part in a ticket, by name: as `access_to` says of each. Five queries.

    Superusers do not: they look in.
    """
    workers, busy = _workers(ticket)
    following = set(Follower.objects.filter(ticket=ticket).values_list("person", flat=True))
    ids = {ticket.created_by_id} | workers | following
    admins = User.objects.with_role(SystemRole.TICKET_ADMIN).values("pk")
    people = User.objects.active().filter(company__schema_name=current_schema())
    people = people.filter(Q(pk__in=ids) | Q(pk__in=admins)).prefetch_related("groups")
    found = []
    for person in people:
        roles = {group.name for group in person.groups.all()}
        is_admin = SystemRole.TICKET_ADMIN in roles
        is_worker, is_follower = person.pk in workers, person.pk in following
        team = is_admin or is_worker
        found.append(
            Participant(
                person,
                Access(public=True, internal=team, may_hide=is_admin),
                is_requester=person.pk == ticket.created_by_id,
                is_worker=is_worker,
                has_open_task=person.pk in busy,
                is_follower=is_follower,
                is_ticket_admin=is_admin,
            )
        )
    return found


def readers(message: Message, among: Iterable[Participant]) -> list[Participant]:
    """Those of them who may read a message."""
    return [each for each in among if each.access.may_read(message)]


def _belongs_here(user: User) -> bool:
    """Somebody of the active company, or a superuser who came in."""
    if not user.is_active:
        return False
    if user.is_superuser:
        return True
    return user.company is not None and user.company.schema_name == current_schema()


def _part_of(ticket: Ticket, user: User) -> tuple[bool, bool]:
    """Whether somebody has or had a task of it, and whether they follow it. One query."""
    tasks = TaskInstance.objects.filter(
        workflow_instance=OuterRef("workflow_instance"), assigned_to=user
    )
    given = WorkflowEvent.objects.filter(
        workflow_instance=OuterRef("workflow_instance"), kind=ASSIGNED, data__to_id=user.pk
    )
    if ticket.created_by_id == user.pk:
        tasks = tasks.filter(not_for_requester("definition"))
        given = given.filter(not_for_requester("task_instance__definition"))
    follows = Follower.objects.filter(ticket=OuterRef("pk"), person=user)
    asked = Ticket.objects.filter(pk=ticket.pk)
    row = asked.values_list(Exists(tasks), Exists(given), Exists(follows)).first()
    return (False, False) if row is None else (bool(row[0] or row[1]), bool(row[2]))


def _workers(ticket: Ticket) -> tuple[set[int], set[int]]:
    """Who has or had a task of it, and who has one to do now; not its requester by a task for them.

    Two queries.
    """
    instance = ticket.workflow_instance_id
    if instance is None:
        return set(), set()
    tasks = TaskInstance.objects.filter(workflow_instance=instance).exclude(assigned_to=None)
    tasks = tasks.filter(~Q(assigned_to=ticket.created_by_id) | not_for_requester("definition"))
    having = list(tasks.values_list("assigned_to", "status"))
    given = WorkflowEvent.objects.filter(workflow_instance=instance, kind=ASSIGNED)
    given = given.filter(
        ~Q(data__to_id=ticket.created_by_id) | not_for_requester("task_instance__definition")
    )
    had = {each for each in given.values_list("data__to_id", flat=True) if isinstance(each, int)}
    busy = {person for person, status in having if person and status in UNFINISHED}
    return {person for person, _status in having if person} | had, busy

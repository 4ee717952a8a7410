"""As what a person looks at a ticket."""

from __future__ import annotations

from enum import Enum

from django.db.models import Q

from tenants.connection import current_schema
from tenants.models import User
from tickets.models import Ticket
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.events.assigned import ASSIGNED


class Viewer(Enum):
    """Who is more sees all that who is less sees."""

    NOBODY = "nobody"
    REQUESTER = "the requester"
    TEAM = "the team"


def viewer_of(person: object, ticket: Ticket, *, task: TaskInstance | None = None) -> Viewer:
    """As what this person may look at the ticket.

    Of the team are ticket admins, and who has or had one of its tasks; a requester who is of the
    team counts as that. Asks the database twice at most; never for ticket admins, nor for who has
    the `task` of the ticket that is at hand.
    """
    if not isinstance(person, User) or not _is_here(person):
        return Viewer.NOBODY
    if person.has_perm("tickets.view_ticket"):
        return Viewer.TEAM
    if task is not None and task.assigned_to_id == person.pk:
        return Viewer.TEAM
    if has_or_had_task(person, ticket.workflow_instance_id):
        return Viewer.TEAM
    return Viewer.REQUESTER if person.pk == ticket.created_by_id else Viewer.NOBODY


def _is_here(person: User) -> bool:
    """Whether this person is of the company in which we are: roles count in one's own alone."""
    if person.company is None:
        return bool(person.is_superuser)
    return person.company.schema_name == current_schema()


def has_or_had_task(user: User, workflow_instance_id: int | None) -> bool:
    """Whether a task of this process is theirs, or was until it was given to somebody else."""
    if workflow_instance_id is None:
        return False
    tasks = TaskInstance.objects.filter(workflow_instance_id=workflow_instance_id)
    if tasks.assigned_to(user).exists():
        return True
    return WorkflowEvent.objects.filter(
        Q(data__to_id=user.pk), workflow_instance_id=workflow_instance_id, kind=ASSIGNED
    ).exists()

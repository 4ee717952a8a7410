"""As what a person looks at a ticket."""

from __future__ import annotations

from enum import Enum

from django.db.models import Q
from django.utils import timezone

from tenants.connection import current_schema
from tenants.models import User
from tickets.models import AssistantOffer, Ticket
from workflows.engine.steps.assigning import Who
from workflows.models import TaskInstance, WorkflowEvent
from workflows.running.events.of_people.assigned import ASSIGNED


class Viewer(Enum):
    """Who is more sees all that who is less sees."""

    NOBODY = "nobody"
    REQUESTER = "the requester"
    TEAM = "the team"


def viewer_of(person: object, ticket: Ticket, *, task: TaskInstance | None = None) -> Viewer:
    """As what this person may look at the ticket.

    Of the team are ticket admins, and who has or had one of its tasks; a requester who is of the
    team counts as that, but not by a task that is for the requester: its form says what it shows.
    Asks the database twice at most; never for ticket admins, nor for who has the `task` of the
    ticket that is at hand. A service account to which that task is offered sees what its worker
    sees by it, and no more.
    """
    if not isinstance(person, User) or not _is_here(person):
        return Viewer.NOBODY
    if person.has_perm("tickets.view_ticket"):
        return Viewer.TEAM
    is_requester = person.pk == ticket.created_by_id
    has_it = task is not None and task.assigned_to_id == person.pk
    if task is not None and has_it and _as_doing(task, ticket) is Viewer.TEAM:
        return Viewer.TEAM
    if task is not None and person.is_account and is_assisting(person, task):
        return _as_doing(task, ticket)
    if has_or_had_task(person, ticket.workflow_instance_id, as_requester=is_requester):
        return Viewer.TEAM
    return Viewer.REQUESTER if is_requester else Viewer.NOBODY


def is_assisting(account: User, task: TaskInstance) -> bool:
    """Whether the task is offered to this service account now. One query."""
    offers = AssistantOffer.objects.open(now=timezone.now()).of_account(account)
    return offers.filter(task=task.pk).exists()


def _as_doing(task: TaskInstance, ticket: Ticket) -> Viewer:
    is_requesters = task.assigned_to_id == ticket.created_by_id
    is_for_requester = is_requesters and task.definition.rule.who is Who.REQUESTER
    return Viewer.REQUESTER if is_for_requester else Viewer.TEAM


def _is_here(person: User) -> bool:
    """Whether this person is of the company in which we are: roles count in one's own alone."""
    if person.company is None:
        return bool(person.is_superuser)
    return person.company.schema_name == current_schema()


def has_or_had_task(
    user: User, workflow_instance_id: int | None, *, as_requester: bool = False
) -> bool:
    """Whether a task of this process is theirs, or was until it was given to somebody else.

    `as_requester`: those that are for the requester do not count.
    """
    if workflow_instance_id is None:
        return False
    tasks = TaskInstance.objects.filter(workflow_instance_id=workflow_instance_id)
    events = WorkflowEvent.objects.filter(
        Q(data__to_id=user.pk), workflow_instance_id=workflow_instance_id, kind=ASSIGNED
    )
    if as_requester:
        tasks = tasks.filter(not_for_requester("definition"))
        events = events.filter(not_for_requester("task_instance__definition"))
    return tasks.assigned_to(user).exists() or events.exists()


def not_for_requester(definition: str) -> Q:
    """Tasks that are not for whoever submitted the ticket; `definition` leads to theirs."""
    rule = f"{definition}__assign_to"
    return Q(**{f"{rule}__isnull": True}) | ~Q(**{f"{rule}__who": Who.REQUESTER.value})

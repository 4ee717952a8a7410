"""Whoever has a task sees its page, and My tasks, though they are no task worker.

A task may be for the requester, who then does it like any worker: the one place that says so. The
system role gives the rest of what task workers may. Who lost the role sees, of what they did, only
what belongs to their own tickets.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet

from tenants.backends import MORE_PERMISSIONS
from tenants.connection import current_schema
from tenants.models import User
from workflows.models import TaskInstance
from workflows.models.task_instance import ALIVE
from workflows.running.people.facts import REQUESTER

# What lets somebody open and do the tasks that they have: the pages show nobody else's.
OF_HOLDERS: Final = frozenset({"tickets.view_mytask", "tickets.change_mytask"})


@MORE_PERMISSIONS.register
def may_as_holder(user: User, permission: str) -> bool:
    """Whether somebody has this permission because of a task: see `has_tasks`."""
    if permission not in OF_HOLDERS or user.is_superuser or user.company is None:
        return False
    if user.company.schema_name != current_schema():
        return False
    # A service account may be offered tasks that others have: it sees none but those and its own.
    return user.is_account or has_tasks(user)


def has_tasks(user: User) -> bool:
    """Whether they have a task, or did one of a ticket of theirs.

    One query for the life of the object.
    """
    if not hasattr(user, "known_to_have_tasks"):
        found = _without_role(user, TaskInstance.objects.filter(assigned_to=user)).exists()
        user.known_to_have_tasks = found  # type: ignore[attr-defined]
    return bool(user.known_to_have_tasks)  # type: ignore[attr-defined]


def still_theirs[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    """Those of somebody's tasks whose pages they may see: of a task worker all."""
    return tasks if _by_role(user) else _without_role(user, tasks)


def is_still_theirs(user: User, task: TaskInstance, requester_id: int | None) -> bool:
    """The same of one task. No query."""
    return requester_id == user.pk or task.status in ALIVE or _by_role(user)


def _without_role[T: TaskInstance](user: User, tasks: QuerySet[T]) -> QuerySet[T]:
    return tasks.filter(Q(**{REQUESTER: user}) | Q(status__in=ALIVE))


def _by_role(user: User) -> bool:
    return user.is_superuser or "tickets.view_mytask" in user.get_all_permissions()

"""Whoever has a task sees its page, and My tasks, though they are no task worker.

A task may be for the requester, who then does it like any worker: the one place that says so. The
system role gives the rest of what task workers may.
"""

from __future__ import annotations

from typing import Final

from tenants.backends import MORE_PERMISSIONS
from tenants.connection import current_schema
from tenants.models import User
from workflows.models import TaskInstance

# What lets somebody open and do the tasks that they have: the pages show nobody else's.
OF_HOLDERS: Final = frozenset({"tickets.view_mytask", "tickets.change_mytask"})


@MORE_PERMISSIONS.register
def may_as_holder(user: User, permission: str) -> bool:
    """Whether somebody has this permission because they have, or did, a task."""
    if permission not in OF_HOLDERS or user.is_superuser or user.company is None:
        return False
    return user.company.schema_name == current_schema() and has_tasks(user)


def has_tasks(user: User) -> bool:
    """Whether they have or did a task; one query for the life of the object."""
    if not hasattr(user, "known_to_have_tasks"):
        found = TaskInstance.objects.filter(assigned_to=user).exists()
        user.known_to_have_tasks = found  # type: ignore[attr-defined]
    return bool(user.known_to_have_tasks)  # type: ignore[attr-defined]

"""Which answers a person may not see yet, as a block hides them until it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from tenants.models import User
from tickets.models import Ticket
from workflows.engine.process import objects_in
from workflows.fields.answers.uploads import uploads_in
from workflows.models import Path, TaskInstance, TaskStatus

# The statuses of a block that has not ended.
_HIDING: Final = (TaskStatus.IN_PROGRESS, TaskStatus.ERROR)


def hidden_tasks(person: User, ticket: Ticket) -> frozenset[int]:
    """The ids of the tasks of a ticket whose answers this person may not see yet.

    Those in other branches of a block that hides answers, until it has ended; ticket admins see
    them. Two queries where the ticket is in a block, else none. Fetch it with its workflow instance
    and the current task's definition.
    """
    instance = ticket.workflow_instance
    main = None if instance is None else instance.current_task
    if main is None or not main.definition.is_block:
        return frozenset()
    if person.has_perm("tickets.view_ticket"):
        return frozenset()
    paths = {
        each.pk: each
        for each in Path.objects.filter(workflow_instance=instance).select_related(
            "block_task__definition"
        )
    }
    hiding = {
        pk
        for pk, path in paths.items()
        if path.block_task.definition.hide_answers and path.block_task.status in _HIDING
    }
    if not hiding:
        return frozenset()
    inside = TaskInstance.objects.filter(workflow_instance=instance, path__isnull=False)
    rows = list(inside.values_list("pk", "path", "assigned_to"))
    own = {
        around
        for _pk, path, worker in rows
        if worker == person.pk
        for around in _outwards(path, paths)
    }
    return frozenset(
        pk for pk, path, _worker in rows if (set(_outwards(path, paths)) & hiding) - own
    )


def _outwards(pk: int | None, paths: Mapping[int, Path]) -> list[int]:
    found = []
    while pk is not None and pk in paths:
        found.append(pk)
        pk = paths[pk].block_task.path_id
    return found


def is_hidden_from_some(task: TaskInstance) -> bool:
    """Whether a block hides what came of a task from those in its other branches, until it ends."""
    path = task.path
    while path is not None:
        block = path.block_task
        if block.definition.hide_answers and block.status in _HIDING:
            return True
        path = block.path
    return False


def hidden_uploads(person: User, ticket: Ticket) -> set[UUID]:
    """The keys of the files in such answers. One query more where there are any."""
    tasks = hidden_tasks(person, ticket)
    if not tasks:
        return set()
    keys: set[UUID] = set()
    found = TaskInstance.objects.filter(pk__in=tasks, output_data__isnull=False)
    for task in found.select_related("definition"):
        if isinstance(task.output_data, dict):
            uploads = uploads_in(objects_in(task.definition.fields), task.output_data)
            keys = keys.union(*uploads.values())
    return keys

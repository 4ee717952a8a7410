"""Which answers a person may not see yet, as a block hides them until it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from tenants.models import User
from tickets.models import AssistantOffer, Ticket
from workflows.engine.process import Json
from workflows.fields.file.rules import TYPE as FILE
from workflows.models import Path, TaskInstance, TaskStatus, WorkflowEvent

# The statuses of a block that has not ended.
_HIDING: Final = (TaskStatus.IN_PROGRESS, TaskStatus.ERROR)


def hidden_tasks(
    person: User, ticket: Ticket, *, assisting: TaskInstance | None = None
) -> frozenset[int]:
    """The ids of the tasks of a ticket whose answers this person may not see yet.

    Those in other branches of a block that hides answers, until it has ended; ticket admins see
    them. `assisting` is the task at which this person is an assistant: for whoever has it, so that
    it sees what they see. Two queries where the ticket is in a block, else none. Fetch it with its
    workflow instance and the current task's definition.
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
        for pk, path, worker in rows
        if worker == person.pk or (assisting is not None and pk == assisting.pk)
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
    """The keys of the files in such answers: of those that count, of those that a correction has
    taken away, and of those that an assistant has suggested. Three queries more where there are
    any."""
    tasks = hidden_tasks(person, ticket)
    if not tasks:
        return set()
    outputs = TaskInstance.objects.filter(pk__in=tasks, output_data__isnull=False)
    offers = AssistantOffer.objects.filter(task__in=tasks, answers__isnull=False)
    events = WorkflowEvent.objects.filter(task_instance__in=tasks)
    said = [
        *outputs.values_list("output_data", flat=True),
        *offers.values_list("answers", flat=True),
        *events.values_list("data", flat=True),
    ]
    # What was submitted is seen by all, in whichever task somebody has changed it.
    return set(_uploads_named(said)) - set(_uploads_named(ticket.data))


def _uploads_named(said: Json) -> Iterator[UUID]:
    """The keys of files wherever they stand, as answers name them."""
    if isinstance(said, list):
        for each in said:
            yield from _uploads_named(each)
    elif isinstance(said, dict):
        for each in said.values():
            yield from _uploads_named(each)
        yield from FILE.uploads(said)

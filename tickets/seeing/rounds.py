"""The visits of a ticket that went round: the last round, and those before it.

Of each task the newest visit is of the last round; in a branch, of each of its runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from workflows.models import Path, TaskInstance, WorkflowInstance
from workflows.models.task_instance import TaskInstanceQuerySet
from workflows.running.looking_back.keys_now import keys_now

# So many visits of one ticket are shown, besides the newest of each task.
MOST_VISITS: Final = 200
# For whoever asks for rounds: where a task stands, without what stands there.
_WHERE: Final = ("path__block_task",)
_LONG: Final = (
    "path__data",
    "path__block_task__input_data",
    "path__block_task__output_data",
)


@dataclass(frozen=True, slots=True)
class Rounds[T]:
    """`last` in the order in which they began; `earlier` the newest first.

    `left_out` says how many there were before that.
    """

    last: list[T] = field(default_factory=list)
    earlier: list[T] = field(default_factory=list)
    left_out: int = 0


def newest_visits(visits: TaskInstanceQuerySet) -> tuple[list[TaskInstance], int]:
    """The newest visits, oldest first, and how many there are before them; with their places.

    Of a task that was not visited since, the newest is among them. One query, or three where there
    are more.
    """
    found = visits.select_related(*_WHERE).defer(*_LONG).order_by("-pk")
    newest = list(found[: MOST_VISITS + 1])
    if len(newest) <= MOST_VISITS:
        return list(reversed(newest)), 0
    newest.pop()
    there = {each.definition_id for each in newest}
    older = visits.filter(pk__lt=newest[-1].pk)
    others = older.exclude(definition__in=there).order_by("definition_id", "-pk")
    alone = list(others.distinct("definition_id").values_list("pk", flat=True))
    newest += found.filter(pk__in=alone)
    count = older.exclude(pk__in=alone).count()
    return list(reversed(newest)), count


def in_rounds[T](
    things: Iterable[T],
    visit_of: Callable[[T], TaskInstance],
    instance: WorkflowInstance,
    *,
    left_out: int = 0,
) -> Rounds[T]:
    """What belongs to visits of one instance, oldest first; they come from `newest_visits`.

    No query but where the ticket was moved, or was in a block inside another.
    """
    listed = list(things)
    keys = keys_now([visit_of(each) for each in listed], instance)
    around = _paths_around([visit_of(each) for each in listed], instance)
    last: dict[object, T] = {}
    earlier: list[T] = []
    for each in listed:
        visit = visit_of(each)
        name = (keys[visit.pk], *_place(visit.path, around))
        if name in last:
            earlier.append(last.pop(name))
        last[name] = each
    return Rounds(list(last.values()), list(reversed(earlier)), left_out)


def _place(path: Path | None, around: Mapping[int, Path]) -> tuple[object, ...]:
    """The branches in which a task stands, with their numbers: the same in each round."""
    found: list[object] = []
    while path is not None:
        found += [path.branch, path.number]
        path = around.get(path.block_task.path_id or 0)
    return tuple(found)


def _paths_around(visits: Iterable[TaskInstance], instance: WorkflowInstance) -> dict[int, Path]:
    """Where blocks stand inside others, the paths of the instance by their numbers."""
    if not any(each.path is not None and each.path.block_task.path_id for each in visits):
        return {}
    rows = Path.objects.filter(workflow_instance=instance).select_related("block_task")
    return {each.pk: each for each in rows.defer("data", *(each[6:] for each in _LONG[1:]))}

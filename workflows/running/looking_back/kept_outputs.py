"""Where what came of a task is read now, and which visit it is that is read under a key.

What a task has brought is kept on its path, and when the block around that is over, on the path of
the block: there it takes the place of what an earlier round has brought. What the branch of a list
has brought stands in the output of its block, and is read nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workflows.models import Path, TaskInstance, WorkflowInstance
from workflows.running.looking_back.keys_now import KeyNow, keys_now
from workflows.running.positions import Positions

# Where the outputs of a list's branches are after its block: no path has this number.
_NOWHERE: Final = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The key under which an output is read, and the path on which it stands; None: the main one.

    What is in the branches inside a path reads it, too, where they have none of their own.
    """

    key: str
    path: Path | None


def where_kept(task: TaskInstance, positions: Positions) -> Kept | None:
    """Where the output of a visit is read now; None where it is not.

    There may be none, or that of a later visit has taken its place.
    """
    places = Places(positions)
    at = places.of(task.path_id)
    if at == _NOWHERE:
        return None
    path = None if at is None else positions.paths[at]
    key = keys_now([task], positions.instance)[task.pk]
    if key not in (positions.instance.data if path is None else path.data):
        return None
    return Kept(key, path) if _newest(key, at, places) == task.pk else None


def visit_read(key: str, task: TaskInstance, positions: Positions) -> TaskInstance | None:
    """The visit whose output a task reads under this key; None where there is none."""
    at: int | None = None
    for path in positions.outwards(positions.path_of(task)):
        if key in path.data:
            at = path.pk
            break
    found = _newest(key, at, Places(positions))
    tasks = TaskInstance.objects.select_related("definition", "path__block_task__definition")
    return None if found is None else tasks.get(pk=found)


def _newest(key: str, at: int | None, places: Places) -> int | None:
    """The last visit whose output was kept on a path under this key. One query, or two."""
    visits = TaskInstance.objects.filter(
        workflow_instance=places.instance, output_data__isnull=False
    )
    rows = visits.alias(now=KeyNow()).filter(now=key).order_by("-pk")
    return next((pk for pk, path in rows.values_list("pk", "path") if places.of(path) == at), None)


class Places:
    """On which path, of those that run, what is kept that came of a path, by their numbers."""

    def __init__(self, positions: Positions) -> None:
        self.instance: WorkflowInstance = positions.instance
        self._positions = positions
        self._around: dict[int, int | None] | None = None

    def of(self, path: int | None) -> int | None:
        while path is not None and path != _NOWHERE and path not in self._positions.paths:
            if self._around is None:
                self._around = dict(self._read())
            path = self._around.get(path, _NOWHERE)
        return path

    def _read(self) -> list[tuple[int, int | None]]:
        """The path around each one, whose block has handed over to it."""
        rows = Path.objects.filter(workflow_instance=self.instance).select_related(
            "block_task__definition"
        )
        found = []
        for path in rows.defer("data"):
            spec = path.block_task.definition.block
            is_list = spec is None or spec.is_list
            found.append((path.pk, _NOWHERE if is_list else path.block_task.path_id))
        return found

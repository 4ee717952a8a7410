"""Where a workflow instance stands: on its main path, and in the branches of the blocks that run.

See `workflows/engine/steps/blocks.py` for what a block is. The main path's current task is that of
the instance; while a block runs, that is the block's own task. Each run of a branch is a `Path`
with a current task of its own, which may be a block again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db.models import Q

from workflows.engine.process import Json, JsonObject
from workflows.models import Path, PathStatus, TaskInstance, TaskStatus, WorkflowInstance
from workflows.running.definition_cache import definition_of

# One that is in error before it has ended stopped at its time: its branches go on.
BLOCK_RUNS: Final = Q(block_task__status=TaskStatus.IN_PROGRESS) | Q(
    block_task__status=TaskStatus.ERROR, block_task__output_data__isnull=True
)


class Positions:
    """The runs of branches of an instance whose row the transaction has locked.

    They are read when somebody asks for the first time, by one query, and never where no task
    stands in a branch. Each task is one object: the one that was made `known`, or the one read.
    """

    def __init__(self, instance: WorkflowInstance) -> None:
        self.instance = instance
        self._known: dict[int, TaskInstance] = {}
        self._paths: dict[int, Path] | None = None

    def know(self, task: TaskInstance) -> None:
        """Let this object stand for its row from now on."""
        self._known[task.pk] = task
        if self.instance.current_task_id == task.pk:
            self.instance.current_task = task
        for path in (self._paths or {}).values():
            _join(path, task)

    def add(self, paths: Collection[Path]) -> None:
        """Paths that are being made."""
        made = {each.pk: each for each in paths}
        # Where a block begins on the main path, no other one runs.
        is_first = self._paths is None and all(each.block_task.path_id is None for each in paths)
        self._paths = made if is_first else {**self.paths, **made}

    @property
    def paths(self) -> dict[int, Path]:
        """Those of the blocks that run, by their ids, outer ones before those within."""
        if self._paths is None:
            self._paths = self._read()
        return self._paths

    def of_block(self, block: TaskInstance) -> list[Path]:
        return [each for each in self.paths.values() if each.block_task_id == block.pk]

    def within(self, block: TaskInstance) -> list[Path]:
        """All that are in a block, those of blocks inside it before their own."""
        found: list[Path] = []
        for path in self.of_block(block):
            for inner in {each.block_task_id for each in self.paths.values()}:
                task = self._task(inner)
                if task is not None and task.path_id == path.pk:
                    found += self.within(task)
            found.append(path)
        return found

    def path_of(self, task: TaskInstance | None) -> Path | None:
        """The path on which a task stands; None: the main one, or one whose block has ended."""
        return None if task is None or task.path_id is None else self.paths.get(task.path_id)

    def is_current(self, task: TaskInstance) -> bool:
        """Whether its path stands at it."""
        if task.path_id is None:
            return task.pk == self.instance.current_task_id
        path = self.path_of(task)
        return path is not None and (path.status, path.current_task_id) == (
            PathStatus.RUNNING,
            task.pk,
        )

    def current_tasks(self) -> list[TaskInstance]:
        """The current task of the main path, and those of the branches that run."""
        main = self._main()
        if main is None:
            return []
        if not is_running_block(main):
            return [main]
        return [
            main,
            *(
                each.current_task
                for each in self.paths.values()
                if each.status == PathStatus.RUNNING and each.current_task is not None
            ),
        ]

    def outwards(self, path: Path | None) -> list[Path]:
        """The path, and those around it, the outermost one last."""
        found: list[Path] = []
        while path is not None:
            found.append(path)
            path = self.path_of(path.block_task)
        return found

    def reads(self, path: Path | None) -> JsonObject:
        """What conditions and transforms read on a path: `tasks`, and the item of a list."""
        if path is None:
            return {"tasks": self.instance.data}
        tasks: dict[str, Json] = dict(self.instance.data)
        found: JsonObject = {}
        known = definition_of(self.instance.workflow_id)
        for each in reversed(self.outwards(path)):
            tasks |= each.data
            task = known.process.tasks.get(each.block_task.definition.key)
            if task is not None and task.block is not None and task.block.is_list:
                found["item"], found["item_number"] = each.item, each.number
        return {**found, "tasks": tasks}

    def _main(self) -> TaskInstance | None:
        known = self._known.get(self.instance.current_task_id or 0)
        return known or self.instance.current_task

    def _task(self, pk: int) -> TaskInstance | None:
        for path in self.paths.values():
            if path.block_task_id == pk:
                return path.block_task
        return None

    def _read(self) -> dict[int, Path]:
        rows = (
            Path.objects.filter(BLOCK_RUNS, workflow_instance=self.instance)
            .select_related("current_task", "block_task")
            .order_by("pk")
        )
        found = {each.pk: each for each in rows}
        definitions = definition_of(self.instance.workflow_id).tasks_by_id
        known = dict(self._known)
        for path in found.values():
            for task in (path.block_task, path.current_task):
                if task is not None and task.pk not in known:
                    known[task.pk] = task
                    if task.definition_id in definitions:
                        task.definition = definitions[task.definition_id]
        for path in found.values():
            for pk in (path.block_task_id, path.current_task_id):
                if pk is not None:
                    _join(path, known[pk])
        self._known = known
        main = known.get(self.instance.current_task_id or 0)
        if main is not None:
            self.instance.current_task = main
        return found


def is_running_block(task: TaskInstance | None) -> bool:
    """Whether a task is a block whose branches run."""
    if task is None:
        return False
    is_stopped = task.status == TaskStatus.ERROR and task.output_data is None
    return (task.status == TaskStatus.IN_PROGRESS or is_stopped) and task.definition.is_block


def _join(path: Path, task: TaskInstance) -> None:
    if path.current_task_id == task.pk:
        path.current_task = task
    if path.block_task_id == task.pk:
        path.block_task = task


def current_tasks(instance: WorkflowInstance) -> list[TaskInstance]:
    """The tasks at which an instance stands, for whoever only looks: the main path's first.

    One query more where it is in a block. Fetch it with its current task's definition.
    """
    main = instance.current_task
    if main is None:
        return []
    if not is_running_block(main):
        return [main]
    paths = (
        Path.objects.filter(BLOCK_RUNS, workflow_instance=instance, status=PathStatus.RUNNING)
        .select_related(
            "block_task__definition", "current_task__definition", "current_task__assigned_to"
        )
        .order_by("pk")
    )
    found = [main]
    for path in paths:
        if path.current_task is not None:
            path.current_task.path = path
            found.append(path.current_task)
    return found

"""A workflow instance as far as its history goes: what the events change, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.blocks import (
    BlockSpec,
    BranchState,
    block_output,
    outputs_after,
)
from workflows.errors import HistoryError
from workflows.models import PathStatus, TaskStatus, WorkflowEvent, WorkflowStatus

# A block in these has branches that run.
_RUN: Final = (TaskStatus.IN_PROGRESS, TaskStatus.ERROR)


@dataclass(slots=True)
class TaskState:
    """A task instance, as far as its history goes. `path` is the id of its path, in a branch."""

    key: str
    status: str = TaskStatus.PENDING.value
    assigned_to: int | None = None
    path: int | None = None


@dataclass(slots=True)
class PathState:
    """A run of a branch, as far as its history goes. `block` is the id of the block's task."""

    block: int
    branch: str
    number: int
    item: Json = None
    status: str = PathStatus.WAITING.value
    current_task: int | None = None
    end_label: str = ""
    outcome: str = ""
    data: JsonObject = field(default_factory=dict)

    def as_branch(self) -> BranchState:
        return BranchState(
            key=self.branch,
            number=self.number,
            item=self.item,
            ended=self.status == PathStatus.ENDED,
            cancelled=self.status == PathStatus.CANCELLED,
            label=self.end_label,
            outcome=self.outcome,
            outputs=self.data,
        )


@dataclass(slots=True)
class State:
    """A workflow instance, as far as its history goes. `tasks` is {task instance id: state}.

    `version` is that of the workflow, once it has started. `paths` is {path id: state}, `blocks`
    what was said of the blocks when they began, by the ids of their tasks.
    """

    status: str = WorkflowStatus.NOT_STARTED.value
    version: int | None = None
    current_task: int | None = None
    end_label: str = ""
    outcome: str = ""
    data: JsonObject = field(default_factory=dict)
    tasks: dict[int, TaskState] = field(default_factory=dict)
    paths: dict[int, PathState] = field(default_factory=dict)
    blocks: dict[int, BlockSpec] = field(default_factory=dict, compare=False)

    def task_of(self, event: WorkflowEvent) -> TaskState:
        """Raises HistoryError."""
        task = self.tasks.get(event.task_instance_id or 0)
        if task is None:
            raise HistoryError
        return task

    def outputs_around(self, task: TaskState) -> JsonObject:
        """Where the output of a task is kept: its path's data, or the instance's."""
        return self.data if task.path is None else self.paths[task.path].data

    def make_task(self, pk: int, key: str, *, path: int | None) -> None:
        """A new task, at which its path stands from then on."""
        self.tasks[pk] = TaskState(key=key, path=path)
        if path is None:
            self.current_task = pk
        else:
            self.paths[path].current_task = pk

    def begin_path(self, pk: int, made: JsonObject) -> None:
        """A path begins with the task `made` (`task` and `key`)."""
        self.paths[pk].status = PathStatus.RUNNING.value
        task = made["task"]
        if not isinstance(task, int):
            raise HistoryError
        self.make_task(task, str(made["key"]), path=pk)

    def hand_over(self, block_id: int, output: Json = None) -> None:
        """What a block has brought is read on its own path from now on.

        `output` is that; None: what its branches add up to.
        """
        block, spec = self.tasks[block_id], self.blocks[block_id]
        states = [each.as_branch() for each in self.paths.values() if each.block == block_id]
        around = self.outputs_around(block)
        around |= outputs_after(spec, states)
        around[block.key] = block_output(spec, states) if output is None else output

    def keep_of_branches(self, block_id: int) -> None:
        """What was done in the branches of a block that is left is read on its path."""
        if (spec := self.blocks.get(block_id)) is not None:
            states = [each.as_branch() for each in self.paths.values() if each.block == block_id]
            around = self.outputs_around(self.tasks[block_id])
            around |= outputs_after(spec, states)

    def rename(self, names: dict[str, str]) -> None:
        """Tasks are called something else: the current ones, and what was brought."""
        if not names:
            return
        self.data = _renamed(self.data, names)
        main = self.tasks.get(self.current_task or 0)
        open_blocks = {self.current_task}
        if main is not None:
            main.key = names.get(main.key, main.key)
        for pk, path in self.paths.items():
            block = self.tasks[path.block]
            if block.status not in _RUN or path.block not in open_blocks:
                continue
            path.data = _renamed(path.data, names)
            task = self.tasks.get(path.current_task or 0)
            if path.status == PathStatus.RUNNING and task is not None and task.path == pk:
                task.key = names.get(task.key, task.key)
                open_blocks.add(path.current_task)


def _renamed(data: JsonObject, names: dict[str, str]) -> JsonObject:
    return {names.get(key, key): value for key, value in data.items()}

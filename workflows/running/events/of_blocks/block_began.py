"""A block has begun: its branches run side by side, or one after the other.

Its data: `paths`, each with its id (`path`), its `branch`, its `number`, of a list its `item`, and
the task with which it begins (`made`: its id, `task`, and its `key`; none: it begins when those
before it have ended); how many there are (`of`). `left_out` are the branches whose condition was
not true, `is_list` says whether there is one for each item of a list.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.engine.steps.blocks import BlockSpec, BranchSpec
from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import PathState, State


def _begin(state: State, event: WorkflowEvent) -> None:
    block = state.task_of(event)
    block.status = TaskStatus.IN_PROGRESS.value
    pk, paths = event.task_instance_id or 0, event.data["paths"]
    keys = dict.fromkeys([*(each["branch"] for each in paths), *event.data["left_out"]])
    state.blocks[pk] = BlockSpec(
        branches=tuple(BranchSpec(key) for key in keys),
        for_each=True if event.data["is_list"] else None,
    )
    for each in paths:
        state.paths[each["path"]] = PathState(
            block=pk, branch=each["branch"], number=each["number"], item=each.get("item")
        )
        if each["made"]:
            state.begin_path(each["path"], each["made"])


def _history(event: WorkflowEvent) -> str:
    task = event.task_instance
    if task is not None and task.definition.type.is_approval:
        return _("%(task)s began: people are asked for %(count)s votes.")
    if data_of(event).get("left_out"):
        return _("%(task)s began: %(count)s branches, %(left_out)s left out by their conditions.")
    return _("%(task)s began: %(count)s branches.")


BLOCK_BEGAN = declare(
    "BLOCK_BEGAN",
    rules=Rules(effect=_begin, time=TaskTime.GOES_ON),
    screen=Screen(icon="account_tree", history=_history, timeline=None),
)

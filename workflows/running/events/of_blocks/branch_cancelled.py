"""A branch was cancelled, because its block ended without it.

Its data: the id of the `path`, its `branch` and `number`, and the `reason`, a member of `Why`. Its
task is the one at which the branch stood; the block, where it had not begun.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext as _

from workflows.models import PathStatus, TaskStatus, WorkflowEvent
from workflows.models.task_instance import UNFINISHED
from workflows.running.events.kind import (
    Rules,
    Screen,
    TaskTime,
    Tone,
    data_of,
    declare,
    is_of_vote,
)
from workflows.running.events.state import State


class Why(StrEnum):
    """Why a block ended without a branch."""

    DECIDED = "decided"  # what is still to be voted cannot change an approval any more
    ENOUGH = "enough"  # as many had ended as the block waits for
    TIME = "time"  # the block was not finished in time
    BY_HAND = "by hand"  # a ticket admin finished the block


def _cancel(state: State, event: WorkflowEvent) -> None:
    path = state.paths[event.data["path"]]
    path.status = PathStatus.CANCELLED.value
    task = state.tasks.get(path.current_task or 0)
    if task is not None and task.status in UNFINISHED:
        task.status = TaskStatus.CANCELLED.value


def _history(event: WorkflowEvent) -> str:
    if is_of_vote(event):
        return _of_vote(event)
    match data_of(event).get("reason"):
        case Why.TIME.value:
            return _("Branch %(branch)s was cancelled: its block was not finished in time.")
        case Why.BY_HAND.value:
            return _("Branch %(branch)s was cancelled: its block was finished by hand.")
    return _("Branch %(branch)s was cancelled: its block has ended without it.")


def _of_vote(event: WorkflowEvent) -> str:
    match data_of(event).get("reason"):
        case Why.TIME.value:
            return _("%(branch)s was withdrawn: it was not decided in time.")
        case Why.BY_HAND.value:
            return _("%(branch)s was withdrawn: it was finished by hand.")
        case Why.DECIDED.value:
            return _("%(branch)s was withdrawn: it cannot change the outcome any more.")
    return _("%(branch)s was withdrawn.")


BRANCH_CANCELLED = declare(
    "BRANCH_CANCELLED",
    rules=Rules(effect=_cancel, time=TaskTime.GOES_ON, cancels_task=True),
    screen=Screen(icon="block", tone=Tone.WARN, history=_history, timeline=None),
)

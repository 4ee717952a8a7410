"""The next branch of a block begins, as those before it have ended.

Its data: the id of the `path`, its `branch` and `number`, and `made`, the task with which it
begins.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, declare, is_of_vote
from workflows.running.events.state import State


def _begin(state: State, event: WorkflowEvent) -> None:
    for each in event.data["made"]:
        state.begin_path(event.data["path"], each)


def _history(event: WorkflowEvent) -> str:
    if is_of_vote(event):
        return _("%(task)s: %(branch)s is asked for now.")
    return _("%(task)s: branch %(branch)s began.")


BRANCH_BEGAN = declare(
    "BRANCH_BEGAN",
    rules=Rules(effect=_begin, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="subdirectory_arrow_right",
        history=_history,
        timeline=None,
    ),
)

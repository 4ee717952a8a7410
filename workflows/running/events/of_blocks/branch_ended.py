"""A branch of a block has come to its end.

Its data: the id of the `path`, its `branch` and `number`, the `label` of its end and the `outcome`.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import PathStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, is_of_vote
from workflows.running.events.state import State


def _end(state: State, event: WorkflowEvent) -> None:
    path = state.paths[event.data["path"]]
    path.status = PathStatus.ENDED.value
    path.end_label, path.outcome = event.data.get("label", ""), event.data.get("outcome", "")


def _history(event: WorkflowEvent) -> str:
    if is_of_vote(event):
        return _("%(branch)s was cast.")
    if data_of(event).get("label"):
        return _("Branch %(branch)s ended: %(label)s.")
    return _("Branch %(branch)s ended.")


BRANCH_ENDED = declare(
    "BRANCH_ENDED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="branch"),
    screen=Screen(icon="flag", history=_history, timeline=None),
)

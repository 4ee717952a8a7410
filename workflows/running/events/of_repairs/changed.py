"""A ticket admin has corrected data, or a task has changed earlier answers.

Its data: `what` it was (ticket, output or input), the `old` and the `new` one, and the `reason`;
of an output the `key` under which it is kept, where the task was renamed since, and the id of the
`path` where it is kept in a branch. Where a task did it, no reason, but what the task is called
(`in`), and its number (`in_task`).
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Details, Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State


def _change(state: State, event: WorkflowEvent) -> None:
    if event.data.get("what") == "output":
        task = state.task_of(event)
        path = event.data.get("path")
        outputs = state.data if path is None else state.paths[path].data
        outputs[event.data.get("key", task.key)] = event.data["new"]


def is_of_step(event: WorkflowEvent) -> bool:
    """Whether a task has changed it, and not a ticket admin."""
    return "in_task" in data_of(event)


def _history(event: WorkflowEvent) -> str:
    if is_of_step(event):
        if event.task_instance is None:
            return _("What was submitted was changed in %(in)s.")
        return _("What came of %(task)s was changed in %(in)s.")
    match data_of(event).get("what"):
        case "output":
            return _("What came of %(task)s was corrected.")
        case "input":
            return _("What %(task)s sends was corrected.")
    return _("What was submitted was corrected.")


def _timeline(event: WorkflowEvent) -> str:
    if is_of_step(event):
        if event.task_instance is None:
            return _("%(person)s changed what was submitted.")
        return _("%(person)s changed the answers of %(task)s.")
    if event.task_instance is None:
        return _("%(person)s corrected what was submitted.")
    return _("%(person)s corrected the data of %(task)s.")


CHANGED = declare(
    "CHANGED",
    rules=Rules(effect=_change, time=TaskTime.GOES_ON, answers=("old", "new")),
    screen=Screen(icon="edit", history=_history, timeline=_timeline, details=Details.CHANGE),
)

"""The engine has done a step itself, in the moment in which it was reached.

Its data: the `output`. Of a decision table also the numbers of the `rows` that were hit (none: its
default), the `note` of the row where there is one, and what was `read`, by the titles of its
inputs.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Details, Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State


def _complete(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.outputs_around(task)[task.key] = event.data["output"]


def _history(event: WorkflowEvent) -> str:
    data = data_of(event)
    if "rows" not in data:
        return _("%(task)s: the values were set.")
    rows = data["rows"]
    if not isinstance(rows, list) or not rows:
        return _("%(task)s: no row of the decision table fits; its default counts.")
    if data.get("note"):
        return _("%(task)s: row %(rows)s of the decision table fits: %(note)s")
    return ngettext(
        "%(task)s: row %(rows)s of the decision table fits.",
        "%(task)s: rows %(rows)s of the decision table fit.",
        len(rows),
    )


DONE_AT_ONCE = declare(
    "DONE_AT_ONCE",
    rules=Rules(effect=_complete, time=TaskTime.GOES_ON, once="end", answers=("output", "read")),
    # Nobody did it: whoever submitted the ticket reads what it leads to.
    screen=Screen(icon="function", history=_history, timeline=None, details=Details.OUTPUT),
)

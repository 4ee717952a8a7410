"""A task is done. Its data: the `output`; `by_hand` and `reason` where a ticket admin did it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Details, Rules, Screen, TaskTime, Tone, data_of, declare
from workflows.running.events.state import State


def _complete(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.outputs_around(task)[task.key] = event.data["output"]


def _history(event: WorkflowEvent) -> str:
    if data_of(event).get("by_hand"):
        return _("%(task)s was finished by hand.")
    return _("%(task)s was completed.")


def _timeline(event: WorkflowEvent) -> str:
    return _("%(person)s completed %(task)s.") if event.actor else _("%(task)s was done.")


TASK_COMPLETED = declare(
    "TASK_COMPLETED",
    rules=Rules(effect=_complete, time=TaskTime.GOES_ON, once="end", answers=("output",)),
    screen=Screen(
        icon="check",
        tone=Tone.GOOD,
        history=_history,
        timeline=_timeline,
        details=Details.OUTPUT,
    ),
)

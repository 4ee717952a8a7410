"""The step is done that has started another ticket: it has ended, or nobody waits for its end.

Its data: the `output`, the number of that `ticket`, and what people call it (`called`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.engine.steps.subtickets import CANCELLED
from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Details, Rules, Screen, TaskTime, Tone, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _end(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.outputs_around(task)[task.key] = event.data["output"]


def _part(event: WorkflowEvent, name: str) -> object:
    output = data_of(event).get("output")
    return output.get(name) if isinstance(output, dict) else None


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    if _part(event, "ended") is False:
        return _("%(task)s is done: it does not wait for ticket %(of)s.")
    if _part(event, "outcome") == CANCELLED:
        return _("%(task)s: ticket %(of)s was cancelled.")
    if data_of(event).get("label"):
        return _("%(task)s: ticket %(of)s has ended: %(label)s.")
    return _("%(task)s: ticket %(of)s has ended.")


def _tone(event: WorkflowEvent) -> Tone:
    if _part(event, "ended") is False:
        return Tone.PLAIN
    return {"good": Tone.GOOD, "neutral": Tone.PLAIN}.get(str(_part(event, "outcome")), Tone.BAD)


SUBTICKET_ENDED = declare(
    "SUBTICKET_ENDED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="end", answers=("output",)),
    screen=Screen(
        icon="check",
        tone=_tone,
        history=_sentence,
        timeline=_sentence,
        details=Details.OUTPUT,
    ),
)

"""A block is over, and the ticket goes on after it.

Its data: how many of its branches have `ended`, and how many there were (`of`). What they have
brought is read on the path of the block from then on: of an approval `output`, its outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _end(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.hand_over(event.task_instance_id or 0, event.data.get("output"))


def _history(event: WorkflowEvent) -> StrOrPromise:
    output = data_of(event).get("output")
    if not isinstance(output, dict):
        return _("%(task)s is over: %(ended)s of %(count)s branches have ended.")
    if output.get("approved"):
        return _("%(task)s: approved, %(ended)s of %(count)s have voted.")
    return _("%(task)s: refused, %(ended)s of %(count)s have voted.")


def _timeline(event: WorkflowEvent) -> StrOrPromise:
    output = data_of(event).get("output")
    if not isinstance(output, dict):
        return _("%(task)s was done.")
    return _("%(task)s: approved.") if output.get("approved") else _("%(task)s: refused.")


def _tone(event: WorkflowEvent) -> Tone:
    output = data_of(event).get("output")
    return Tone.BAD if isinstance(output, dict) and not output.get("approved") else Tone.GOOD


BLOCK_ENDED = declare(
    "BLOCK_ENDED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="end", answers=("output",)),
    screen=Screen(
        icon="check",
        tone=_tone,
        history=_history,
        timeline=_timeline,
    ),
)

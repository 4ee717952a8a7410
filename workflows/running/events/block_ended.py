"""A block is over, and the ticket goes on after it.

Its data: how many of its branches have `ended`, and how many there were (`of`). What they have
brought is read on the path of the block from then on.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare
from workflows.running.events.state import State


def _end(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    state.hand_over(event.task_instance_id or 0)


BLOCK_ENDED = declare(
    "BLOCK_ENDED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(
        icon="check",
        tone=Tone.GOOD,
        history=_("%(task)s is over: %(ended)s of %(count)s branches have ended."),
        timeline=_("%(task)s was done."),
    ),
)

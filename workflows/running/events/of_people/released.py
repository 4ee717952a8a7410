"""A task was given back, or taken away, and waits for somebody.

Its data: `from` is the name of who had it, `from_id` their id; `reason` where a ticket admin did
it.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare
from workflows.running.events.state import State


def _give_back(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status, task.assigned_to = TaskStatus.PENDING.value, None


RELEASED = declare(
    "RELEASED",
    rules=Rules(effect=_give_back, time=TaskTime.GOES_ON, people=(("from_id", "from"),)),
    screen=Screen(
        icon="person_off",
        tone=Tone.WARN,
        history=_("%(task)s was given back."),
        timeline=_("%(task)s was given back and waits for somebody to be available."),
    ),
)

"""A task was given to somebody, or claimed by them.

Its data: `to` is their name then, `to_id` their id; `claimed` where they took it themselves;
`reason` where a ticket admin gave it.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, declare
from workflows.running.events.state import State


def _set_assignee(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status, task.assigned_to = TaskStatus.OPEN.value, event.data["to_id"]


ASSIGNED = declare(
    "ASSIGNED",
    # Giving a task that failed to somebody else is a way of trying it again.
    rules=Rules(effect=_set_assignee, time=TaskTime.BEGINS_IF_STOPPED, people=(("to_id", "to"),)),
    screen=Screen(
        icon="person",
        history=_("%(task)s was given to %(to)s."),
        timeline=_("%(task)s was given to %(to)s."),
    ),
)

"""A task was given to somebody, or claimed by them.

Its data: `to` is their name then, `to_id` their id; `claimed` where they took it themselves;
`reason` where a ticket admin gave it. `for` and `for_id`: whoever it was meant for, or had it, is
away, and `to` stands in for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _set_assignee(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status, task.assigned_to = TaskStatus.OPEN.value, event.data["to_id"]


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    if data_of(event).get("for"):
        return _("%(task)s was given to %(to)s, who stands in for %(for)s.")
    return _("%(task)s was given to %(to)s.")


ASSIGNED = declare(
    "ASSIGNED",
    # Giving a task that failed to somebody else is a way of trying it again.
    rules=Rules(
        effect=_set_assignee,
        time=TaskTime.BEGINS_IF_STOPPED,
        people=(("to_id", "to"), ("for_id", "for")),
    ),
    screen=Screen(
        icon="person",
        history=_sentence,
        timeline=_sentence,
    ),
)

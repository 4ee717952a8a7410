"""A ticket admin has ended the ticket, with its unfinished tasks.

Its data: the `reason`, and who may see it (`seen_by`); of older ones the team alone.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent, WorkflowStatus
from workflows.models.task_instance import UNFINISHED
from workflows.running.events.kind import Rules, Screen, TaskTime, declare
from workflows.running.events.state import State


def _cancel(state: State, event: WorkflowEvent) -> None:
    state.status = WorkflowStatus.CANCELLED.value
    for task in state.tasks.values():
        if task.status in UNFINISHED:
            task.status = TaskStatus.CANCELLED.value


CANCELLED = declare(
    "CANCELLED",
    rules=Rules(effect=_cancel, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(
        icon="block",
        history=_("The ticket was cancelled."),
        timeline=_("%(person)s cancelled the ticket."),
    ),
)

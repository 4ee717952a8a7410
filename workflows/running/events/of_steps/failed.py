"""A task could not be done, or no transition led on. Its data: the `error`, for ticket admins."""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare
from workflows.running.events.state import State


def _fail(state: State, event: WorkflowEvent) -> None:
    if event.task_instance_id is not None:
        state.task_of(event).status = TaskStatus.ERROR.value


def _history(event: WorkflowEvent) -> str:
    if event.task_instance is None:
        return _("Something went wrong.")
    return _("Something went wrong at %(task)s.")


def _timeline(event: WorkflowEvent) -> str:
    if event.task_instance is None:
        return _("Something went wrong. Our ticket admins have been told.")
    return _("Something went wrong at %(task)s. Our ticket admins have been told.")


FAILED = declare(
    "FAILED",
    # It begins anew when the task is tried again, or given to somebody.
    rules=Rules(effect=_fail, time=TaskTime.STOPS),
    screen=Screen(icon="error", tone=Tone.BAD, history=_history, timeline=_timeline),
)

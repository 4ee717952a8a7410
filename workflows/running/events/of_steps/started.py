"""The workflow of a ticket has started. Its data: the `version` and the name of the `workflow`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowEvent, WorkflowStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, declare
from workflows.running.events.state import State


def _start(state: State, event: WorkflowEvent) -> None:
    state.status = WorkflowStatus.IN_PROGRESS.value
    state.version = event.data.get("version")


STARTED = declare(
    "STARTED",
    rules=Rules(effect=_start, time=TaskTime.GOES_ON, once="start"),
    screen=Screen(icon="play_circle", history=_("The workflow started."), timeline=None),
)

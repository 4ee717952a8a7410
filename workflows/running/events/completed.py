"""The workflow has come to an end. Its data: the `label` of the transition that led there."""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import WorkflowEvent, WorkflowStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, data_of, declare
from workflows.running.events.state import State


def _end(state: State, event: WorkflowEvent) -> None:
    state.status, state.end_label = WorkflowStatus.COMPLETED.value, event.data.get("label", "")


def _history(event: WorkflowEvent) -> str:
    if data_of(event).get("label"):
        return _("The workflow ended: %(label)s.")
    return _("The workflow ended.")


def _timeline(event: WorkflowEvent) -> str:
    return (
        _("The ticket ended: %(label)s.") if data_of(event).get("label") else _("The ticket ended.")
    )


COMPLETED = declare(
    "COMPLETED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(icon="flag", tone=Tone.GOOD, history=_history, timeline=_timeline),
)

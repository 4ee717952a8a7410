"""The workflow has come to an end.

Its data: the `label` of the transition that led there, and its `outcome`; older ones have none.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.engine.process import EndOutcome
from workflows.models import WorkflowEvent, WorkflowStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, data_of, declare
from workflows.running.events.state import State


def _end(state: State, event: WorkflowEvent) -> None:
    state.status, state.end_label = WorkflowStatus.COMPLETED.value, event.data.get("label", "")
    state.outcome = event.data.get("outcome", "")


def _history(event: WorkflowEvent) -> str:
    if data_of(event).get("label"):
        return _("The workflow ended: %(label)s.")
    return _("The workflow ended.")


def _timeline(event: WorkflowEvent) -> str:
    return (
        _("The ticket ended: %(label)s.") if data_of(event).get("label") else _("The ticket ended.")
    )


def _tone(event: WorkflowEvent) -> Tone:
    match data_of(event).get("outcome"):
        case EndOutcome.BAD.value:
            return Tone.BAD
        case EndOutcome.NEUTRAL.value:
            return Tone.PLAIN
    return Tone.GOOD


COMPLETED = declare(
    "COMPLETED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="end", ends_instance=True),
    screen=Screen(icon="flag", tone=_tone, history=_history, timeline=_timeline),
)

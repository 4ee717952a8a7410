"""A ticket that was withdrawn or cancelled has gone the way that its workflow has for that.

Its data: the `label` of the end that it reached; or `tried`, the transitions whose conditions were
not true, where there was nothing to clean up.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import WorkflowEvent, WorkflowStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State


def _end(state: State, event: WorkflowEvent) -> None:
    state.status = WorkflowStatus.CANCELLED.value
    state.end_label = event.data.get("label", "")


def _sentence(event: WorkflowEvent) -> str:
    data = data_of(event)
    if "tried" in data:
        return _("There was nothing to clean up.")
    if data.get("label"):
        return _("It was cleaned up: %(label)s.")
    return _("It was cleaned up.")


CLEANED_UP = declare(
    "CLEANED_UP",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="cleaned up", ends_instance=True),
    screen=Screen(icon="cleaning_services", history=_sentence, timeline=_sentence),
)

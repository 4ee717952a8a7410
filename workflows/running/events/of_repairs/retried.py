"""A ticket admin has a step tried again.

Its data: the `reason`; of a task the `status` that it has then.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, declare
from workflows.running.events.state import State


def _retry(state: State, event: WorkflowEvent) -> None:
    if event.task_instance_id is not None:
        state.task_of(event).status = event.data["status"]


def _sentence(event: WorkflowEvent) -> str:
    if event.task_instance is None:
        return _("The start is tried again.")
    return _("%(task)s is tried again.")


RETRIED = declare(
    "RETRIED",
    rules=Rules(effect=_retry, time=TaskTime.BEGINS),
    screen=Screen(icon="refresh", history=_sentence, timeline=_sentence),
)

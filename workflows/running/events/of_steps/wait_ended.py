"""A wait is over, and the ticket goes on after it.

Its data: `until` is when it was to be over (ISO 8601), or null where the date that it is counted
from is not there; `at_once` where that was so when it began. `output` where a message could have
ended it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.engine.steps.answered import ANSWERED
from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _end(state: State, event: WorkflowEvent) -> None:
    task = state.task_of(event)
    task.status = TaskStatus.COMPLETED.value
    output = data_of(event).get("output")
    state.outputs_around(task)[task.key] = output if isinstance(output, dict) else {}


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    output = data.get("output")
    if isinstance(output, dict) and output.get(ANSWERED) is True:
        return _("%(task)s: the answer of another system has come.")
    if data.get("until") is None:
        return _("%(task)s did not wait: the date that it is counted from is not there.")
    if data.get("at_once") is True:
        return _("%(task)s did not wait: its time was over.")
    return _("%(task)s: the time to wait for has come.")


WAIT_ENDED = declare(
    "WAIT_ENDED",
    rules=Rules(effect=_end, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(
        icon="hourglass_bottom",
        history=_sentence,
        timeline=_sentence,
    ),
)

"""A step has started a ticket of another type, and waits for its end where it says so.

Its data: the number of that `ticket`, and what people call it (`called`). Where the step does not
wait it is done with that: what comes of it is the `output`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare
from workflows.running.events.state import State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _start(state: State, event: WorkflowEvent) -> None:
    state.task_of(event).status = TaskStatus.IN_PROGRESS.value


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    if data_of(event).get("waits") is False:
        return _("%(task)s: ticket %(of)s was started. Nobody waits for its end.")
    return _("%(task)s: ticket %(of)s was started.")


SUBTICKET_STARTED = declare(
    "SUBTICKET_STARTED",
    rules=Rules(effect=_start, time=TaskTime.GOES_ON),
    screen=Screen(icon="account_tree", history=_sentence, timeline=_sentence),
)

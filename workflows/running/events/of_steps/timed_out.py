"""A task had not ended in time, and was left. Its data: `after` is the time, as a moment.

Of a block, what was done in its branches is read on its path from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import (
    Rules,
    Screen,
    TaskTime,
    Tone,
    data_of,
    declare,
)
from workflows.running.events.state import State
from workflows.working_hours.durations import is_counted_from_start

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _leave(state: State, event: WorkflowEvent) -> None:
    state.task_of(event).status = TaskStatus.CANCELLED.value
    state.keep_of_branches(event.task_instance_id or 0)


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    if is_counted_from_start(str(data_of(event).get("after") or "")):
        return gettext("%(task)s was not finished within %(after)s, and was left.")
    return gettext("%(task)s was not finished in time (%(after)s), and was left.")


TIMED_OUT = declare(
    "TIMED_OUT",
    rules=Rules(
        effect=_leave,
        time=TaskTime.GOES_ON,
        once="end",
        leaves_task=True,
    ),
    screen=Screen(
        icon="timer_off",
        tone=Tone.WARN,
        history=_sentence,
        timeline=_("%(task)s was not finished in time. The ticket goes on without it."),
    ),
)

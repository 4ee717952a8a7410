"""A task had not ended in time, and was left. Its data: `after` is the time, as a moment."""

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
    task_becomes,
)
from workflows.working_hours.durations import is_counted_from_start

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    if is_counted_from_start(str(data_of(event).get("after") or "")):
        return gettext("%(task)s was not finished within %(after)s, and was left.")
    return gettext("%(task)s was not finished in time (%(after)s), and was left.")


TIMED_OUT = declare(
    "TIMED_OUT",
    rules=Rules(
        effect=task_becomes(TaskStatus.CANCELLED),
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

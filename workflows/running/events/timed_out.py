"""A task had not ended in time, and was left. Its data: `after` is the time, as a duration."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, task_becomes

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
        history=_("%(task)s was not finished within %(after)s, and was left."),
        timeline=_("%(task)s was not finished in time. The ticket goes on without it."),
    ),
)

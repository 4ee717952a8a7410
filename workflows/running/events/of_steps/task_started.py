"""Somebody has begun to work on a task."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, declare, task_becomes

TASK_STARTED = declare(
    "TASK_STARTED",
    rules=Rules(effect=task_becomes(TaskStatus.IN_PROGRESS), time=TaskTime.GOES_ON),
    screen=Screen(
        icon="play_arrow",
        history=_("Work on %(task)s began."),
        timeline=_("%(person)s began with %(task)s."),
    ),
)

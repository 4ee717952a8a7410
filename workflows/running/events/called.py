"""Another system is called for a task. Its data: the number of the `attempt`, from 1."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, declare, task_becomes

CALLED = declare(
    "CALLED",
    rules=Rules(
        effect=task_becomes(TaskStatus.IN_PROGRESS), time=TaskTime.GOES_ON, is_of_attempt=True
    ),
    screen=Screen(
        icon="bolt",
        history=_("%(task)s called the other system: attempt %(attempt)s."),
        timeline=_("%(task)s began by itself."),
    ),
)

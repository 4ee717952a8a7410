"""The other system has taken a call, and answers later. Its data: the number of the `attempt`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, declare, task_becomes

ACCEPTED = declare(
    "ACCEPTED",
    rules=Rules(effect=task_becomes(TaskStatus.PENDING), time=TaskTime.GOES_ON, is_of_attempt=True),
    screen=Screen(
        icon="hourglass_top",
        history=_("The other system accepted %(task)s. Its answer comes later."),
        timeline=_("%(task)s was accepted and waits for its answer."),
    ),
)

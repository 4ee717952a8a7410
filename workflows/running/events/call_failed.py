"""A call had failed for good, and a transition was taken for it.

Its data: the `failure` (see `workflows.engine.failure.Failure.as_json`), and where the workflow
went on to (`next_tasks`; none: the end).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, task_becomes

CALL_FAILED = declare(
    "CALL_FAILED",
    rules=Rules(
        effect=task_becomes(TaskStatus.CANCELLED),
        time=TaskTime.GOES_ON,
        once="end",
        leaves_task=True,
        answers=("failure",),
    ),
    screen=Screen(
        icon="call_split",
        tone=Tone.WARN,
        history=_("The call %(task)s failed (%(failure)s); the workflow went on to %(next)s."),
        timeline=_("%(task)s did not succeed. The ticket goes on another way."),
    ),
)

"""Another system is called for a task. Its data: the number of the `attempt`, from 1."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, task_becomes


def told_to_requester(event: WorkflowEvent) -> str:
    if data_of(event).get("attempt") in (None, 1):
        return gettext("%(task)s began by itself.")
    return gettext("%(task)s was tried again.")


CALLED = declare(
    "CALLED",
    rules=Rules(
        effect=task_becomes(TaskStatus.IN_PROGRESS), time=TaskTime.GOES_ON, is_of_attempt=True
    ),
    screen=Screen(
        icon="bolt",
        history=_("%(task)s called the other system: attempt %(attempt)s."),
        timeline=told_to_requester,
    ),
)

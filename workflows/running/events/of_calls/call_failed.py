"""A call had failed for good, and a transition was taken for it.

Its data: the `failure` (see `workflows.engine.failure.Failure.as_json`), and where the workflow
went on to (`next_tasks`; none: the end).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from workflows.models import TaskStatus, WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, task_becomes

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _history(event: WorkflowEvent) -> StrOrPromise:
    task = event.task_instance
    if task is not None and task.definition.is_subticket:
        return _("%(task)s failed (%(failure)s); the workflow went on to %(next)s.")
    return _("The call %(task)s failed (%(failure)s); the workflow went on to %(next)s.")


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
        history=_history,
        timeline=_("%(task)s did not succeed. The ticket goes on another way."),
    ),
)

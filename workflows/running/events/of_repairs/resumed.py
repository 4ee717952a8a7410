"""A ticket admin lets a ticket go on that was on hold. Its data: the `reason`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, declare, status_becomes

RESUMED = declare(
    "RESUMED",
    rules=Rules(effect=status_becomes(WorkflowStatus.IN_PROGRESS), time=TaskTime.BEGINS),
    screen=Screen(
        icon="play_arrow",
        history=_("The ticket was let go on."),
        timeline=_("%(person)s let the ticket go on."),
    ),
)

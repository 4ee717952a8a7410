"""A ticket admin has stopped the ticket for now. Its data: the `reason`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowStatus
from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, status_becomes

HELD = declare(
    "HELD",
    rules=Rules(effect=status_becomes(WorkflowStatus.ON_HOLD), time=TaskTime.STOPS),
    screen=Screen(
        icon="pause",
        tone=Tone.WARN,
        history=_("The ticket was put on hold."),
        timeline=_("%(person)s put the ticket on hold."),
    ),
)

"""A ticket error is dealt with.

Its data: `error_id`, `what` the error says, and the `notes` on how it was resolved.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, no_effect

ERROR_RESOLVED = declare(
    "ERROR_RESOLVED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="task_alt",
        tone=Tone.GOOD,
        history=_("The error was noted as resolved: %(what)s"),
        timeline=None,
    ),
)

"""A mail of a task to somebody outside could not be delivered.

It has no data: whom it was for stands on the task or in the ticket's answers, so that it can be
forgotten.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, Tone, declare, no_effect

UNDELIVERED = declare(
    "UNDELIVERED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="mail_off",
        tone=Tone.BAD,
        history=_("%(task)s: the mail to somebody outside could not be delivered."),
        timeline=None,
    ),
)

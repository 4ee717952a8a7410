"""A step of another ticket has started this one.

Its data: the number of that `ticket`, what people call it (`called`), and what its step is called
(`step`).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

STARTED_BY = declare(
    "STARTED_BY",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, once="submission"),
    screen=Screen(
        icon="account_tree",
        history=_("Ticket %(of)s has started this one."),
        timeline=_("Ticket %(of)s has started this one."),
    ),
)

"""Whoever submitted the ticket has taken it back: it ends, with its unfinished tasks.

Its data: the `reason`, and who may see it (`seen_by`).
`at` is the id of the task at which it was, where its workflow has ways to clean up.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, cancels_all, declare

WITHDRAWN = declare(
    "WITHDRAWN",
    rules=Rules(effect=cancels_all, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(
        icon="undo",
        history=_("The ticket was withdrawn by whoever submitted it."),
        timeline=_("%(person)s withdrew the ticket."),
    ),
)

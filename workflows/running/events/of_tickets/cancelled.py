"""A ticket admin has ended the ticket, with its unfinished tasks.

Its data: the `reason`, and who may see it (`seen_by`); of older ones the team alone.
`at` is the id of the task at which it was, where its workflow has ways to clean up.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, cancels_all, declare

CANCELLED = declare(
    "CANCELLED",
    rules=Rules(effect=cancels_all, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(
        icon="block",
        history=_("The ticket was cancelled."),
        timeline=_("%(person)s cancelled the ticket."),
    ),
)

"""A ticket was closed because another one is about the same.

Its data: the `reason`, who may see it (`seen_by`), `of`, the id of the other ticket,
and what it is `called`. Only
the team reads that here: whoever submitted this one need not be allowed to see the other.
`at` is as in WITHDRAWN.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, cancels_all, declare

DUPLICATE = declare(
    "DUPLICATE",
    rules=Rules(effect=cancels_all, time=TaskTime.GOES_ON, once="end"),
    screen=Screen(
        icon="file_copy",
        history=_("The ticket was closed: it is a duplicate of %(of)s."),
        timeline=_("%(person)s closed the ticket: it is a duplicate of another one."),
    ),
)

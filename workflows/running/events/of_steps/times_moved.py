"""A task is due, or waits until, another time than before, as an answer says another date now.

Its data: `due` and `until`, in ISO 8601; one that is not there is none any more.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

TIMES_MOVED = declare(
    "TIMES_MOVED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="update",
        history=_("The times of %(task)s follow the date that an answer says now."),
        timeline=None,
    ),
)

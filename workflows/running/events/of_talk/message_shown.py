"""A ticket admin let a message be read again that was hidden.

Its data: `message` is its number, `from` the name of who wrote it, and `from_id` their id.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

MESSAGE_SHOWN = declare(
    "MESSAGE_SHOWN",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, people=(("from_id", "from"),)),
    screen=Screen(
        icon="visibility",
        history=_("A hidden message of %(from)s was shown again."),
        timeline=None,
    ),
)

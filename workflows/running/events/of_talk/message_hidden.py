"""A ticket admin hid a message.

Its data: `message` is its number, `from` the name of who wrote it, `from_id` their id, and the
`reason`. What the message says does not stand here. Whoever may read the conversation sees there
that it is hidden; whoever submitted the ticket need not know of an internal note.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

MESSAGE_HIDDEN = declare(
    "MESSAGE_HIDDEN",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, people=(("from_id", "from"),)),
    screen=Screen(
        icon="visibility_off",
        history=_("A message of %(from)s was hidden."),
        timeline=None,
    ),
)

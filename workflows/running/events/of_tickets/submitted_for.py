"""Somebody submitted the ticket in the place of its requester: `actor` did.

Its data: `to` is the requester's name, `to_id` their id.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

SUBMITTED_FOR = declare(
    "SUBMITTED_FOR",
    rules=Rules(
        effect=no_effect, time=TaskTime.GOES_ON, once="submission", people=(("to_id", "to"),)
    ),
    screen=Screen(
        icon="person_add",
        history=_("The ticket was submitted for %(to)s."),
        timeline=_("%(person)s submitted the ticket for %(to)s."),
    ),
)

"""Somebody outside has begun the ticket, by the public form of its type, and proven their address.

Its data is empty: who that is stands on the ticket.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

SUBMITTED_OUTSIDE = declare(
    "SUBMITTED_OUTSIDE",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, once="submission"),
    screen=Screen(
        icon="public",
        history=_("The ticket was submitted by somebody outside, by the public form."),
        timeline=_("Somebody outside submitted the ticket, by the public form."),
    ),
)

"""Somebody takes care of a ticket error. Its data: `error_id`, and `what` the error says."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

ERROR_REVIEWED = declare(
    "ERROR_REVIEWED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="visibility",
        history=_("Somebody looks after the error: %(what)s"),
        timeline=None,
    ),
)

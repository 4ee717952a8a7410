"""Somebody's personal data in the ticket was erased. Its data says nothing more."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

ERASED = declare(
    "ERASED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="ink_eraser",
        history=_("What the submitter had answered was erased."),
        timeline=_("What was answered was erased."),
    ),
)

"""What vouches for the history begins anew here, by right. Its data: the `reason`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

RESEALED = declare(
    "RESEALED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="verified_user",
        history=_("The history was sealed anew, as it was then."),
        timeline=None,
    ),
)

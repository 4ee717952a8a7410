"""A new version of a file of the team came. Its data: as of FILE_VERSION."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

TEAM_FILE_VERSION = declare(
    "TEAM_FILE_VERSION",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="upload_file",
        history=_("Version %(version)s of a file was uploaded, which only the team sees."),
        timeline=None,
    ),
)

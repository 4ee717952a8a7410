"""A new version of a file came, which the requester sees, too. Its data: `version`, a number.

`upload` is its key. No name: whoever may see the file reads it there.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.running.events.kind import Rules, Screen, TaskTime, declare, no_effect

FILE_VERSION = declare(
    "FILE_VERSION",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON),
    screen=Screen(
        icon="upload_file",
        history=_("Version %(version)s of a file was uploaded."),
        timeline=_("%(person)s uploaded version %(version)s of a file."),
    ),
)

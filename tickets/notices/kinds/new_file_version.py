"""Somebody uploaded a new version of a file. About: the `version`, a number.

`message` (its id) where the file came with one.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.notices.kinds.kind import EVERYBODY, ByMail, Kind, Place, Words, declare

NEW_FILE_VERSION = declare(
    "NEW_FILE_VERSION",
    Kind(
        title=_("Somebody uploads a new version of a file"),
        icon="upload_file",
        words=Words(
            sentence=_("%(person)s uploaded a new version of a file of %(ticket)s."),
            subject=_("A new version of a file: %(ticket)s"),
            text=_("%(person)s uploaded a new version of a file of %(ticket)s."),
        ),
        by_mail=ByMail.DIGEST,
        roles=EVERYBODY,
        leads_to=Place.MESSAGES,
        is_for_team=True,
    ),
)

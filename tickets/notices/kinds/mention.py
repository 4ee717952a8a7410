"""Somebody named a person in a message. About: `message` (its id)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.notices.kinds.kind import EVERYBODY, ByMail, Kind, Place, Words, declare

MENTION = declare(
    "MENTION",
    Kind(
        title=_("Somebody mentions me"),
        icon="alternate_email",
        words=Words(
            sentence=_("%(person)s mentioned you on %(ticket)s."),
            subject=_("%(person)s mentioned you: %(ticket)s"),
            text=_("%(person)s mentioned you on %(ticket)s."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=EVERYBODY,
        leads_to=Place.MESSAGES,
        is_for_team=False,
    ),
)

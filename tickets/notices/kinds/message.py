"""Somebody wrote on a ticket. About: `message` (its id)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tickets.notices.kinds.kind import EVERYBODY, ByMail, Kind, Place, Words, declare

MESSAGE = declare(
    "MESSAGE",
    Kind(
        title=_("Somebody writes on a ticket"),
        icon="chat",
        words=Words(
            sentence=_("%(person)s wrote on %(ticket)s."),
            subject=_("%(person)s wrote: %(ticket)s"),
            text=_("%(person)s wrote on %(ticket)s."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=EVERYBODY,
        leads_to=Place.MESSAGES,
        is_for_team=False,
    ),
)

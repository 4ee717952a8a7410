"""Something went wrong with a ticket, and waits for a ticket admin. About: `error` (its id)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

ERROR = declare(
    "ERROR",
    Kind(
        title=_("A ticket has an error"),
        icon="error",
        words=Words(
            sentence=_("Something went wrong with %(ticket)s."),
            subject=_("Error: %(ticket)s"),
            text=_("Something went wrong with %(ticket)s, and it waits for a ticket admin."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TICKET_ADMIN}),
        leads_to=Place.TICKET,
        is_for_team=True,
    ),
)

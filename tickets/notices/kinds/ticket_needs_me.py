"""A worker asks whoever submitted the ticket. About: `message` (its id), `task`, `title`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

TICKET_NEEDS_ME = declare(
    "TICKET_NEEDS_ME",
    Kind(
        title=_("My ticket needs an answer of mine"),
        icon="contact_support",
        words=Words(
            sentence=_("%(person)s needs an answer of yours on %(ticket)s."),
            subject=_("Your answer is needed: %(ticket)s"),
            text=_("%(person)s needs an answer of yours to go on with “%(task)s” of %(ticket)s."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.USER}),
        leads_to=Place.MY_TICKET,
        is_for_team=False,
    ),
)

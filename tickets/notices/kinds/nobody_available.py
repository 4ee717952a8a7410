"""A task waits as nobody can be given it. About: `task` (its id), `title`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

NOBODY_AVAILABLE = declare(
    "NOBODY_AVAILABLE",
    Kind(
        title=_("Nobody is available for a task"),
        icon="person_off",
        words=Words(
            sentence=_("“%(task)s” of %(ticket)s waits: nobody is available."),
            subject=_("Nobody is available: %(task)s, %(ticket)s"),
            text=_(
                "The task “%(task)s” of %(ticket)s waits, as nobody is available who may be given"
                " it."
            ),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TICKET_ADMIN}),
        leads_to=Place.TICKET,
        is_for_team=True,
    ),
)

"""A task was not done in time: for its worker, or the ticket admins. About: as DUE_SOON."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

OVERDUE = declare(
    "OVERDUE",
    Kind(
        title=_("A task is overdue"),
        icon="alarm",
        words=Words(
            sentence=_("“%(task)s” of %(ticket)s is overdue: it was due on %(due)s."),
            subject=_("Overdue: %(task)s, %(ticket)s"),
            text=_("The task “%(task)s” of %(ticket)s is overdue: it was due on %(due)s."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER, SystemRole.TICKET_ADMIN}),
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)

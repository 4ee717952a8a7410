"""A task of somebody's is due within a day. About: `task` (its id), `title`, `due` (ISO 8601).

`stands_in`: it is for who stands in for its worker.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

DUE_SOON = declare(
    "DUE_SOON",
    Kind(
        title=_("A task of mine is due soon"),
        icon="schedule",
        words=Words(
            sentence=_("“%(task)s” of %(ticket)s is due on %(due)s."),
            subject=_("Due soon: %(task)s, %(ticket)s"),
            text=_("The task “%(task)s” of %(ticket)s is due on %(due)s."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)

"""A ticket was withdrawn of which somebody had a task to do. About: `task` (its id), `title`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

TASK_WITHDRAWN = declare(
    "TASK_WITHDRAWN",
    Kind(
        title=_("A ticket of a task of mine is withdrawn"),
        icon="undo",
        words=Words(
            sentence=_("%(person)s withdrew %(ticket)s. You need not do “%(task)s” any more."),
            subject=_("Withdrawn: %(ticket)s"),
            text=_("%(person)s withdrew %(ticket)s. You need not do “%(task)s” any more."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.TASK,
    ),
)

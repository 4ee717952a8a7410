"""A form was given to somebody. About: `task` (its id), `title`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

TASK_GIVEN = declare(
    "TASK_GIVEN",
    Kind(
        title=_("A task is given to me"),
        icon="task_alt",
        words=Words(
            sentence=_("“%(task)s” of %(ticket)s was given to you."),
            subject=_("%(task)s: %(ticket)s"),
            text=_("The task “%(task)s” of %(ticket)s was given to you."),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.TASK_WORKER}),
        leads_to=Place.TASK,
        is_for_team=True,
    ),
)

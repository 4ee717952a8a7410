"""No worker process runs, so that calls, timers and mails wait. Without a ticket."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.notices.kinds.kind import ByMail, Kind, Place, Words, declare

WORKER_DOWN = declare(
    "WORKER_DOWN",
    Kind(
        title=_("The worker process is down"),
        icon="power_off",
        words=Words(
            sentence=_(
                "No worker process is running: calls, timers and mails wait until one is started."
            ),
            subject=_("TicketFlower: no worker process is running"),
            text=_(
                "No worker process was running: calls, timers and mails waited. Ask whoever runs"
                " TicketFlower."
            ),
        ),
        by_mail=ByMail.AT_ONCE,
        roles=frozenset({SystemRole.ADMIN}),
        leads_to=Place.DASHBOARD,
        is_for_team=True,
    ),
)

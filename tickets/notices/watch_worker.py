"""Whether a worker process runs: looked at by web processes, as no job could."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.utils import timezone

from tenants.jobs import has_worker
from tenants.models import User
from tenants.roles import SystemRole
from tickets.notices.kinds.worker_down import WORKER_DOWN
from tickets.notices.tell import tell_role

MISSING_FOR: Final = timedelta(minutes=1)
# How often, in seconds, a web process looks for a company.
LOOK_EVERY: Final = 60
# People are told again after so long.
TELL_EVERY_HOURS: Final = 6


def tell_if_no_worker_runs(person: User) -> None:
    """Tell the company's admins, where an admin is there to see it and no worker has been for a
    minute. Superusers see it on their dashboard.

    Every poll of an admin's page comes by: it looks once a minute in each process.
    """
    if not person.has_role(SystemRole.ADMIN):
        return
    if not cache.add("notices:worker", True, LOOK_EVERY) or has_worker(MISSING_FOR):
        return
    now = timezone.now()
    key = f"{now:%Y-%m-%d}-{now.hour // TELL_EVERY_HOURS}"
    tell_role(WORKER_DOWN, SystemRole.ADMIN, ticket_id=None, key=key)

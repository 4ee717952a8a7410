"""The job of spare schemas. It may run twice, or late."""

from __future__ import annotations

from typing import Final

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.spare_schemas import keep

KEEP_SPARES: Final = "spare_schemas.jobs.keep_spares"


# Every minute, one at a time.
@app.periodic(cron="* * * * *")
@app.task(name=KEEP_SPARES, queue=Queue.UPKEEP, lock=KEEP_SPARES)
def keep_spares(timestamp: int) -> None:
    """See that whoever signs up next finds a schema. What fails is done the next minute."""
    close_old_connections()
    keep.keep_spares()

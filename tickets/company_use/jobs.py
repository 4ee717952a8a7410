from __future__ import annotations

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tickets.company_use import measure_use as measuring
from tickets.job_names import MEASURE_USE


# Every minute. The lock lets no second one into the queue while nobody does the first.
@app.periodic(cron="* * * * *")
@app.task(name=MEASURE_USE, queue=Queue.UPKEEP, queueing_lock="measure_use")
def measure_use(timestamp: int) -> None:
    """Note what each company uses. What fails is done the next minute."""
    close_old_connections()
    measuring.measure_use()

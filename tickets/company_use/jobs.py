from __future__ import annotations

from django.db import close_old_connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from tenants.fair_turns import Queue
from tickets.company_use import measure_use as measuring
from tickets.job_names import MEASURE_USE


# Every minute, one at a time.
@app.periodic(cron="* * * * *")
@app.task(name=MEASURE_USE, queue=Queue.UPKEEP, lock=MEASURE_USE)
def measure_use(timestamp: int) -> None:
    """Note what each company uses. What fails is done the next minute.

    Where others wait behind it, it leaves the work to the last of them.
    """
    close_old_connections()
    waiting = ProcrastinateJob.objects.filter(task_name=MEASURE_USE, status=Status.TODO.value)
    if not waiting.exists():
        measuring.measure_use()

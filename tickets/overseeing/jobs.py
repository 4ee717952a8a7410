from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.job_names import CHANGE_MANY
from tickets.overseeing.bulk_change import work_on_bulk_change


@app.task(name=CHANGE_MANY, queue=Queue.BULK, retry=PATIENT)
@in_company
def change_many(bulk_change_id: int) -> None:
    """Change many tickets, from where an earlier worker has stopped."""
    work_on_bulk_change(bulk_change_id=bulk_change_id)

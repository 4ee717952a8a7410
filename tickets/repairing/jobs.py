from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.job_names import RETRY_MANY
from tickets.repairing.retry_many import continue_bulk_retry


@app.task(name=RETRY_MANY, queue=Queue.BULK, retry=PATIENT)
@in_company
def retry_many(bulk_retry_id: int) -> None:
    """Retry many errors, from where an earlier worker has stopped."""
    continue_bulk_retry(bulk_retry_id=bulk_retry_id)

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django import app

from tenants.account.picture import delete_pictures_of_nobody
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tenants.models import Company
from tickets.company_use.measure_use import count_files
from tickets.files import clean_up_uploads as cleaning
from tickets.job_names import CLEAN_UP_EVERYWHERE, CLEAN_UP_UPLOADS


# Once a day.
@app.periodic(cron="23 2 * * *")
@app.task(name=CLEAN_UP_EVERYWHERE, queue=Queue.UPKEEP, retry=PATIENT)
def clean_up_everywhere(timestamp: int) -> None:
    """Have the files that were never submitted deleted in every active company."""
    close_old_connections()
    staying = Company.objects.active().filter(deletion_due_at=None)
    for schema in list(staying.values_list("schema_name", flat=True)):
        with schema_context(schema):
            defer(CLEAN_UP_UPLOADS)


@app.task(name=CLEAN_UP_UPLOADS, queue=Queue.BULK, retry=PATIENT)
@in_company
def clean_up_uploads() -> None:
    """Delete the files of a company that were never submitted."""
    try:
        cleaning.clean_up_uploads(now=timezone.now())
        delete_pictures_of_nobody(now=timezone.now())
    finally:  # the storage may be away: what the company has is counted all the same
        count_files()

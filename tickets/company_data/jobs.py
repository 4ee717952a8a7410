"""The jobs about a company as a whole. Each may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app

from tenants.connection import use_public
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tenants.models import Company
from tickets.company_data import delete_company as deleting
from tickets.company_data import export_company as exporting
from tickets.company_data import restoring
from tickets.job_names import (
    DELETE_COMPANY,
    DELETE_DUE_COMPANIES,
    EXPORT_COMPANY,
    FORGET_EXPORT,
    RESTORE_COMPANY,
)


@app.task(name=EXPORT_COMPANY, queue=Queue.BULK, retry=PATIENT)
@in_company
def export_company(export_id: int) -> None:
    """Make the archive of a company; a worker that was killed is followed by one that begins."""
    exporting.make_export(export_id=export_id)


@app.task(name=FORGET_EXPORT, queue=Queue.BULK, retry=PATIENT)
@in_company
def forget_export(export_id: int) -> None:
    """Delete an archive that was kept long enough, and what killed workers have left."""
    exporting.forget_export(export_id=export_id)
    exporting.clean_up_exports()


@app.task(name=RESTORE_COMPANY, queue=Queue.BULK, retry=PATIENT)
def restore_company(schema: str, restore_id: int) -> None:
    """Make a company of an archive. It works in `public`, which `schema` is."""
    close_old_connections()
    use_public()
    restoring.make_restore(restore_id=restore_id)


@app.task(name=DELETE_COMPANY, queue=Queue.BULK, retry=PATIENT)
def delete_company(schema: str, company_id: int) -> None:
    """Delete a company whose time has come. It works in `public`, which `schema` is."""
    close_old_connections()
    use_public()
    deleting.delete_company(company_id=company_id)


# Every hour: what a job should have done that has failed for good.
@app.periodic(cron="47 * * * *")
@app.task(name=DELETE_DUE_COMPANIES, queue=Queue.UPKEEP, retry=PATIENT)
def delete_due_companies(timestamp: int) -> None:
    """Delete every company whose time has come; end what nobody restores any more."""
    close_old_connections()
    use_public()
    restoring.end_abandoned_restores()
    due = Company.objects.filter(deletion_due_at__lte=timezone.now())
    for pk in list(due.values_list("pk", flat=True)):
        defer(DELETE_COMPANY, company_id=pk)

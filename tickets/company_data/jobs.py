"""The jobs about a company as a whole. Each may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.company_data import export_company as exporting
from tickets.job_names import EXPORT_COMPANY, FORGET_EXPORT


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

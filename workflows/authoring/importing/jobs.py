"""The jobs of large files. Each may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, Retry, in_company
from workflows.authoring.importing import import_run
from workflows.authoring.importing.import_run import FORGET_IMPORT, RUN_IMPORT

# Whatever else goes wrong with a file goes wrong again, while somebody waits for it.
WHILE_AWAY = Retry(max_attempts=5, wait=2, retry_exceptions=[OperationalError, InterfaceError])


@app.task(name=RUN_IMPORT, queue=Queue.BULK, retry=WHILE_AWAY)
@in_company
def run_import(import_run_id: int) -> None:
    """Check a large file, or make it a draft."""
    import_run.continue_import(import_run_id=import_run_id)


@app.task(name=FORGET_IMPORT, queue=Queue.BULK, retry=PATIENT)
@in_company
def forget_import(import_run_id: int) -> None:
    """Delete a large file that was imported, or that nobody applied."""
    import_run.forget_import(import_run_id=import_run_id)

"""The job of mails that did not arrive. It may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.job_names import KEEP_UNDELIVERED
from tickets.undelivered import keep_error


@app.task(name=KEEP_UNDELIVERED, queue=Queue.STEPS, retry=PATIENT)
@in_company
def keep_undelivered(mail_id: int) -> None:
    """Keep a ticket error of a mail that was given up."""
    keep_error.keep_error(mail_id=mail_id)

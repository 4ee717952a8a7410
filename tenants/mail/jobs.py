"""The jobs of mail. Each may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import close_old_connections
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tenants.mail import looking_after
from tenants.mail import send_mail as sending
from tenants.mail.outbox import SEND_MAIL


@app.task(name=SEND_MAIL, queue=Queue.MAILS, retry=PATIENT)
@in_company
def send_mail(mail_id: int) -> None:
    """Try to send a mail."""
    sending.send_mail(mail_id=mail_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="mail.jobs.wake_forgotten", queue=Queue.UPKEEP, retry=PATIENT)
def wake_forgotten(timestamp: int) -> None:
    """Have mails sent whose jobs were lost."""
    close_old_connections()
    looking_after.wake_forgotten()


@app.periodic(cron="37 3 * * *")
@app.task(name="mail.jobs.forget_old", queue=Queue.UPKEEP, retry=PATIENT)
def forget_old(timestamp: int) -> None:
    """Delete the rows of old mails."""
    close_old_connections()
    looking_after.forget_old()

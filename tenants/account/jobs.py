"""The jobs of log-ins. Each may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.account import forgotten_password, signing_up
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company


@app.task(name=forgotten_password.JOB, queue=Queue.MAILS, retry=PATIENT)
@in_company
def mail_new_password(email: str, sender: str) -> None:
    """Mail a link for a new password, if somebody has this address."""
    forgotten_password.mail_new_password(email=email, sender=sender)


@app.task(name=signing_up.JOB, queue=Queue.MAILS, retry=PATIENT)
@in_company
def mail_sign_up(company_name: str, first_name: str, last_name: str, email: str) -> None:
    """Mail a link with which a company is signed up."""
    signing_up.mail_sign_up(signing_up.SignUp(company_name, first_name, last_name, email))

"""The jobs of log-ins. Each may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from tenants.account import forgotten_password, inviting_companies, signing_up
from tenants.connection import use_public
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company


@app.task(name=forgotten_password.JOB, queue=Queue.MAILS, retry=PATIENT, pass_context=True)
def mail_new_password(context: JobContext, *, schema: str, email: str, sender: str) -> None:
    """Mail a link for a new password, if somebody has this address."""
    in_company(forgotten_password.mail_new_password)(
        schema, email=email, sender=sender, name=f"new-password.{context.job.id}"
    )


@app.task(name=signing_up.JOB, queue=Queue.MAILS, retry=PATIENT, pass_context=True)
def mail_sign_up(
    context: JobContext,
    *,
    schema: str,
    company_name: str,
    first_name: str,
    last_name: str,
    email: str,
    language: str = "",
) -> None:
    """Mail a link with which a company is signed up."""
    wanted = signing_up.SignUp(company_name, first_name, last_name, email, language)
    in_company(signing_up.mail_sign_up)(schema, wanted, name=f"sign-up.{context.job.id}")


@app.periodic(cron="53 3 * * *")
@app.task(name="account.jobs.forget_company_invitations", queue=Queue.UPKEEP, retry=PATIENT)
def forget_company_invitations(timestamp: int) -> None:
    """Delete invitations to sign up that ended long ago."""
    close_old_connections()
    use_public()
    inviting_companies.forget_company_invitations(now=timezone.now())

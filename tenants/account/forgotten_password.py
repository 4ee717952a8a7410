"""A new password by mail. Nobody learns whether an address is known here.

The page does the same whatever is typed: it defers a job. What the job finds out is seen only by
who reads mail at that address.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.account.one_time_links import (
    MAILED_LIFETIME,
    make_mailed_link,
    may_have_mailed_link,
)
from tenants.audit.acting import Actor, ActorKind
from tenants.audit.kinds import declare
from tenants.audit.record import record_of_person
from tenants.companies.language_and_zone import speaking_to
from tenants.connection import PUBLIC, company_of
from tenants.errors import RateLimitedError
from tenants.jobs import defer
from tenants.limits.table import NEW_PASSWORDS_TO_ADDRESS
from tenants.mail.outbox import queue_mail
from tenants.mail.writing import write
from tenants.migrating.versions import is_up_to_date
from tenants.models import User
from tenants.names import plain_email
from tenants.refusals import refusals

NEW_PASSWORD_ASKED = declare("account.new_password_asked", _("A new password was asked for"))
JOB: Final = "tenants.account.jobs.mail_new_password"


def ask_for_new_password(*, email: str, sender: str) -> None:
    """Have a link mailed, if somebody with this address may log in. Too often: nothing is sent.

    Two statements, whoever it is.
    """
    plain = plain_email(email)
    with refusals(RateLimitedError) as refused:
        NEW_PASSWORDS_TO_ADDRESS.count(plain)
    if refused.error is not None:
        return
    with company_of(PUBLIC):
        defer(JOB, email=plain, sender=sender)


def mail_new_password(*, email: str, sender: str, name: str = "") -> None:
    """The job of it, in `public`; `name` is that of the mail: one, however often the job runs."""
    person = User.objects.select_related("company").filter(email=email).first()
    if person is None or not may_have_mailed_link(person):
        return
    if person.company is not None and not is_up_to_date(person.company):
        return
    company = person.company
    with speaking_to(person):
        subject = gettext("Your new password")
        written = write(
            "account/mail_new_password",
            company="" if company is None else company.name,
            path=reverse("one_time_link", args=[make_mailed_link(person=person)]),
            name=person.first_name,
            email=person.email,
            minutes=int(MAILED_LIFETIME.total_seconds() // 60),
        )
    with transaction.atomic():
        with company_of(PUBLIC if company is None else company.schema_name):
            queued = queue_mail(
                to=person,
                kind="new password",
                subject=subject,
                text=written.text,
                html=written.html,
                expires=MAILED_LIFETIME,
                is_secret=True,
                name=name,
            )
        if queued is not None:
            by = Actor(ActorKind.VISITOR, sender=sender)
            record_of_person(NEW_PASSWORD_ASKED, about=person, by=by)

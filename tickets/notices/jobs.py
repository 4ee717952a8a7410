from __future__ import annotations

from collections.abc import Iterable

from django.db import close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django import app

from tenants.connection import looking_at_many_companies
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tenants.models import Company
from tickets.job_names import (
    FORGET_NOTICES,
    FORGET_NOTICES_EVERYWHERE,
    MAIL_NOTICES,
    MAIL_NOTICES_EVERYWHERE,
    SEND_DIGESTS,
    SEND_DIGESTS_EVERYWHERE,
    TELL_OF_TASKS,
    TELL_OF_TASKS_EVERYWHERE,
)
from tickets.notices.find_companies import (
    companies_to_look_at,
    companies_with_digests,
    companies_with_mails,
)
from tickets.notices.forget_notices import forget_notices as forget
from tickets.notices.mail_notices import mail_notices as mail
from tickets.notices.send_digests import send_digests as send
from tickets.notices.watch_tasks import tell_of_tasks as tell


# Every five minutes, one at a time.
@app.periodic(cron="*/5 * * * *")
@app.task(name=TELL_OF_TASKS_EVERYWHERE, queue=Queue.UPKEEP, lock=TELL_OF_TASKS_EVERYWHERE)
def tell_of_tasks_everywhere(timestamp: int) -> None:
    """Have people told of tasks that are due or that nobody has, in each company that has such."""
    close_old_connections()
    with looking_at_many_companies():
        _defer_in(companies_to_look_at(now=timezone.now()), TELL_OF_TASKS)


@app.task(name=TELL_OF_TASKS, queue=Queue.MAILS, retry=PATIENT)
@in_company
def tell_of_tasks() -> None:
    """Tell the people of a company."""
    tell(now=timezone.now())


# Every minute, one at a time.
@app.periodic(cron="* * * * *")
@app.task(name=MAIL_NOTICES_EVERYWHERE, queue=Queue.UPKEEP, lock=MAIL_NOTICES_EVERYWHERE)
def mail_notices_everywhere(timestamp: int) -> None:
    """Have mails written about new notices, in each company that has such."""
    close_old_connections()
    with looking_at_many_companies():
        _defer_in(companies_with_mails(), MAIL_NOTICES)


@app.task(name=MAIL_NOTICES, queue=Queue.MAILS, retry=PATIENT)
@in_company
def mail_notices() -> None:
    """Write the mails about a company's new notices."""
    mail(now=timezone.now())


# Companies are in many zones: each looks whether its hour has come.
@app.periodic(cron="*/15 * * * *")
@app.task(name=SEND_DIGESTS_EVERYWHERE, queue=Queue.UPKEEP, lock=SEND_DIGESTS_EVERYWHERE)
def send_digests_everywhere(timestamp: int) -> None:
    """Have the digests written that are due, in each company that has something for one."""
    close_old_connections()
    with looking_at_many_companies():
        _defer_in(companies_with_digests(), SEND_DIGESTS)


@app.task(name=SEND_DIGESTS, queue=Queue.MAILS, retry=PATIENT)
@in_company
def send_digests() -> None:
    """Write the digests of a company that are due."""
    send(now=timezone.now())


# Once a night.
@app.periodic(cron="41 3 * * *")
@app.task(name=FORGET_NOTICES_EVERYWHERE, queue=Queue.UPKEEP, retry=PATIENT)
def forget_notices_everywhere(timestamp: int) -> None:
    """Have old notices deleted in every active company."""
    close_old_connections()
    staying = Company.objects.active().filter(deletion_due_at=None)
    _defer_in(list(staying.values_list("schema_name", flat=True)), FORGET_NOTICES)


@app.task(name=FORGET_NOTICES, queue=Queue.BULK, retry=PATIENT)
@in_company
def forget_notices() -> None:
    """Delete a company's notices that are old."""
    forget(now=timezone.now())


def _defer_in(schemas: Iterable[str], name: str) -> None:
    for schema in schemas:
        with schema_context(schema):
            defer(name)

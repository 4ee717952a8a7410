"""The jobs that drive a ticket. Each may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from tenants import rate_limits
from tenants.jobs import defer, in_company
from tenants.models import Company
from tickets import services
from tickets.services.safety_net import (
    ADVANCE,
    CLEAN_UP_UPLOADS,
    EXPIRE_CALL,
    FIRE_TIMER,
    FORGET_IMPORT,
    RETRY_MANY,
    RUN_ACTION,
    RUN_IMPORT,
)

# For a database that is away for a while: what fails in a ticket itself becomes a ticket
# error and does not come here.
PATIENT = RetryStrategy(max_attempts=10, wait=1, exponential_wait=2)
# Whatever else goes wrong with a file goes wrong again, while somebody waits for it.
WHILE_AWAY = RetryStrategy(
    max_attempts=5, wait=2, retry_exceptions=[OperationalError, InterfaceError]
)


@app.task(name=ADVANCE, retry=PATIENT)
@in_company
def advance(ticket_id: int) -> None:
    """The safety net of a step: see tickets.services.safety_net."""
    services.advance_ticket(ticket_id=ticket_id)


@app.task(name=RUN_ACTION, retry=PATIENT, pass_context=True)
def run_action(
    context: JobContext, *, schema: str, ticket_id: int, task_id: int, attempt: int | None = None
) -> None:
    """Make an attempt at the call of an action task."""
    in_company(services.run_action)(
        schema, ticket_id=ticket_id, task_id=task_id, attempt=attempt, job_id=context.job.id
    )


@app.task(name=EXPIRE_CALL, retry=PATIENT)
@in_company
def expire_call(ticket_id: int, task_id: int, attempt: int) -> None:
    """Give up waiting for a callback."""
    services.expire_call(ticket_id=ticket_id, task_id=task_id, attempt=attempt)


@app.task(name=FIRE_TIMER, retry=PATIENT)
@in_company
def fire_timer(ticket_id: int, task_id: int, after: str, due: str, since: str = "") -> None:
    """Leave a task that has not ended in time."""
    services.fire_timer(ticket_id=ticket_id, task_id=task_id, after=after, due=due, since=since)


@app.task(name=RETRY_MANY, retry=PATIENT)
@in_company
def retry_many(bulk_retry_id: int) -> None:
    """Retry many errors, from where an earlier worker has stopped."""
    services.go_on_retrying(bulk_retry_id=bulk_retry_id)


@app.task(name=RUN_IMPORT, retry=WHILE_AWAY)
@in_company
def run_import(import_run_id: int) -> None:
    """Check a large file, or make it a draft."""
    services.go_on_importing(import_run_id=import_run_id)


@app.task(name=FORGET_IMPORT, retry=PATIENT)
@in_company
def forget_import(import_run_id: int) -> None:
    """Delete a large file that was imported, or that nobody applied."""
    services.forget_import(import_run_id=import_run_id)


# Once a day.
@app.periodic(cron="23 2 * * *")
@app.task(name="tickets.jobs.clean_up_everywhere", retry=PATIENT)
def clean_up_everywhere(timestamp: int) -> None:
    """Have the files that were never submitted deleted in every active company."""
    close_old_connections()
    for schema in list(Company.objects.active().values_list("schema_name", flat=True)):
        with schema_context(schema):
            defer(CLEAN_UP_UPLOADS)


@app.task(name=CLEAN_UP_UPLOADS, retry=PATIENT)
@in_company
def clean_up_uploads() -> None:
    """Delete the files of a company that were never submitted."""
    services.clean_up_uploads(now=timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="tickets.jobs.forget_old_counts", retry=PATIENT)
def forget_old_counts(timestamp: int) -> None:
    """Delete the counts of callbacks that count no more."""
    close_old_connections()
    rate_limits.forget_old_counts()

"""The jobs that drive a ticket. Each may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from tenants.jobs import in_company
from tickets import services
from tickets.services.safety_net import ADVANCE, EXPIRE_CALL, RETRY_MANY, RUN_ACTION

# For a database that is away for a while: what fails in a ticket itself becomes a ticket
# error and does not come here.
PATIENT = RetryStrategy(max_attempts=10, wait=1, exponential_wait=2)


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


@app.task(name=RETRY_MANY, retry=PATIENT)
@in_company
def retry_many(bulk_retry_id: int) -> None:
    """Retry many errors, from where an earlier worker has stopped."""
    services.go_on_retrying(bulk_retry_id=bulk_retry_id)

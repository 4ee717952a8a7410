"""The jobs of calls to other systems. Each may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.calling import expire_call as expiring
from tickets.calling import run_action as running
from tickets.job_names import EXPIRE_CALL, RUN_ACTION


@app.task(name=RUN_ACTION, queue=Queue.CALLS, retry=PATIENT, pass_context=True)
def run_action(
    context: JobContext, *, schema: str, ticket_id: int, task_id: int, attempt: int | None = None
) -> None:
    """Make an attempt at the call of an action task."""
    in_company(running.run_action)(
        schema, ticket_id=ticket_id, task_id=task_id, attempt=attempt, job_id=context.job.id
    )


@app.task(name=EXPIRE_CALL, queue=Queue.STEPS, retry=PATIENT)
@in_company
def expire_call(ticket_id: int, task_id: int, attempt: int) -> None:
    """Give up waiting for a callback."""
    expiring.expire_call(ticket_id=ticket_id, task_id=task_id, attempt=attempt)

"""The step that follows a commit: taken at once, with a job as its safety net."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from tenants.connection import company_of, current_schema
from tenants.jobs import defer

ADVANCE = "tickets.jobs.advance"
RUN_ACTION = "tickets.jobs.run_action"
EXPIRE_CALL = "tickets.jobs.expire_call"
CLEAN_UP_UPLOADS = "tickets.jobs.clean_up_uploads"
FIRE_TIMER = "tickets.jobs.fire_timer"
RETRY_MANY = "tickets.jobs.retry_many"
RUN_IMPORT = "tickets.jobs.run_import"
FORGET_IMPORT = "tickets.jobs.forget_import"


def advance_after_commit(ticket_id: int) -> None:
    """Move the ticket on when this transaction commits. Call it inside the transaction.

    The job becomes real with the commit, and runs some seconds later. The same process
    takes the step right after the commit and takes the job away; should it die in between,
    the job takes the step. An error in the step is logged and left to the job: the user's
    change is committed and must not be answered with an error.
    """
    from tickets.services.advance_ticket import advance_ticket

    schema = current_schema()
    safety_net = defer(ADVANCE, after_seconds=settings.SAFETY_NET_SECONDS, ticket_id=ticket_id)

    def take_the_step() -> None:
        with company_of(schema):
            advance_ticket(ticket_id=ticket_id, safety_net=safety_net)

    transaction.on_commit(take_the_step, robust=True)


def defer_call(
    *, ticket_id: int, task_id: int, attempt: int | None = None, after_seconds: float = 0
) -> None:
    """Have the worker make an action's call once this transaction has committed.

    `attempt` is the number of the attempt that the job is for: it does nothing where that
    one was made already. None: the next one, whichever that is, with all its retries; so
    begins a new task, and a person who has it tried again.
    """
    number = {} if attempt is None else {"attempt": attempt}
    defer(RUN_ACTION, after_seconds=after_seconds, ticket_id=ticket_id, task_id=task_id, **number)

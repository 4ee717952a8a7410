"""The step that follows a commit: taken at once, with a job as its safety net."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from tenants.connection import company_of, current_schema
from tenants.jobs import defer
from tickets.advancing.advance_ticket import advance_ticket
from tickets.job_names import ADVANCE


def advance_after_commit(ticket_id: int) -> None:
    """Move the ticket on when this transaction commits. Call it inside the transaction.

    The job becomes real with the commit, and runs some seconds later. The same process
    takes the step right after the commit and cancels the job; should it die in between,
    the job takes the step. An error in the step is logged and left to the job: the user's
    change is committed and must not be answered with an error.
    """
    schema = current_schema()
    safety_net = defer(ADVANCE, after_seconds=settings.SAFETY_NET_SECONDS, ticket_id=ticket_id)

    def advance_now() -> None:
        with company_of(schema):
            advance_ticket(ticket_id=ticket_id, safety_net=safety_net)

    transaction.on_commit(advance_now, robust=True)

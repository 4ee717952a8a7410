"""The job that looks after a sub-ticket. It may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.job_names import FOLLOW_SUBTICKET
from tickets.subtickets import follow_subticket as following


@app.task(name=FOLLOW_SUBTICKET, queue=Queue.STEPS, retry=PATIENT)
@in_company
def follow_subticket(ticket_id: int, task_id: int) -> None:
    """Start the ticket of a step, end the step with it, or cancel it with the step."""
    following.follow_subticket(ticket_id=ticket_id, task_id=task_id)

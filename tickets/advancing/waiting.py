"""Waits that are over: the ticket goes on after them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tickets.advancing.lock_ticket import lock_task_of, lock_ticket
from tickets.advancing.safety_net import advance_after_commit
from tickets.advancing.timer_jobs import defer_end_of_wait


def end_wait(*, ticket_id: int, task_id: int, until: str, now: datetime | None = None) -> None:
    """End a wait whose time has come, and move on.

    `until` is when it is over, in ISO 8601: where the task waits until another time by now, another
    job ends it. Safe to call twice, late, or beside a ticket admin who ends it. On hold it waits
    on: whoever resumes the ticket sets the job anew.
    """
    now = now or timezone.now()
    moment = datetime.fromisoformat(until)
    with transaction.atomic():
        if now < moment:  # the clocks of two machines differ
            defer_end_of_wait(ticket_id=ticket_id, task_id=task_id, until=moment, now=now)
            return
        ticket = lock_ticket(ticket_id)
        locked = lock_task_of(ticket, task_id, now=now)
        if locked is None:
            return
        manager, task = locked
        if task.waits_until == moment and manager.end_wait(task):
            advance_after_commit(ticket.pk)

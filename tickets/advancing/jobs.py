"""The jobs that move a ticket on. Each may run twice, late, or beside itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, in_company
from tickets.advancing import advance_ticket, offers, reminding, timers, waiting
from tickets.job_names import ADVANCE, END_OFFER, END_WAIT, FIRE_TIMER, REMIND


@app.task(name=ADVANCE, queue=Queue.STEPS, retry=PATIENT)
@in_company
def advance(ticket_id: int) -> None:
    """The safety net of a step: see tickets.advancing.safety_net."""
    advance_ticket.advance_ticket(ticket_id=ticket_id)


@app.task(name=FIRE_TIMER, queue=Queue.STEPS, retry=PATIENT)
@in_company
def fire_timer(ticket_id: int, task_id: int, after: str, due: str, since: str = "") -> None:
    """Leave a task that has not ended in time."""
    timers.fire_timer(ticket_id=ticket_id, task_id=task_id, after=after, due=due, since=since)


@app.task(name=REMIND, queue=Queue.STEPS, retry=PATIENT)
@in_company
def remind(ticket_id: int, task_id: int, reminder: str, due: str, since: str) -> None:
    """Remind people of a task that waits."""
    reminding.remind(ticket_id=ticket_id, task_id=task_id, reminder=reminder, due=due, since=since)


@app.task(name=END_WAIT, queue=Queue.STEPS, retry=PATIENT)
@in_company
def end_wait(ticket_id: int, task_id: int, until: str) -> None:
    """Let a ticket go on whose wait is over."""
    waiting.end_wait(ticket_id=ticket_id, task_id=task_id, until=until)


@app.task(name=END_OFFER, queue=Queue.STEPS, retry=PATIENT)
@in_company
def end_offer(ticket_id: int, task_id: int, until: str) -> None:
    """Let the person of a task have it, as the time of an assistant is over."""
    offers.end_offer_in_time(ticket_id=ticket_id, task_id=task_id, until=until)

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django import app

from tenants.connection import looking_at_many_companies
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tickets.job_names import (
    BEGIN_START,
    LOOK_AFTER_STARTS,
    LOOK_AFTER_STARTS_EVERYWHERE,
    PAUSE_STARTS_OF,
)
from tickets.starting.begin_start import begin_start as begin
from tickets.starting.look_after_starts import companies_with_late_starts
from tickets.starting.look_after_starts import look_after_starts as look_after
from tickets.starting.pause_start import pause_starts_of as pause_of


@app.task(name=BEGIN_START, queue=Queue.STEPS, retry=PATIENT)
@in_company
def begin_start(start_id: int, due: str) -> None:
    """Submit the ticket of a recurring start. `due` says for when the job was made."""
    begin(start_id=start_id)


@app.task(name=PAUSE_STARTS_OF, queue=Queue.STEPS, retry=PATIENT)
@in_company
def pause_starts_of(person_id: int) -> None:
    """Pause what starts as the tickets of somebody who was switched off."""
    pause_of(person_id=person_id, now=timezone.now())


# Four times an hour, one at a time.
@app.periodic(cron="7,22,37,52 * * * *")
@app.task(name=LOOK_AFTER_STARTS_EVERYWHERE, queue=Queue.UPKEEP, lock=LOOK_AFTER_STARTS_EVERYWHERE)
def look_after_starts_everywhere(timestamp: int) -> None:
    """Have starts looked after that are late, in each company that has such."""
    close_old_connections()
    with looking_at_many_companies():
        for schema in companies_with_late_starts(now=timezone.now()):
            with schema_context(schema):
                defer(LOOK_AFTER_STARTS)


@app.task(name=LOOK_AFTER_STARTS, queue=Queue.STEPS, retry=PATIENT)
@in_company
def look_after_starts() -> None:
    """Begin what is late in a company."""
    look_after(now=timezone.now())

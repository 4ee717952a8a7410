"""The jobs of people. Each may run twice, late, or beside itself."""

from __future__ import annotations

from typing import Final

from django.db import close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from workflows.people import absence

SWITCH_ABSENCES: Final = "workflows.people.jobs.switch_absences"
EVERYWHERE: Final = "workflows.people.jobs.switch_absences_everywhere"


@app.periodic(cron="*/5 * * * *")
@app.task(name=EVERYWHERE, queue=Queue.UPKEEP, lock=EVERYWHERE, retry=PATIENT)
def switch_absences_everywhere(timestamp: int) -> None:
    """Have those go and come back whose time it is, in each company that has some."""
    close_old_connections()
    for schema in absence.companies_with_absences(now=timezone.now()):
        with schema_context(schema):
            defer(SWITCH_ABSENCES)


@app.task(name=SWITCH_ABSENCES, queue=Queue.STEPS, retry=PATIENT)
@in_company
def switch_absences() -> None:
    """Let people of a company go, or come back."""
    absence.switch_absences(now=timezone.now())

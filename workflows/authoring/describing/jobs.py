"""The job that asks the model, once for each round. It may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, Retry, in_company
from workflows.authoring.describing import describe
from workflows.authoring.describing.describe import ASK, FORGET

# What the model does wrong is told to the person, who tries again.
WHILE_AWAY = Retry(max_attempts=5, wait=2, retry_exceptions=[OperationalError, InterfaceError])


@app.task(name=ASK, queue=Queue.MODEL, retry=WHILE_AWAY)
@in_company
def ask_for_draft(described_id: int, number: int) -> None:
    """Get one answer of the model, and check it."""
    describe.continue_drafting(described_id=described_id, number=number)


@app.task(name=FORGET, queue=Queue.BULK, retry=PATIENT)
@in_company
def forget_description(described_id: int) -> None:
    """Delete a description of which nothing was kept."""
    describe.forget_description(described_id=described_id)

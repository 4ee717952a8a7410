"""The jobs of webhooks. Each may run twice, late, or beside itself."""

from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate import JobContext
from procrastinate.contrib.django import app

from tenants.connection import looking_at_many_companies
from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tickets.job_names import (
    DELIVER_WEBHOOK,
    LOOK_AFTER_WEBHOOKS,
    LOOK_AFTER_WEBHOOKS_EVERYWHERE,
    SEND_WEBHOOK_TEST,
)
from tickets.webhooks import deliver as delivering
from tickets.webhooks.look_after_webhooks import companies_with_late_webhooks
from tickets.webhooks.look_after_webhooks import look_after_webhooks as look_after
from tickets.webhooks.send_test import deliver_test


@app.task(name=DELIVER_WEBHOOK, queue=Queue.WEBHOOKS, retry=PATIENT, pass_context=True)
def deliver_webhook(context: JobContext, *, schema: str, webhook_id: int, ticket_id: int) -> None:
    """Send what a webhook is to be told of a ticket; 0: of none."""
    in_company(delivering.deliver)(
        schema, webhook_id=webhook_id, ticket_id=ticket_id, job_id=context.job.id
    )


@app.task(name=SEND_WEBHOOK_TEST, queue=Queue.WEBHOOKS, retry=PATIENT)
@in_company
def send_webhook_test(delivery_id: int) -> None:
    """Send a test to a webhook."""
    deliver_test(delivery_id=delivery_id)


# Six times an hour, one at a time.
@app.periodic(cron="4-59/10 * * * *")
@app.task(
    name=LOOK_AFTER_WEBHOOKS_EVERYWHERE,
    queue=Queue.UPKEEP,
    lock=LOOK_AFTER_WEBHOOKS_EVERYWHERE,
)
def look_after_webhooks_everywhere(timestamp: int) -> None:
    """Have messages looked after that are late, in each company that has such."""
    close_old_connections()
    with looking_at_many_companies():
        for schema in companies_with_late_webhooks(now=timezone.now()):
            with schema_context(schema):
                defer(LOOK_AFTER_WEBHOOKS)


@app.task(name=LOOK_AFTER_WEBHOOKS, queue=Queue.BULK, retry=PATIENT)
@in_company
def look_after_webhooks() -> None:
    """Have what is late in a company delivered."""
    look_after(now=timezone.now())

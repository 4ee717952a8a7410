from __future__ import annotations

from django.db import close_old_connections
from django.utils import timezone
from django_tenants.utils import schema_context
from procrastinate.contrib.django import app

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tenants.models import Company
from tickets.job_names import DELETE_OLD_EVERYWHERE, DELETE_OLD_TICKETS
from tickets.keeping.keep_tickets import delete_old_tickets as delete
from tickets.keeping.keep_tickets import forget_bulk_changes, forget_old_audit_events
from tickets.outside.public_start import forget_starts
from tickets.webhooks.forget_deliveries import forget_deliveries


# Once a night.
@app.periodic(cron="11 3 * * *")
@app.task(name=DELETE_OLD_EVERYWHERE, queue=Queue.UPKEEP, retry=PATIENT)
def delete_old_everywhere(timestamp: int) -> None:
    """Have what is kept no longer deleted in every active company."""
    close_old_connections()
    staying = Company.objects.active().filter(deletion_due_at=None)
    for schema in list(staying.values_list("schema_name", flat=True)):
        with schema_context(schema):
            defer(DELETE_OLD_TICKETS)


@app.task(name=DELETE_OLD_TICKETS, queue=Queue.BULK, retry=PATIENT)
@in_company
def delete_old_tickets() -> None:
    """Delete a company's tickets whose time is over, old changes of many, what webhooks sent, and
    old lines of the audit log."""
    delete(now=timezone.now())
    forget_bulk_changes(now=timezone.now())
    forget_starts(now=timezone.now())
    forget_deliveries(now=timezone.now())
    forget_old_audit_events(now=timezone.now())

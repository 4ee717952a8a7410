from __future__ import annotations

from django.db import close_old_connections
from django_tenants.utils import schema_context
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from tenants.fair_turns import Queue
from tenants.jobs import PATIENT, defer, in_company
from tickets.finding.index_tickets import companies_to_index, index_some
from tickets.job_names import INDEX_TICKETS, INDEX_TICKETS_EVERYWHERE

# Tickets of one job: others wait for its slot.
AT_ONCE = 1_000


# Every five minutes, one at a time.
@app.periodic(cron="*/5 * * * *")
@app.task(name=INDEX_TICKETS_EVERYWHERE, queue=Queue.UPKEEP, lock=INDEX_TICKETS_EVERYWHERE)
def index_tickets_everywhere(timestamp: int) -> None:
    """Have tickets found that have no entries, in each company that has such: after an upgrade,
    or where a company was restored."""
    close_old_connections()
    under_way = ProcrastinateJob.objects.filter(
        task_name=INDEX_TICKETS, status__in=(Status.TODO.value, Status.DOING.value)
    )
    at_work = set(under_way.values_list("args__schema", flat=True))
    for schema in companies_to_index():
        if schema in at_work:  # it goes on by itself until all have entries
            continue
        with schema_context(schema):
            defer(INDEX_TICKETS)


@app.task(name=INDEX_TICKETS, queue=Queue.BULK, retry=PATIENT)
@in_company
def index_tickets() -> None:
    """Make entries for a company's tickets that have none, and go on where there are more."""
    if index_some(most=AT_ONCE) >= AT_ONCE:
        defer(INDEX_TICKETS)

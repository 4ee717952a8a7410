"""The safety net of webhooks, and the end of their log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from tenants.connection import current_schema
from tenants.jobs import defer_many
from tickets.job_names import DELIVER_WEBHOOK
from tickets.models import WebhookDelivery
from tickets.notices.find_companies import companies_with

# So long a message that is due may wait for its turn before it is looked for.
LATE: Final = timedelta(minutes=10)
MOST_LINES: Final = 500
AT_ONCE: Final = 1_000

_LATE: Final = """
SELECT {name} WHERE EXISTS (
    SELECT FROM {schema}.tickets_webhookdelivery
     WHERE state IN ('WAITING', 'SENDING') AND event <> 'test' AND due_at < %(until)s)
"""
# The lines of webhooks that are not paused whose first message is late and that no job looks after.
_STUCK: Final = """
SELECT f.webhook_id, coalesce(f.ticket_number, 0), f.event, w.title
  FROM (SELECT DISTINCT ON (d.webhook_id, d.ticket_number) d.*
          FROM tickets_webhookdelivery d
         WHERE d.state IN ('WAITING', 'SENDING') AND d.event <> 'test'
         ORDER BY d.webhook_id, d.ticket_number, d.id) f
  JOIN tickets_webhook w ON w.id = f.webhook_id AND w.paused = ''
 WHERE f.due_at < %(until)s AND NOT EXISTS (
       SELECT FROM public.procrastinate_jobs j
        WHERE j.task_name = %(job)s AND j.status IN ('todo', 'doing')
          AND coalesce(j.args->>'schema', '') = %(schema)s
          AND (j.args->>'webhook_id')::bigint = f.webhook_id
          AND (j.args->>'ticket_id')::bigint = coalesce(f.ticket_number, 0))
 ORDER BY f.id LIMIT %(most)s
"""
# What a step has noted while its webhook was being deleted. It is due, so the company is found.
_DELETE_LEFT: Final = """
DELETE FROM tickets_webhookdelivery d
 WHERE d.state IN ('WAITING', 'SENDING')
   AND NOT EXISTS (SELECT FROM tickets_webhook w WHERE w.id = d.webhook_id)
"""


def companies_with_late_webhooks(*, now: datetime) -> list[str]:
    """The schemas of active companies in which a message is late. By a partial index."""
    return list(companies_with(_LATE, {"until": now - LATE}))


def stuck_lines(*, now: datetime) -> Iterator[tuple[int, int, str, str]]:
    """The webhook, the ticket (0: none), the event, and the title of the webhook, of each."""
    values: dict[str, Any] = {
        "until": now - LATE,
        "job": DELIVER_WEBHOOK,
        "schema": current_schema(),
        "most": MOST_LINES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STUCK, values)
        yield from cursor.fetchall()


def look_after_webhooks(*, now: datetime) -> int:
    """Have the lines looked after that nobody does, after a restore for instance; how many.

    And delete what is left of webhooks that were deleted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_LEFT)
    stuck = [
        {"webhook_id": webhook, "ticket_id": ticket}
        for webhook, ticket, _event, _title in stuck_lines(now=now)
    ]
    defer_many(DELIVER_WEBHOOK, stuck)
    return len(stuck)


def forget_deliveries(*, now: datetime) -> int:
    """Delete what is older than WEBHOOKS_KEEP_DAYS, in small transactions; returns how many.

    0 keeps all of it. Also what waits all that time, as its webhook is paused. Safe to repeat, and
    beside itself.
    """
    if not settings.WEBHOOKS_KEEP_DAYS:
        return 0
    until, total = now - timedelta(days=settings.WEBHOOKS_KEEP_DAYS), 0
    while True:
        old = WebhookDelivery.objects.filter(happened_at__lt=until).order_by("happened_at")
        some = list(old.values_list("pk", flat=True)[:AT_ONCE])
        count, _models = WebhookDelivery.objects.filter(pk__in=some).delete()
        total += count
        if len(some) < AT_ONCE:
            return total

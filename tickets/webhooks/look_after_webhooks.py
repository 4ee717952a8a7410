"""The safety net of webhooks: lines of messages that no job delivers any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import random
from typing import Any, Final

from django.db import connection

from tenants.connection import current_schema
from tenants.jobs import defer_many
from tickets.job_names import DELIVER_WEBHOOK
from tickets.notices.find_companies import companies_with

# So long a message that is due may wait for its turn before it is looked for.
LATE: Final = timedelta(minutes=10)
MOST_LINES: Final = 500
# So many messages are looked at each time, from a moment on that chance chooses, and as many from
# the beginning: however much waits, a look costs the same, and each line has its turn.
MOST_LOOKED_AT: Final = 2_000

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
# The same of some lines, by indexes alone. That of the jobs of lines counts outside of the company,
# so the function looks. It passes over jobs that are being done: the message names its own.
_SOME_STUCK: Final = """
WITH since AS MATERIALIZED (
    SELECT min(due_at) + (%(until)s - min(due_at)) * %(chance)s AS due_at
      FROM tickets_webhookdelivery WHERE state IN ('WAITING', 'SENDING')
), late AS MATERIALIZED (
    (SELECT webhook_id, ticket_number FROM tickets_webhookdelivery
      WHERE state IN ('WAITING', 'SENDING') AND due_at < %(until)s
        AND due_at >= (SELECT due_at FROM since)
      ORDER BY due_at LIMIT %(looked_at)s)
    UNION
    (SELECT webhook_id, ticket_number FROM tickets_webhookdelivery
      WHERE state IN ('WAITING', 'SENDING') AND due_at < %(until)s
      ORDER BY due_at LIMIT %(looked_at)s)
)
SELECT late.webhook_id, coalesce(late.ticket_number, 0)
  FROM late
  JOIN tickets_webhook w ON w.id = late.webhook_id AND w.paused = ''
 CROSS JOIN LATERAL (
    (SELECT id, due_at, job_id FROM tickets_webhookdelivery d
      WHERE d.state IN ('WAITING', 'SENDING') AND d.event <> 'test'
        AND d.webhook_id = late.webhook_id AND d.ticket_number = late.ticket_number
      ORDER BY d.id LIMIT 1)
    UNION ALL
    (SELECT id, due_at, job_id FROM tickets_webhookdelivery d
      WHERE d.state IN ('WAITING', 'SENDING') AND d.event <> 'test'
        AND d.webhook_id = late.webhook_id AND d.ticket_number IS NULL
        AND late.ticket_number IS NULL
      ORDER BY d.id LIMIT 1)) f
 WHERE f.due_at < %(until)s
   AND NOT EXISTS (SELECT FROM public.procrastinate_jobs j
                    WHERE j.id = f.job_id AND j.status IN ('todo', 'doing'))
   AND NOT public.ticketflower_line_waits(
           %(job)s, jsonb_build_object('schema', %(schema)s::text, 'webhook_id', late.webhook_id,
                                       'ticket_id', coalesce(late.ticket_number, 0)), 'infinity')
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
    """The webhook, the ticket (0: none), the event, and the title of the webhook, of each.

    For whoever looks at all of it: every line is compared.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STUCK, _values(now=now))
        yield from cursor.fetchall()


def _values(*, now: datetime, chance: float = 0.0) -> dict[str, Any]:
    return {
        "until": now - LATE,
        "job": DELIVER_WEBHOOK,
        "schema": current_schema(),
        "most": MOST_LINES,
        "looked_at": MOST_LOOKED_AT,
        "chance": chance,
    }


def look_after_webhooks(*, now: datetime, chance: Callable[[], float] = random) -> int:
    """Have the lines looked after that nobody does, after a restore for instance; how many.

    And delete what is left of webhooks that were deleted. Of very many lines some have their turn
    each time; `chance` is from 0 to 1. A line whose job a worker is just fetching may get another
    one, which finds nothing to do.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_LEFT)
        cursor.execute(_SOME_STUCK, _values(now=now, chance=chance()))
        stuck = [{"webhook_id": webhook, "ticket_id": ticket} for webhook, ticket in cursor]
    defer_many(DELIVER_WEBHOOK, stuck)
    return len(stuck)

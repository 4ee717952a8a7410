"""Having lines looked after: at most one job of each waits that is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from tenants.fair_turns import Queue
from tickets.job_names import DELIVER_WEBHOOK

_DEFER: Final = """
SELECT public.procrastinate_defer_jobs_v1(ARRAY[ROW(
           %(queue)s, %(job)s, 0, NULL, NULL, line.args,
           NULL)::public.procrastinate_job_to_defer_v1])
  FROM (SELECT jsonb_build_object('schema', current_schema(), 'webhook_id', %(webhook)s::bigint,
                                  'ticket_id', ticket) AS args
          FROM unnest(%(tickets)s::bigint[]) AS ticket) AS line
 WHERE NOT public.ticketflower_line_waits(%(job)s, line.args, clock_timestamp())
"""


def defer_lines(*, webhook_id: int, tickets: Sequence[int]) -> None:
    """A job for each of these tickets (0: none), as part of the transaction. One statement."""
    values: dict[str, Any] = {
        "queue": Queue.WEBHOOKS.value,
        "job": DELIVER_WEBHOOK,
        "webhook": webhook_id,
        "tickets": list(tickets),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DEFER, values)

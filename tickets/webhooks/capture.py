"""Noting what happened for the webhooks that want to know of it, in its own transaction.

One part of a statement: it looks itself for the webhooks, and the job that delivers is put into the
queue by the same part. So a delivery stands in the database exactly if what it tells of does. The
statements that begin a step say whether there is a webhook at all (`WATCHED`): a company without
any pays for that look alone.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from django.core.serializers.json import DjangoJSONEncoder

from tenants.fair_turns import Queue
from tenants.fast.batch import FOUND, Batch, ForRows
from tenants.fast.prepared import send
from tickets.job_names import DELIVER_WEBHOOK
from tickets.models import Ticket
from tickets.webhooks.kinds import WebhookKind
from workflows.engine.process import JsonObject

# {found} is the row that the batch has found, where it looks for one. Rows of one statement get
# their numbers in the order in which things happened. Where a job of the line waits already, there
# is no second one: a line in which very much happens has as few jobs as any.
_NOTE: Final = """
INSERT INTO tickets_webhookdelivery AS n
       (webhook_id, message_id, event, ticket_number, about, happened_at, due_at)
SELECT w.id, gen_random_uuid(), r.event, coalesce(r.ticket, t.id), {about}, r.at, r.at
  FROM tickets_webhook w
 CROSS JOIN ROWS FROM (jsonb_to_recordset(%s::jsonb)
       AS (event text, ticket bigint, definition bigint, instance bigint, about jsonb,
           at timestamptz, to_found boolean)) WITH ORDINALITY
       AS r(event, ticket, definition, instance, about, at, to_found, place)
  LEFT JOIN tickets_ticket t ON r.ticket IS NULL AND t.workflow_instance_id = r.instance
  LEFT JOIN tickets_ticketdefinition d ON d.id = coalesce(r.definition, t.definition_id){found}
 WHERE w.paused = '' AND w.events @> to_jsonb(r.event)
   AND (w.ticket_types = '[]'::jsonb OR d.key IS NULL OR w.ticket_types @> to_jsonb(d.key))
   AND (r.instance IS NULL OR coalesce(r.ticket, t.id) IS NOT NULL){if_found}
 ORDER BY r.place, w.id
RETURNING CASE WHEN NOT public.ticketflower_line_waits('{job}', {line}, {until})
  THEN (public.procrastinate_defer_jobs_v1(ARRAY[ROW(
       '{queue}', '{job}', 0, NULL, NULL, {line},
       NULL)::public.procrastinate_job_to_defer_v1]))[1] END
"""


_LINE: Final = """jsonb_build_object('schema', current_schema(), 'webhook_id', n.webhook_id,
                          'ticket_id', coalesce(n.ticket_number, 0))"""
# When the first of the line is due: its job comes a moment after that.
_UNTIL: Final = """(
       SELECT f.due_at + interval '1 minute' FROM tickets_webhookdelivery f
        WHERE f.webhook_id = n.webhook_id AND f.ticket_number IS NOT DISTINCT FROM n.ticket_number
          AND f.state IN ('WAITING', 'SENDING') AND f.event <> 'test' ORDER BY f.id LIMIT 1)"""


def _statement(*, about: str, found: str = "", if_found: str = "") -> str:
    return _NOTE.format(
        about=about,
        found=found,
        if_found=if_found,
        queue=Queue.WEBHOOKS.value,
        job=DELIVER_WEBHOOK,
        line=_LINE,
        until=_UNTIL,
    )


_ROWS: Final = ForRows(
    statement=_statement(about="r.about"),
    if_finds=_statement(
        about="r.about || CASE WHEN r.to_found THEN jsonb_build_object('to', u.id) ELSE '{}' END",
        found=f"\n  LEFT JOIN {FOUND} u ON r.to_found",
        if_found="\n   AND (r.to_found IS NOT TRUE OR u.id IS NOT NULL)",
    ),
)


def note_with_batch(
    batch: Batch,
    kind: WebhookKind,
    *,
    instance_id: int,
    about: JsonObject,
    to_found: bool = False,
) -> None:
    """Have it noted with what a step writes.

    `to_found`: a task is given to whom the batch finds, if anybody; else nothing is noted.
    """
    ticket = batch.about if isinstance(batch.about, Ticket) else None
    if ticket is not None and not ticket.is_watched:
        return
    if ticket is not None and "definition_id" in ticket.get_deferred_fields():
        ticket = None  # it stands in the database, where the statement finds it by its instance
    batch.collect(
        _ROWS,
        {
            "event": kind.key,
            "ticket": None if ticket is None else ticket.pk,
            "definition": None if ticket is None else ticket.definition_id,
            "instance": instance_id,
            "about": about,
            "at": batch.now,
            "to_found": to_found,
        },
    )


def note(
    kind: WebhookKind,
    *,
    now: datetime,
    about: JsonObject,
    ticket: Ticket | None = None,
) -> None:
    """Note something, as a part of the transaction. One statement."""
    row = {
        "event": kind.key,
        "ticket": None if ticket is None else ticket.pk,
        "definition": None if ticket is None else ticket.definition_id,
        "about": about,
        "at": now,
    }
    send(_ROWS.statement, [json.dumps([row], cls=DjangoJSONEncoder)])

"""What the events of a workflow instance vouch for: see `tenants/fast/seals.py`.

The chain of an instance is its history. Every service writes rows and events in one batch of this
chain, under the instance's row lock. The ticket is sealed too; its model stands above and is
declared in tickets/models/ticket.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Final

from django.db import connection

from tenants.fast.batch import Batch
from tenants.fast.seals import FORMAT, Chain, SealedTable, sha256
from tenants.models import User
from workflows.models import Path, TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.of_repairs.resealed import RESEALED

# Since when events have digests.
MIGRATION: Final = ("workflows", "0028_digests")
_SAYS_WHEN_ONLY = "says only when it was written last"
HISTORY = Chain(
    model=WorkflowEvent,
    column="workflow_instance_id",
    content=("workflow_instance_id", "task_instance_id", "kind", "actor_id", "at", "data"),
    tables=[
        SealedTable(
            WorkflowInstance,
            "instance",
            "id",
            exempt={
                "updated_at": _SAYS_WHEN_ONLY,
                "started_by_id": "is forgotten without an event when what started it is deleted",
            },
            later=("outcome", "was_cancelled"),
        ),
        SealedTable(
            TaskInstance,
            "task",
            "workflow_instance_id",
            exempt={"released_by_id": "is forgotten without an event when the person comes back"},
            later=(
                *("path_id", "added_roles", "waits_until", "answer_key", "contact_id"),
                "added_people",
            ),
        ),
        SealedTable(Path, "path", "workflow_instance_id", exempt={}),
    ],
)


def batch_of_history(*, now: datetime) -> Batch:
    """For rows of one workflow instance and the events that tell of them."""
    return Batch(now=now, chain=HISTORY)


# SQL: the digest of all events of a chain that are read, which a new seal takes as they are.
OF_EVENTS = sha256(
    "coalesce(string_agg("  # each with its own digest
    f"record_send(ROW(digest::text, {HISTORY.contents()})), '' ORDER BY id), '')"
)
_NO_EVENTS = sha256("''::bytea")


def reseal(instances: Collection[int], *, reason: str, actor: User | None, now: datetime) -> None:
    """Begin the chains of these instances (their ids) anew, each with an event that says so.

    For whoever changes a history by right, such as erasing a person's data: lock the tickets and
    instances, blank the values in events, tasks and tickets, then call this in the same
    transaction. It locks the instances. The new event seals every row as it is now, and all events
    before it: what was changed before can no longer be told from what was blanked.

    One statement besides the lock, however many there are; 1,000 at a time are enough.
    """
    ids = list(instances)
    locked = WorkflowInstance.objects.filter(pk__in=ids).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk"))
    with connection.cursor() as cursor:
        data = json.dumps({"reason": reason})
        actor_id = None if actor is None else actor.pk
        tables = [ids] * len(HISTORY.tables)
        cursor.execute(_reseal(), [ids, *tables, actor_id, now, data, ids])


@cache
def _reseal() -> str:
    columns = ", ".join(HISTORY.content)
    rows = " UNION ALL ".join(
        each.rows_of(where=f"{each.chain} = ANY(%s)") for each in HISTORY.tables
    )
    digest = HISTORY.digest(before="last", seals="seals", contents=HISTORY.contents())
    return f"""
        WITH histories AS (
            SELECT {HISTORY.column} AS chain, {OF_EVENTS} AS before,
                   (array_agg(digest ORDER BY id DESC) FILTER (WHERE digest <> ''))[1] AS last
              FROM {HISTORY.table} WHERE {HISTORY.column} = ANY(%s) GROUP BY 1
        ), sealed AS (
            SELECT chain, jsonb_object_agg(name, seal) AS seals FROM ({rows}) AS rows GROUP BY 1
        ), events AS (
            SELECT i.id AS workflow_instance_id, NULL::bigint AS task_instance_id,
                   '{RESEALED}'::text AS kind, %s::bigint AS actor_id, %s::timestamptz AS at,
                   %s::jsonb AS data, coalesce(h.last, '') AS last,
                   jsonb_build_object('format', {FORMAT}, 'events', 1,
                                      'before', coalesce(h.before, {_NO_EVENTS})) || s.seals
                       AS seals
              FROM workflows_workflowinstance i
              JOIN sealed s ON s.chain = i.id LEFT JOIN histories h ON h.chain = i.id
             WHERE i.id = ANY(%s)
        )
        INSERT INTO {HISTORY.table} ({columns}, digest, seals)
        SELECT {columns}, {digest}, seals FROM events ORDER BY workflow_instance_id
    """  # noqa: S608  # nosec B608


def seals_since() -> datetime | None:
    """When the active company got its digests: its migration's time; None: it says none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT applied FROM django_migrations WHERE app = %s AND name = %s", MIGRATION
        )
        found = cursor.fetchone()
    return None if found is None else found[0]

"""What the events of a workflow instance vouch for: see `tenants/fast/seals.py`.

The chain of an instance is its history. Every service writes rows and events in one batch of this
chain, under the instance's row lock. The ticket is sealed too; its model stands above and is
declared in tickets/models/ticket.py.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from tenants.fast.batch import Batch
from tenants.fast.seals import FORMAT, Chain, SealedTable, named_seals, sha256
from tenants.models import User
from workflows.models import TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.resealed import RESEALED

_SAYS_WHEN_ONLY = "says only when it was written last"
HISTORY = Chain(
    model=WorkflowEvent,
    column="workflow_instance_id",
    content=("workflow_instance_id", "task_instance_id", "kind", "actor_id", "at", "data"),
    tables=[
        SealedTable(WorkflowInstance, "instance", "id", exempt={"updated_at": _SAYS_WHEN_ONLY}),
        SealedTable(
            TaskInstance,
            "task",
            "workflow_instance_id",
            exempt={"released_by_id": "is forgotten without an event when the person comes back"},
        ),
    ],
)


def batch_of_history(*, now: datetime) -> Batch:
    """For rows of one workflow instance and the events that tell of them."""
    return Batch(now=now, chain=HISTORY)


def reseal(instance: WorkflowInstance, *, reason: str, actor: User | None, now: datetime) -> None:
    """Begin the chain of an instance anew, with an event that says so.

    For whoever changes a history by right, such as erasing a person's data: blank the values (and
    leave a marker) in events, tasks and ticket, then call this in the same transaction, under the
    instance's row lock. The new event seals every row as it is now, and all events before it: what
    was changed before can no longer be told from what was blanked.
    """
    seals = " UNION ALL ".join(
        table.rows_of(table.table, where=f"{table.chain} = %s") for table in HISTORY.tables
    )
    counts = f"jsonb_build_object('format', {FORMAT}, 'events', 1, 'before', ({BEFORE}))"
    digest = sha256(
        f"jsonb_build_array(coalesce({HISTORY.last_digest('e.workflow_instance_id')}, ''),"
        f" %s::jsonb, jsonb_build_array({HISTORY.contents()}))"
    )
    with connection.cursor() as cursor:
        ids = [instance.pk] * (1 + len(HISTORY.tables))
        cursor.execute(f"SELECT {counts} || {named_seals(seals)}", [ids[0], None, *ids[1:]])
        (seals_now,) = cursor.fetchone()
        event = WorkflowEvent.objects.create(
            workflow_instance=instance,
            kind=str(RESEALED),
            actor=actor,
            at=now,
            data={"reason": reason},
        )
        cursor.execute(
            f"UPDATE {HISTORY.table} AS e SET seals = %s::jsonb, digest = {digest}"  # noqa: S608
            " WHERE id = %s",
            [seals_now, seals_now, event.pk],
        )


_EVENTS = f"jsonb_agg(jsonb_build_array(digest, {HISTORY.contents()}) ORDER BY id)"
# SQL: the digest of all events of an instance (its id), or of those before an event (its id).
BEFORE = (
    f"SELECT {sha256(f"coalesce({_EVENTS}, '[]')")} FROM {HISTORY.table}"  # noqa: S608
    " WHERE workflow_instance_id = %s AND id < coalesce(%s, 9223372036854775807)"
)

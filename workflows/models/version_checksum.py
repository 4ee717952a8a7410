"""A published version never changes: its checksum, over its tasks and transitions too."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from tenants.fast.seals import SealedTable, sha256
from workflows.models.task_definition import TaskDefinition
from workflows.models.transition import Transition
from workflows.models.workflow_definition import WorkflowDefinition

_WHO_AND_WHEN = "says who did something with the version, or when"
TABLES = (
    SealedTable(
        WorkflowDefinition,
        "version",
        "id",
        exempt={
            "status": "changes when it is retired; that it is a draft again is found by itself",
            "checksum": "is what is computed here",
            "published_at": _WHO_AND_WHEN,
            **dict.fromkeys(
                ("created_by_id", "changed_by_id", "published_by_id", "retired_by_id"),
                _WHO_AND_WHEN,
            ),
            **dict.fromkeys(("created_at", "updated_at", "retired_at"), _WHO_AND_WHEN),
        },
    ),
    SealedTable(
        TaskDefinition,
        "task",
        "workflow_id",
        exempt=dict.fromkeys(("created_by_id", "created_at", "updated_at"), _WHO_AND_WHEN),
        later=(
            *("assign_to", "edits"),
            *("branches", "ends_when", "for_each", "item_order", "most", "hide_answers"),
            *("branch", "approvers", "needed", "never"),
            *("set_values", "decision_table"),
            *("reminders", "wait", "answered_by"),
            *("ticket_type", "wait_for_end"),
            *("mail_message", "assistant"),
        ),
    ),
    SealedTable(
        Transition,
        "transition",
        "workflow_id",
        exempt={},
        later=("outcome", "on_failure", "on_cancel", "mail_messages"),
    ),
)


def checksums(versions: Collection[int]) -> dict[int, str]:
    """{id: checksum} of these versions, as they are stored; one query."""
    rows = " UNION ALL ".join(each.rows_of(where=f"{each.chain} = ANY(%s)") for each in TABLES)
    checksum = sha256("jsonb_object_agg(name, seal)")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT chain, {checksum} FROM ({rows}) AS rows GROUP BY chain",  # noqa: S608  # nosec B608
            [list(versions)] * len(TABLES),
        )
        return dict(cursor.fetchall())

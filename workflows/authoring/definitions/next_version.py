"""The number that a new version gets, and the lock under which it is taken."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max

from tenants.connection import current_schema
from workflows.models import TicketDefinition, WorkflowDefinition


def lock_definitions() -> None:
    """Let one transaction of this company at a time make or publish versions, until it ends.

    Without it two imports at the same moment would both take the same version number, and
    two workflows could both take the same key for a ticket type.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"definitions:{current_schema()}"],
        )


def next_version(key: str) -> int:
    newest: int | None = WorkflowDefinition.objects.versions_of(key).aggregate(
        newest=Max("version")
    )["newest"]
    return (newest or 0) + 1


def next_ticket_type_version(key: str) -> int:
    newest: int | None = TicketDefinition.objects.filter(key=key).aggregate(newest=Max("version"))[
        "newest"
    ]
    return (newest or 0) + 1

"""Rows that name somebody: found, locked, written, and their histories sealed anew."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db import connection
from django.utils import timezone
from psycopg import sql

from tenants.connection import current_schema
from tickets.models import Ticket
from workflows.engine.process import Json
from workflows.models import WorkflowInstance
from workflows.running.sealing import reseal

ROWS: Final = 200
EVENTS: Final = "workflows_workflowevent"
# What the history vouches for: the column that names a row's workflow instance.
_IN_HISTORY: Final = {
    "tickets_ticket": "workflow_instance_id",
    "workflows_workflowinstance": "id",
    "workflows_taskinstance": "workflow_instance_id",
    "workflows_path": "workflow_instance_id",
    EVENTS: "workflow_instance_id",
}


def lock_histories(*, table: str, ids: list[int]) -> list[int]:
    """Lock the tickets to which rows of a table belong, then their instances; returns those' ids.

    Before anything of them is changed, in the order in which a step does.
    """
    if table not in _IN_HISTORY:
        return []
    query = sql.SQL("SELECT DISTINCT {} FROM {} WHERE id = ANY(%s)").format(
        sql.Identifier(_IN_HISTORY[table]), sql.Identifier(current_schema(), table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [ids])
        numbers = sorted(number for (number,) in cursor.fetchall() if number is not None)
    tickets = Ticket.objects.filter(workflow_instance__in=numbers).order_by("pk")
    list(tickets.select_for_update(of=("self",), no_key=True).values_list("pk"))
    locked = WorkflowInstance.objects.filter(pk__in=numbers).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk"))
    return numbers


def reseal_erased(instances: list[int]) -> None:
    """The one place for what must be computed anew of rows in which somebody was blanked.

    The histories' digests: they would take it for tampering. Called in the transaction of the
    change, with what `lock_histories` returned.
    """
    if instances:
        reseal(instances, reason="A person was erased.", actor=None, now=timezone.now())


def rows_with(table: str, column: str, texts: list[str]) -> Iterator[dict[str, Any]]:
    """The rows in whose column one of these stands, whatever else does."""
    query = sql.SQL("SELECT row_to_json(t)::text FROM {} t WHERE {}::text ILIKE ANY(%s)").format(
        sql.Identifier(current_schema(), table), sql.Identifier(column)
    )
    return select(query, [[like(each) for each in texts]])


def like(text: str) -> str:
    """What ILIKE takes for this text wherever it stands."""
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    return f"%{escaped}%"


def select(query: sql.Composable, values: list[Any]) -> Iterator[dict[str, Any]]:
    """The rows by their numbers, a few of which are in memory at a time."""
    last = 0
    some = query + sql.SQL(" AND t.id > %s ORDER BY t.id LIMIT %s")
    while True:
        with connection.cursor() as cursor:
            cursor.execute(some, [*values, last, ROWS])
            rows = [json.loads(text) for (text,) in cursor.fetchall()]
        yield from rows
        if len(rows) < ROWS:
            return
        last = rows[-1]["id"]


def write(table: str, column: str, values: dict[int, Any]) -> None:
    """Put these values into the rows with these numbers."""
    if not values:
        return
    query = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(
        sql.Identifier(current_schema(), table), sql.Identifier(column)
    )
    plain: Callable[[Any], Any] = lambda value: (  # noqa: E731
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )
    with connection.cursor() as cursor:
        cursor.executemany(query, [[plain(value), pk] for pk, value in values.items()])


def write_events(values: dict[int, Json]) -> None:
    """Put these data into events, which nothing else can change."""
    if not values:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.ticketflower_blank_events(%s, %s::jsonb[])",
            [list(values), [json.dumps(each, ensure_ascii=False) for each in values.values()]],
        )

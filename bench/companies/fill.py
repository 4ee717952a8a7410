"""Tickets of a year, made by plain SQL: what lies in the tables while a step is taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from bench.companies.setup import CONDITION, DATA, OUTPUT, Bench, enter

# How many a worker has not finished; all other tickets have ended.
OPEN_A_WORKER = 20
CHUNK = 50_000
TABLES = {
    "ticket": "tickets_ticket",
    "instance": "workflows_workflowinstance",
    "task": "workflows_taskinstance",
    "event": "workflows_workflowevent",
    "entry": "tickets_searchentry",
}

# `numbers` has a row (n, at) for each ticket. Ids are counted from the largest that there is, so
# that each table takes one INSERT; a ticket has room for two tasks: its task 2n, and 2n + 1.
NUMBERS = """
    WITH numbers AS (
        SELECT n, now() - %(age)s::interval * (1 - n::float / %(all)s) AS at
        FROM generate_series(%(from)s, %(to)s) AS n
    )
"""
INSERTS = (
    """
    INSERT INTO workflows_workflowinstance (id, uuid, workflow_id, data, status, end_label,
        created_at, updated_at, started_at, completed_at, current_task_id)
    SELECT %(instance)s + n, gen_random_uuid(), %(workflow)s, %(outputs)s::jsonb, %(status)s,
        %(end)s, at, at, at, CASE WHEN NOT %(open)s THEN at END,
        %(task)s + 2 * n + CASE WHEN %(open)s THEN 0 ELSE 1 END
    FROM numbers
    """,
    """
    INSERT INTO tickets_ticket (id, title, definition_id, workflow_id, workflow_instance_id, data,
        created_by_id, created_at, updated_at)
    SELECT %(ticket)s + n, 'Bench', %(type)s, %(workflow)s, %(instance)s + n, %(data)s::jsonb,
        %(user)s, at, at
    FROM numbers
    """,
    """
    INSERT INTO workflows_taskinstance (id, uuid, workflow_instance_id, definition_id, status,
        output_data, attempts, assigned_to_id, assigned_at, created_at, started_at, completed_at)
    SELECT %(task)s + 2 * n + nth, gen_random_uuid(), %(instance)s + n,
        (%(tasks)s::bigint[])[1 + nth], CASE WHEN %(open)s THEN 'OPEN' ELSE 'COMPLETED' END,
        CASE WHEN NOT %(open)s THEN %(output)s::jsonb END, 0,
        (%(workers)s::bigint[])[1 + (n + nth) %% array_length(%(workers)s::bigint[], 1)],
        at, at, CASE WHEN NOT %(open)s THEN at END, CASE WHEN NOT %(open)s THEN at END
    FROM numbers, generate_series(0, CASE WHEN %(open)s THEN 0 ELSE 1 END) AS nth
    """,
    """
    INSERT INTO workflows_workflowevent (workflow_instance_id, task_instance_id, kind, at, data)
    SELECT %(instance)s + n, %(task)s + 2 * n + nth, kind, at, data
    FROM numbers, (VALUES
        (1, NULL::int, 'STARTED', '{"version": 1, "workflow": "Bench (v1)"}'::jsonb),
        (2, NULL, 'MOVED', %(moved)s),
        (3, 0, 'ASSIGNED', %(assigned)s),
        (4, 0, 'TASK_COMPLETED', %(completed)s),
        (5, 0, 'MOVED', %(moved)s),
        (6, 1, 'ASSIGNED', %(assigned)s),
        (7, 1, 'TASK_COMPLETED', %(completed)s),
        (8, 1, 'MOVED', %(moved)s),
        (9, NULL, 'COMPLETED', '{"label": "decided"}')
    ) AS events (number, nth, kind, data)
    WHERE number <= 3 OR NOT %(open)s
    """,
    # As tickets/finding/write_entries.py does, with a word of each ticket and one of twenty.
    """
    INSERT INTO tickets_searchentry (ticket_id, source, found_by, text, places, plain, words)
    SELECT %(ticket)s + n, source, found_by, text, places, lower(text),
        array_to_tsvector(string_to_array(mark || replace(lower(text), ' ', ' ' || mark), ' '))
    FROM numbers, LATERAL (VALUES
        ('ticket', 'REQUESTER', 'r', concat_ws(' ', 'Bench', 'Because', 'thing' || n || 'x',
            CASE WHEN n %% greatest(%(all)s / 20, 1) = 0 THEN 'seldom' END),
            '[["title", ""]]'::jsonb),
        ('task/' || %(task)s + 2 * n, 'TEAM', 't', 'Fine paper' || n, '[["answer", "Note"]]')
    ) AS entries (source, found_by, mark, text, places)
    """,
)
# What the engine writes about a decision (workflows/running/state_manager.py).
MOVED: dict[str, Any] = {
    "made": [{"key": "decide", "task": 1}],
    "error": "",
    "tried": [
        {
            "error": "",
            "label": "",
            "result": True,
            "to_task": "decide",
            "priority": 0,
            "condition": CONDITION,
            "from_task": "check",
        }
    ],
    "is_end": False,
    "end_label": "",
    "next_tasks": ["decide"],
}

# The last instance and the last task that the filling made.
_filled: dict[Bench, tuple[int, int]] = {}


def fill(bench: Bench, tickets: int) -> None:
    """Fill an empty company with so many, of the last year; the open ones are of this week."""
    enter(bench)
    is_open = min(OPEN_A_WORKER * len(bench.worker_ids), tickets // 2)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if cursor.fetchone()[0]:  # without a look at each foreign key it takes half the time
            cursor.execute("SET LOCAL session_replication_role = replica")
        _add(cursor, bench, tickets - is_open, is_open=False)
        _add(cursor, bench, is_open, is_open=True)
        for table in TABLES.values():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                f" coalesce((SELECT max(id) FROM {table}), 1))"
            )
    with connection.cursor() as cursor:
        for table in TABLES.values():
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        _filled[bench] = (
            _last_id(cursor, TABLES["instance"]),
            _last_id(cursor, TABLES["task"]),
        )


def finish_open_tickets(benches: Sequence[Bench]) -> None:
    """End what earlier rounds left open, so that each begins with what the filling left."""
    for bench in benches:
        enter(bench)
        instance, task = _filled[bench]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE workflows_taskinstance SET status = 'COMPLETED', completed_at = now()"
                " WHERE id > %s AND status = 'OPEN'",
                (task,),
            )
            cursor.execute(
                "UPDATE workflows_workflowinstance SET status = 'COMPLETED', completed_at = now()"
                " WHERE id > %s AND status = 'IN_PROGRESS'",
                (instance,),
            )


def _add(cursor: Any, bench: Bench, count: int, *, is_open: bool) -> None:
    values = {
        **{name: _last_id(cursor, table) + 2 for name, table in TABLES.items()},
        "open": is_open,
        "age": "7 days" if is_open else "365 days",
        "status": "IN_PROGRESS" if is_open else "COMPLETED",
        "end": "" if is_open else "decided",
        "all": count,
        "workflow": bench.workflow_id,
        "type": bench.type_id,
        "user": bench.user_id,
        "tasks": [bench.first_task_id, bench.second_task_id],
        "workers": list(bench.worker_ids),
        "data": json.dumps(DATA),
        "output": json.dumps(OUTPUT),
        "outputs": json.dumps({} if is_open else {"check": OUTPUT, "decide": OUTPUT}),
        "moved": json.dumps(MOVED),
        "assigned": json.dumps({"to": bench.worker_email, "to_id": bench.worker_ids[0]}),
        "completed": json.dumps({"output": OUTPUT}),
    }
    for first in range(1, count + 1, CHUNK):
        numbers = {"from": first, "to": min(first + CHUNK - 1, count)}
        for insert in INSERTS:
            cursor.execute(NUMBERS + insert, {**values, **numbers})


def _last_id(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
    return int(cursor.fetchone()[0])

"""Which companies have something to do, asked of many at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import batched
from typing import Any, Final

from django.db import connection
from psycopg import sql

from tenants.migrating.versions import is_up_to_date
from tenants.models import Company
from tickets.notices.watch_tasks import LONG_AGO, SOON

# Companies of one statement: it is planned anew each time, and each brings tables of its own.
AT_ONCE: Final = 100
_TASKS: Final = """
SELECT {name} WHERE EXISTS (
    SELECT FROM {schema}.workflows_taskinstance
     WHERE status IN ('OPEN', 'IN_PROGRESS', 'PENDING', 'ERROR')
       AND due_at >= %(long_ago)s AND due_at < %(until)s)
 OR EXISTS (
    SELECT FROM {schema}.workflows_taskinstance
     WHERE status = 'PENDING' AND assigned_to_id IS NULL AND created_at >= %(long_ago)s)
"""

_MAILS: Final = """
SELECT {name} WHERE EXISTS (SELECT FROM {schema}.tickets_notice WHERE mail = 'WAITS')
"""
_DIGESTS: Final = """
SELECT {name} WHERE EXISTS (SELECT FROM {schema}.tickets_notice WHERE mail = 'DIGEST')
"""


def companies_to_look_at(*, now: datetime) -> list[str]:
    """The schemas of active companies with tasks that are due, or waiting. By partial indexes."""
    return list(companies_with(_TASKS, {"long_ago": now - LONG_AGO, "until": now + SOON}))


def companies_with_mails() -> list[str]:
    """The schemas of active companies with notices of which nobody has been told by mail yet."""
    return list(companies_with(_MAILS, {}))


def companies_with_digests() -> list[str]:
    """The schemas of active companies with notices that wait for the daily digest."""
    return list(companies_with(_DIGESTS, {}))


def companies_with(question: str, values: dict[str, Any]) -> Iterator[str]:
    """Those of whose schema the question has a row. Outside of companies.

    One that is behind lacks the tables: it is asked when it has them.
    """
    staying = Company.objects.active().filter(deletion_due_at=None).order_by("pk")
    ready = [
        each.schema_name
        for each in staying.only("schema_name", "schema_version")
        if is_up_to_date(each)
    ]
    for schemas in batched(ready, AT_ONCE):
        asked = [
            sql.SQL(question).format(name=sql.Literal(each), schema=sql.Identifier(each))
            for each in schemas
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(" UNION ALL ").join(asked), values)
            yield from (name for (name,) in cursor.fetchall())

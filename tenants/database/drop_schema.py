"""Dropping a schema with all tables of a company, while others work."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction
from psycopg import sql

from tenants.database.schema import PEOPLE_HERE

# How long a drop waits for its lock.
LOCK_TIMEOUT: Final = "3s"
_LOCK_PEOPLE: Final = sql.SQL("LOCK TABLE public.tenants_user IN ACCESS EXCLUSIVE MODE")


def drop_schema(schema: str) -> None:
    """Drop the tables one after the other, each in its own transaction, the empty schema at the
    end; before it the table to which the others point, and which alone locks that of all people.

    What is gone already is passed over, so it may be called again after it was broken off.

    Raises:
        OperationalError: a table was in use for LOCK_TIMEOUT. What was dropped before is gone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p')"
            " ORDER BY c.relname = %s, c.relname",
            [schema, PEOPLE_HERE],
        )
        tables = [row[0] for row in cursor.fetchall()]
    for table in tables:
        drop = sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(sql.Identifier(schema, table))
        # In the order in which whoever adds people comes to the tables.
        first = [_LOCK_PEOPLE] if table == PEOPLE_HERE else []
        _drop(*first, drop)
    _drop(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _drop(*statements: sql.Composable) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        for statement in statements:
            cursor.execute(statement)

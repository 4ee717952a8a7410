"""Puts the wall around the tables of companies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from django.db import OperationalError, connection, transaction

# Of a company whose tables are in use; others go on meanwhile.
LOCK_SECONDS: Final = 2
PAUSES: Final = (0.0, 1.0, 4.0)

_OPEN: Final = """
SELECT DISTINCT company.schema_name
  FROM pg_class AS relation
  JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
  JOIN public.tenants_company AS company ON company.schema_name = schema.nspname
 WHERE relation.relkind IN ('r', 'p') AND NOT relation.relforcerowsecurity
 ORDER BY company.schema_name
"""


def build_wall(schema: str) -> int:
    """Close all tables of a company to every other one; returns how many were open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.ticketflower_build_wall(%s)", [schema])
        return int(cursor.fetchone()[0])


def open_companies() -> list[str]:
    """The schemas of companies with a table that stands outside the wall."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        return [row[0] for row in cursor.fetchall()]


def build_all_walls(*, pauses: Sequence[float] = PAUSES) -> list[str]:
    """Close the tables of all companies; returns the schemas whose tables were in use all the time.

    Each in a transaction of its own. Call it outside every company. Nothing to do: one query.
    """
    schemas = open_companies()
    for pause in pauses:
        if not schemas:
            break
        time.sleep(pause)
        schemas = [schema for schema in schemas if not _built(schema)]
    return schemas


def _built(schema: str) -> bool:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            build_wall(schema)
    except OperationalError:
        if not connection.is_usable():
            raise
        return False
    return True

"""Whether every schema has every migration, in two queries for all companies."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql


def has_pending_migrations() -> bool:
    """Compare the migrations on disk with those that each schema has recorded.

    `migrate_schemas` takes seconds even when there is nothing to do, more with every company.
    """
    wanted, recorded = _migrations()
    return "public" not in recorded or not all(wanted <= each for each in recorded.values())


def schemas_behind(schemas: Iterable[str]) -> set[str]:
    """Those of these schemas that lack a migration, or are not there at all."""
    wanted, recorded = _migrations()
    return {schema for schema in schemas if not wanted <= recorded.get(schema, set())}


def _migrations() -> tuple[set[tuple[str, str]], dict[str, set[tuple[str, str]]]]:
    """The migrations on disk, and those that each schema has recorded."""
    wanted = set(MigrationLoader(None).graph.nodes)
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_migrations'")
        recorded: dict[str, set[tuple[str, str]]] = {row[0]: set() for row in cursor.fetchall()}
        if not recorded:
            return wanted, recorded
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, app, name FROM {}").format(
                sql.Literal(schema), sql.Identifier(schema, "django_migrations")
            )
            for schema in recorded
        )
        cursor.execute(query)
        for schema, app, name in cursor.fetchall():
            recorded[schema].add((app, name))
    return wanted, recorded

"""Whether every schema has every migration, in two queries for all companies."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql


def has_pending_migrations() -> bool:
    """Compare the migrations on disk with those that each schema has recorded.

    `migrate_schemas` takes seconds even when there is nothing to do, more with every company.
    """
    wanted = set(MigrationLoader(None).graph.nodes)
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_migrations'")
        schemas = [row[0] for row in cursor.fetchall()]
        if "public" not in schemas:
            return True
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, app, name FROM {}").format(
                sql.Literal(schema), sql.Identifier(schema, "django_migrations")
            )
            for schema in schemas
        )
        cursor.execute(query)
        recorded: dict[str, set[tuple[str, str]]] = {schema: set() for schema in schemas}
        for schema, app, name in cursor.fetchall():
            recorded[schema].add((app, name))
    return not all(wanted <= migrations for migrations in recorded.values())

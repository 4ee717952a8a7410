"""Exits with 0 where the database has every migration in every schema, with 3 where not.

`migrate_schemas` takes seconds even when there is nothing to do, more with every company; this
asks all schemas in one query. Run as `python -m project.development.pending_migrations`.
"""

from __future__ import annotations

import os
import sys

UP_TO_DATE, PENDING = 0, 3


def main() -> int:
    """Compare the migrations on disk with those that each schema has recorded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    import django

    django.setup()
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from psycopg import sql

    wanted = set(MigrationLoader(None).graph.nodes)
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_migrations'")
        schemas = [row[0] for row in cursor.fetchall()]
        if "public" not in schemas:
            return PENDING
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
    complete = all(wanted <= migrations for migrations in recorded.values())
    return UP_TO_DATE if complete else PENDING


if __name__ == "__main__":
    sys.exit(main())

"""Databases that a test makes beside its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

MOST_WAITED = 10_000  # milliseconds
END_THE_CONNECTIONS = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
 WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()
"""


def connect(name: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection of its own to a database, as whom the tests are connected."""
    entry = connection.settings_dict
    return psycopg.connect(
        dbname=name,
        host=entry["HOST"],
        port=entry["PORT"] or None,
        user=entry["USER"],
        password=entry["PASSWORD"],
        autocommit=True,
    )


@contextmanager
def database_beside(ending: str, *, template: str = "template0") -> Iterator[str]:
    """Make a database from a template, called like ours with an ending, and drop it.

    Connections that were left in it are ended by name. Not by DROP DATABASE's FORCE: that would
    end autovacuum, too, which only a superuser may. Autovacuum gives way to a plain DROP.
    """
    name = f"{connection.settings_dict['NAME']}_{ending}"
    _drop(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        _drop(name)


def _drop(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(END_THE_CONNECTIONS, [MOST_WAITED, name])
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')

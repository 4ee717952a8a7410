"""The index that finds parts of words, where Postgres has the extension for it."""

from __future__ import annotations

from typing import Final

from django.db import connection

# As tickets/migrations/0017_search.py.
_MAKE: Final = """
DO $$
DECLARE
    place text := (SELECT n.nspname FROM pg_extension e
                     JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
BEGIN
    IF place IS NOT NULL THEN
        EXECUTE format('CREATE INDEX IF NOT EXISTS search_entry_parts'
                       ' ON tickets_searchentry USING gin (plain %I.gin_trgm_ops)', place);
    END IF;
END $$
"""


def index_parts() -> bool:
    """Make the active company's index where it can be had; returns whether it is there."""
    if not has_index_of_parts():
        with connection.cursor() as cursor:
            cursor.execute(_MAKE)
    return has_index_of_parts()


def has_index_of_parts() -> bool:
    """Whether the active company has the index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('search_entry_parts') IS NOT NULL")
        return bool(cursor.fetchone()[0])

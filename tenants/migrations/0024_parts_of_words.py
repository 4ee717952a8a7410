"""What finds parts of words: Postgres' extension pg_trgm, where the server lets us have it.

It comes with Postgres, and the owner of a database may make it. A server that does not have it, or
whose operator must make it, refuses: then searches find words by their beginnings alone, until
somebody makes it and runs `manage.py index_tickets`. See docs/running.md.
"""

from __future__ import annotations

from django.db import migrations

MAKE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        CREATE EXTENSION pg_trgm SCHEMA public;
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pg_trgm cannot be made here (%): searches find words by their beginnings only.',
        SQLERRM;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0023_ticket_prefix")]

    # Not taken away again: it may have been there before.
    operations = [migrations.RunSQL([MAKE], migrations.RunSQL.noop)]

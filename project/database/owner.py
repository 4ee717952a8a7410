"""The role that owns the database, and is no superuser: row security does not concern superusers.

Postgres keeps the role that a server was made with as its superuser for ever. So where that one was
the application's, it is given another name, and its old one goes to a new role without that
right, with the same password, which is given everything that was made meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg import sql

# What the server's own superuser is called.
SUPERUSER: Final = "postgres"
# Does the work, because nobody can rename themselves; there while the work is not finished.
HELPER: Final = "ticketflower_handing_over"

# (database, user, password) to a connection that commits each statement.
type Connect = Callable[[str, str, str], psycopg.Connection[Any]]

# What may be owned, each as the ALTER that gives it away: tables before the sequences of their
# columns, which go with them.
_OWNED: Final = """
WITH schemas AS (
    SELECT oid, nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), former AS (SELECT oid FROM pg_roles WHERE rolname = %(former)s)
SELECT format('SCHEMA %%I', nspname) FROM pg_namespace
 WHERE nspowner = (SELECT oid FROM former) AND oid IN (SELECT oid FROM schemas)
UNION ALL
(SELECT format('%%s %%I.%%I',
               CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
               nspname, relname)
   FROM pg_class JOIN schemas ON schemas.oid = relnamespace
  WHERE relowner = (SELECT oid FROM former) AND relkind IN ('r', 'p', 'v', 'm'))
UNION ALL
(SELECT format('SEQUENCE %%I.%%I', nspname, relname)
   FROM pg_class JOIN schemas ON schemas.oid = relnamespace
  WHERE relowner = (SELECT oid FROM former) AND relkind = 'S' AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
           AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')))
UNION ALL
(SELECT format('ROUTINE %%s', pg_proc.oid::regprocedure)
   FROM pg_proc JOIN schemas ON schemas.oid = pronamespace
  WHERE proowner = (SELECT oid FROM former))
UNION ALL
(SELECT format('TYPE %%I.%%I', nspname, typname)
   FROM pg_type JOIN schemas ON schemas.oid = typnamespace
  WHERE typowner = (SELECT oid FROM former) AND (typtype IN ('e', 'd', 'r') OR (typtype = 'c'
        AND (SELECT relkind FROM pg_class WHERE pg_class.oid = typrelid) = 'c')))
"""


def make_owner(connection: psycopg.Connection[Any], name: str, password: str) -> None:
    """Make the role that owns databases; it may make more of them, for tests."""
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(
            sql.Identifier(name), sql.Literal(password)
        )
    )


def hand_over(connect: Connect, *, owner: str, password: str, superuser_password: str) -> list[str]:
    """Let the server's superuser `owner` be called `postgres`, and make an owner in its place.

    Returns the names of the databases that were handed over. Whoever is connected as the
    superuser stays one until they connect anew. Broken off, it is gone on with by
    `finish_handing_over`, where `is_unfinished`.

    Raises:
        psycopg.Error: the role is no superuser, or `postgres` is somebody already.
    """
    helper_password = secrets.token_urlsafe(32)
    with connect("postgres", owner, password) as connection:
        connection.execute(
            sql.SQL("DROP ROLE IF EXISTS {0}; CREATE ROLE {0} LOGIN SUPERUSER PASSWORD {1}").format(
                sql.Identifier(HELPER), sql.Literal(helper_password)
            )
        )
    with connect("postgres", HELPER, helper_password) as connection, connection.transaction():
        connection.execute(
            sql.SQL("ALTER ROLE {0} RENAME TO {1}; ALTER ROLE {1} PASSWORD {2}").format(
                sql.Identifier(owner), sql.Identifier(SUPERUSER), sql.Literal(superuser_password)
            )
        )
        make_owner(connection, owner, password)
    return finish_handing_over(connect, owner=owner, superuser_password=superuser_password)


def is_unfinished(connection: psycopg.Connection[Any]) -> bool:
    """Whether a hand-over was broken off."""
    query = "SELECT FROM pg_roles WHERE rolname = %s"
    return connection.execute(query, [HELPER]).fetchone() is not None


def finish_handing_over(connect: Connect, *, owner: str, superuser_password: str) -> list[str]:
    """Give the owner every database but the server's own, with what is in it.

    Returns their names.
    """
    names = []
    with connect("postgres", SUPERUSER, superuser_password) as connection:
        databases = connection.execute(
            "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1'"
            " ORDER BY datname"
        ).fetchall()
        for (database,) in databases:
            with connect(database, SUPERUSER, superuser_password) as there:
                _give_away(there, owner)
            if database != "postgres":
                connection.execute(
                    sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                        sql.Identifier(database), sql.Identifier(owner)
                    )
                )
                names.append(database)
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(HELPER)))
    return names


def _give_away(connection: psycopg.Connection[Any], owner: str) -> None:
    rows = connection.execute(_OWNED, {"former": SUPERUSER}).fetchall()
    statement = sql.SQL(" OWNER TO {}").format(sql.Identifier(owner)).as_string(connection)
    with connection.pipeline():
        for (thing,) in rows:
            connection.execute(f"ALTER {thing}{statement}".encode())

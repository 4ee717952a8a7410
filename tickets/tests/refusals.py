"""For tests: a database of the company that refuses what it has taken until then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tenants.connection import current_schema

REASON = "This table is closed"


@contextmanager
def refused(
    table: str,
    *,
    on: str = "INSERT",
    when: str = "true",
    at_commit: bool = False,
    state: str = "P0001",
) -> Iterator[None]:
    """Inside, the rows that are inserted (`on="INSERT"`) or changed ("UPDATE") are refused.

    `when` is SQL about the row, as NEW. `at_commit`: they are refused no earlier than that.
    `state` is the SQLSTATE with which that is told.
    """
    named = table if "." in table else f"{current_schema()}.{table}"
    refuse(named, on=on, when=when, at_commit=at_commit, state=state)
    try:
        yield
    finally:
        allow(named)


def refuse(
    table: str, *, on: str, when: str, at_commit: bool = False, state: str = "P0001"
) -> None:
    """The same until `allow`, for other processes too; the table is named with its schema."""
    allow(table)
    _run(
        "CREATE OR REPLACE FUNCTION public.refuse_it() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REASON}.' USING ERRCODE = '{state}'; END $$"
    )
    kind, moment = ("CONSTRAINT TRIGGER", "AFTER") if at_commit else ("TRIGGER", "BEFORE")
    deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
    _run(
        f"CREATE {kind} refusal {moment} {on} ON {table} {deferred}"
        f" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION public.refuse_it()"
    )


def allow(table: str) -> None:
    _run(f"DROP TRIGGER IF EXISTS refusal ON {table}")


def _run(statement: str) -> None:
    # What waits for the commit keeps the database from changing its table.
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(statement)

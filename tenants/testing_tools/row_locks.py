"""Which rows a transaction has locked when it ends, by what Postgres says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import psycopg
from django.db import connection
from psycopg import sql

from tenants.connection import current_schema, database
from tenants.fast import prepared
from tenants.testing_tools.databases import connect

# How an end of a transaction, or of a part of it that is taken back, comes to the connection.
_ENDS = ("_commit", "_rollback", "_savepoint_rollback")

type Locked = dict[str, set[int]]


@contextmanager
def locked_rows(*tables: str) -> Iterator[list[Locked]]:
    """What each transaction inside has locked when it ends: for each of these tables of the
    company, the numbers of rows.

    Another connection asks for all rows, and is not given those for which it would have to wait:
    so it does not matter which statement has locked them. Rows that the transaction has made
    itself it does not see; nobody can wait for these.

    For a test that commits, in one thread: what others lock beside it would be counted, too. What
    is changed outside of a transaction is not seen.
    """
    found: list[Locked] = []
    schema = current_schema()
    with connect(str(connection.settings_dict["NAME"])) as beside, ExitStack() as watching:

        def looking(end: Callable[..., Any]) -> Callable[..., Any]:
            def look_and_end(*arguments: Any) -> Any:
                found.append({each: _locked_in(beside, schema, each) for each in tables})
                return end(*arguments)

            return look_and_end

        # Else the last statement takes the commit along, and there is no moment between the two.
        watching.enter_context(mock.patch.object(prepared, "can_commit", return_value=False))
        for name in _ENDS:
            end = looking(getattr(database(), name))
            watching.enter_context(mock.patch.object(database(), name, end))
        yield found


def _locked_in(beside: psycopg.Connection[Any], schema: str, table: str) -> set[int]:
    every = sql.SQL("SELECT id FROM {}").format(sql.Identifier(schema, table))
    free = sql.SQL("{} FOR NO KEY UPDATE SKIP LOCKED").format(every)
    return _numbers(beside, every) - _numbers(beside, free)


def _numbers(beside: psycopg.Connection[Any], query: sql.Composed) -> set[int]:
    return {int(number) for (number,) in beside.execute(query).fetchall()}

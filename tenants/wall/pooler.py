"""Refuses a pooler that gives one client's connection to another between two transactions.

The company that a connection works in is said by its search_path. A pooler in transaction mode
hands the server's connection on at each commit with whatever search_path it has, and without the
one that the next client has set: rows of another company, and no error.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Any, Final, Protocol


class Connection(Protocol):
    """A database connection of Django."""

    def copy(self) -> Any: ...


# So often both are looked at: a pooler may give the same one twice by chance.
ROUNDS: Final = 3
PROBE: Final = "ticketflower_probe_{}"
_LOOK: Final = "SELECT pg_backend_pid(), current_setting('search_path')"


class SwappedConnectionError(Exception):
    """What was set on a connection is not there any more."""

    def __init__(self) -> None:
        super().__init__(
            "Between TicketFlower and Postgres stands a pooler that swaps connections (PgBouncer "
            "in transaction mode, say): people would be shown other companies' data. Let it pool "
            "by sessions (pool_mode = session), or connect to Postgres directly. With Postgres 18, "
            "PgBouncer may also keep the search_path: track_extra_parameters = search_path."
        )


def ensure_connection_is_kept(connection: Connection) -> None:
    """Look whether two connections of our own stay apart from transaction to transaction.

    A pooler that swaps them, but takes the search_path along, is let through.

    Raises:
        SwappedConnectionError: they do not.
    """
    with ExitStack() as stack:
        pair = [stack.enter_context(closing(connection.copy())) for _each in range(2)]
        for number, each in enumerate(pair):
            _set(each, PROBE.format(number))
        for _round in range(ROUNDS):
            for number, each in enumerate(pair):
                if _path(each) != PROBE.format(number):
                    raise SwappedConnectionError


def _set(connection: Any, path: str) -> None:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:  # not Django's, which sets a search_path
        cursor.execute(f"SET search_path = {path}")


def _path(connection: Any) -> str:
    with connection.connection.cursor() as cursor:
        cursor.execute(_LOOK)
        return str(cursor.fetchone()[1])

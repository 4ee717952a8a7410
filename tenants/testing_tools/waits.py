"""Waiting in tests: until something is so, never for a time.

On a busy machine everything takes longer. So nothing here measures: a test waits for what must
happen, and fails only where that has not happened for so long that it never will.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from django.db import connection

from tenants.connection import use_company
from tenants.models import Company

PATIENCE = 180  # seconds; far more than anything takes that is waited for
PAUSE = 0.05  # seconds between two looks


def wait_until(is_so: Callable[[], object], what: str = "What must happen does not.") -> None:
    """Return once something is so.

    Raises:
        AssertionError: it is not so after all our patience; `what` says what that means.
    """
    until = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > until:
            raise AssertionError(what)
        time.sleep(PAUSE)


def wait_until_blocked(*, connections: int = 1) -> None:
    """Return once so many other connections wait for a lock that this one holds, or stand
    behind one that does."""
    wait_until(lambda: _blocked() >= connections, "Nobody waits for this connection.")


def _blocked() -> int:
    """Who waits for somebody who waits for us waits for us, too.

    pg_locks is looked at: inside a transaction pg_stat_activity does not change.
    """
    with connection.cursor() as cursor:
        cursor.execute("""
            WITH RECURSIVE waiting AS (
                SELECT DISTINCT pid, pg_blocking_pids(pid) AS for_whom
                FROM pg_locks WHERE NOT granted
            ), behind AS (
                SELECT pid FROM waiting WHERE pg_backend_pid() = ANY(for_whom)
                UNION
                SELECT waiting.pid FROM waiting JOIN behind ON behind.pid = ANY(waiting.for_whom)
            )
            SELECT count(*) FROM behind
        """)
        [(count,)] = cursor.fetchall()
    return int(count)


def in_thread(call: Callable[[], object], *, company: Company) -> Background:
    """Do something on a connection of its own, in this company, beside the test."""
    background = Background(call, company)
    background.start()
    return background


class Background(threading.Thread):
    """A thread that works in a company; `raised` is what went wrong in it."""

    def __init__(self, call: Callable[[], object], company: Company) -> None:
        super().__init__(daemon=True)
        self.raised: Exception | None = None
        self._call = call
        self._company = company

    def run(self) -> None:
        try:
            use_company(self._company)
            self._call()
        except Exception as error:  # judged by the test
            self.raised = error
        finally:
            connection.close()

    def wait(self) -> Exception | None:
        """Wait for its end; what was raised in it.

        Raises:
            AssertionError: it does not end.
        """
        self.join(timeout=PATIENCE)
        if self.is_alive():
            raise AssertionError("What runs beside the test does not end.")
        return self.raised


def at_once(*calls: Callable[[], object], company: Company) -> list[Exception | None]:
    """Do several things at the same moment, each on a connection of its own.

    Returns what each of them raised, in their order.

    Raises:
        AssertionError: one does not end: they wait for each other.
    """
    begin = threading.Barrier(len(calls))
    threads = [in_thread(_after(begin, each), company=company) for each in calls]
    return _ends(threads)


def _after(begin: threading.Barrier, call: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        begin.wait(timeout=PATIENCE)
        call()

    return run


def _ends(threads: Iterable[Background]) -> list[Exception | None]:
    return [each.wait() for each in threads]


def deadline() -> float:
    """When our patience ends, for those who ask for a time (of time.monotonic)."""
    return time.monotonic() + PATIENCE

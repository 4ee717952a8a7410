"""What psycopg really sends: counted below Django's query log, so that nothing passes it by.

Counted is every statement that the server has answered: of `execute`, each row of an
`executemany`, what was sent in a pipeline, SAVEPOINT and SET, whoever sent it over whatever
cursor. BEGIN, COMMIT and ROLLBACK are not statements here; the commits come with their time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection, Cursor, Transaction
from psycopg.pq import TransactionStatus


@dataclass
class Sent:
    """What this process has sent since `start_counting`; `commits` are the latest times."""

    statements: int = 0
    transactions: int = 0
    commits: deque[float] = field(default_factory=lambda: deque(maxlen=100))

    def record_commit(self) -> None:
        self.transactions += 1
        self.commits.append(time.perf_counter())


SENT = Sent()
COMMIT = b"COMMIT"  # how the server calls it


def start_counting() -> None:
    """Count from now on, on every connection of this process. Called twice it counts once."""
    if getattr(Cursor._check_results, "counts", False):
        return
    _count_statements()
    for holder in (Connection, Transaction):
        _record_commits(holder)


def _count_statements() -> None:
    check: Callable[..., None] = Cursor._check_results

    def counted(self: Any, results: list[Any]) -> None:
        for result in results:
            if result.command_status == COMMIT:  # sent together with the last statement
                SENT.record_commit()
            else:
                SENT.statements += 1
        check(self, results)

    counted.counts = True  # type: ignore[attr-defined]
    Cursor._check_results = counted  # type: ignore[method-assign]


def _record_commits(holder: Any) -> None:
    commit = holder._commit_gen

    def recorded(self: Any) -> Any:
        had_begun = self.pgconn.transaction_status != TransactionStatus.IDLE
        yield from commit(self)
        if had_begun and self.pgconn.transaction_status == TransactionStatus.IDLE:
            SENT.record_commit()

    holder._commit_gen = recorded

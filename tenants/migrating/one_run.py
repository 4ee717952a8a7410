"""Two runs at once must not come into each other's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

# Whatever number; nothing else here takes locks of this kind.
LOCK: Final = 7_463_627_043


@contextmanager
def only_one_run(tell: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other run is under way, and keep others waiting until this one has ended.

    The lock belongs to a connection of its own: it is gone when the process dies, and stays when
    the working connection is closed.
    """
    guard = connection.copy()
    try:
        with guard.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                tell("Another run is under way. Waiting until it has ended.")
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield
    finally:
        guard.close()

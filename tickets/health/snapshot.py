from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
# The server knows nothing of what jobs have in their arguments, and guesses that there are few:
# it would look through all of them again for each task (40,000 of each took seven minutes, and
# so it takes a second). And all rows are wanted, not the first ones soon.
MANY_ROWS = "SET LOCAL enable_nestloop = off; SET LOCAL cursor_tuple_fraction = 1.0;"


@contextmanager
def consistent_snapshot(*, reads_whole_tables: bool) -> Iterator[None]:
    """Read everything inside as it was at one moment.

    So a step that is being taken at this moment is seen before or after it, never in between.
    `reads_whole_tables`: whole tables are compared, rather than some of their rows looked up.
    """
    is_first = not connection.in_atomic_block
    with transaction.atomic():
        if is_first:
            with connection.cursor() as cursor:
                cursor.execute(SNAPSHOT + (MANY_ROWS if reads_whole_tables else ""))
        yield

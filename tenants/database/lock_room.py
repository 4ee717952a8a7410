"""Whether Postgres can hold the locks that many companies need.

A backup locks every table of every company at once, and with them their indexes and sequences: as
the wall filters the rows, each copy is a query that is planned. Where there is no room it fails,
and so may what others do at that moment. A person whose row is deleted is looked for in one table
of each company, and where they are found in all that points to it: that is less.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

logger = logging.getLogger(__name__)

# Locks for each company: one for each of its tables, indexes and sequences, and some for those to
# come. A test counts.
LOCKS_OF_A_COMPANY: Final = 300
_ROOM: Final = """
SELECT current_setting('max_locks_per_transaction')::bigint
       * (current_setting('max_connections')::bigint
          + current_setting('max_prepared_transactions')::bigint),
       (SELECT count(*) FROM public.tenants_company)
"""


def lack_of_locks() -> checks.Warning | None:
    """tenants.W013: what is too little, and what to do; None where there is room enough."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_ROOM)
        room, companies = cursor.fetchone()
        needed = companies * LOCKS_OF_A_COMPANY
        if room >= needed:
            return None
        cursor.execute("SELECT current_setting('max_connections')::bigint")
        (connected,) = cursor.fetchone()
    return checks.Warning(
        f"Postgres has room for {room} locks, and {companies} companies may need {needed} at once.",
        hint=(
            "A backup would fail, and may make others fail meanwhile. Set "
            f"max_locks_per_transaction to {-(-needed // connected)} or more, and start Postgres "
            "anew: “Sizes” in docs/running.md."
        ),
        id="tenants.W013",
    )


def warn_of_lack_of_locks() -> None:
    """Called before a server starts. A database that is away is met later."""
    try:
        lack = lack_of_locks()
    except DatabaseError:
        return
    if lack is not None:
        logger.warning("%s %s", lack.msg, lack.hint)


@checks.register(checks.Tags.database)
def check_room_for_locks(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_options: Any
) -> list[checks.CheckMessage]:
    """tenants.W013: there are more companies than the server can lock the tables of."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    try:
        lack = lack_of_locks()
    except DatabaseError:  # tenants.E012 says so, or there are no companies yet
        return []
    return [] if lack is None else [lack]

"""Whether the wall stands: said at the start, and by `manage.py check --database default`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from tenants.wall.pooler import SwappedConnectionError, ensure_connection_is_kept

logger = logging.getLogger(__name__)

# Row security does not concern these.
_STANDS_ABOVE: Final = """
SELECT current_user, rolsuper FROM pg_roles
 WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
"""
_DOWN: Final = "The wall between companies is down: the database's user {} stands above it."
_HINT: Final = (
    "Row security does not concern it, so that nothing in the database keeps companies apart if "
    "our code fails to. Everything works. Connect as a role without SUPERUSER and BYPASSRLS that "
    "owns the database: “The wall in the database” in docs/security.md says how."
)


def role_above_the_wall() -> str:
    """The name of the database's user where row security does not concern it; else nothing."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_STANDS_ABOVE)
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def ensure_wall() -> None:
    """Called before a server starts: warns where a superuser is connected.

    A database that is away is met later, by whoever needs it.

    Raises:
        SwappedConnectionError: a pooler would mix up the companies.
    """
    try:
        ensure_connection_is_kept(connections[DEFAULT_DB_ALIAS])
        name = role_above_the_wall()
    except DatabaseError:
        return
    if name:
        logger.warning("%s %s", _DOWN.format(name), _HINT)


@checks.register(checks.Tags.database)
def check_wall(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_options: Any
) -> list[checks.CheckMessage]:
    """tenants.W010: a superuser is connected. tenants.E011: a pooler swaps connections."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    try:
        name = role_above_the_wall()
        ensure_connection_is_kept(connections[DEFAULT_DB_ALIAS])
    except DatabaseError as error:
        return [checks.Error(f"The database cannot be asked: {error}", id="tenants.E012")]
    except SwappedConnectionError as error:
        return [checks.Error(str(error), id="tenants.E011")]
    if not name:
        return []
    return [checks.Warning(_DOWN.format(name), hint=_HINT, id="tenants.W010")]

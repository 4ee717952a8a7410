"""Django's database engine, by the name that stands in the settings: django-tenants', and more.

A connection in which a superuser works inside a company says so by one schema more in its
search_path: see tenants/wall.
"""

from __future__ import annotations

from typing import Any, Final

from django_tenants.postgresql_backend import base

# An empty schema; the policies of shared tables look whether it is on the search_path.
SUPERUSERS_INSIDE: Final = "ticketflower_superusers"


class DatabaseWrapper(base.DatabaseWrapper):
    """django-tenants' connection; the tenant says whether it is a superuser who has entered it."""

    def _get_cursor_search_paths(self) -> list[Any]:
        paths: list[Any] = super()._get_cursor_search_paths()
        if getattr(self.tenant, "is_entered_by_superuser", False):
            paths.append(SUPERUSERS_INSIDE)
        return paths

"""Django's database engine, by the name that stands in the settings: django-tenants', and more.

A connection inside a company says so by one schema more in its search_path, and where a superuser
works there by another one: see tenants/wall.
"""

from __future__ import annotations

from typing import Any, Final

from django_tenants.postgresql_backend import base
from django_tenants.utils import get_public_schema_name

from tenants.database.schema import PeopleHereSchemaEditor

# An empty schema. Postgres leaves out of a path what is not there: without this one, the path of a
# company whose schema is gone would be that of `public`: plans made outside would be used.
INSIDE: Final = "ticketflower_inside"
# An empty schema; the policies of shared tables look whether it is on the search_path.
SUPERUSERS_INSIDE: Final = "ticketflower_superusers"


class DatabaseWrapper(base.DatabaseWrapper):
    """django-tenants' connection; the tenant says whether it is a superuser who has entered it."""

    schema_name: str
    include_public_schema: bool
    SchemaEditorClass = PeopleHereSchemaEditor

    def _get_cursor_search_paths(self) -> list[Any]:
        paths: list[Any] = super()._get_cursor_search_paths()
        if self.include_public_schema and self.schema_name != get_public_schema_name():
            paths.append(INSIDE)
        if getattr(self.tenant, "is_entered_by_superuser", False):
            paths.append(SUPERUSERS_INSIDE)
        return paths

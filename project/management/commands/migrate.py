"""`migrate` and `migrate_schemas` are one command, as in django-tenants."""

from project.management.commands.migrate_schemas import Command

__all__ = ["Command"]

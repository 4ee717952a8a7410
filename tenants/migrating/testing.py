"""Migrations that no file has, and a database that they may spoil: for tests, and for bench/."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tenants.connection import use_public
from tenants.migrating.versions import forget_what_is_known
from tenants.testing_tools.databases import database_beside
from tenants.testing_tools.endings import end_what_tests_share


def one_more(name: str, app_label: str, *operations: Operation) -> Migration:
    """A migration that comes after all of its app."""
    migration: Any = Migration(name, app_label)
    migration.operations = list(operations)
    migration.dependencies = MigrationLoader(None).graph.leaf_nodes(app_label)
    added: Migration = migration
    return added


@contextmanager
def more_migrations(*migrations: Migration) -> Iterator[None]:
    """As if there were files of these; each may depend on the one before it."""
    usual = MigrationLoader.load_disk

    def load_disk(loader: MigrationLoader) -> None:
        usual(loader)
        for each in migrations:
            loader.disk_migrations[each.app_label, each.name] = each

    with mock.patch.object(MigrationLoader, "load_disk", load_disk):
        forget_what_is_known()
        try:
            yield
        finally:
            forget_what_is_known()
    forget_what_is_known()


@contextmanager
def database_of_its_own() -> Iterator[None]:
    """Let this process, and those that it starts, work on a copy of its database."""
    end_what_tests_share()  # a web server is connected to it, which could not be copied
    connection.close()  # likewise
    try:
        with (
            database_beside("copy", template=connection.settings_dict["NAME"]) as copy,
            mock.patch.dict(connection.settings_dict, {"NAME": copy}),
        ):
            use_public()
            try:
                yield
            finally:
                connection.close()
    finally:
        use_public()

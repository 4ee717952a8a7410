"""Migrates `public` of a test database in half the time.

Most migrations are of companies' tables: in `public` they make nothing and are only recorded. But
Django makes its models of all tables anew with each of their operations, which is most of what a
new database takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db import router
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

MODELS = "apps"  # of a state: kept in its `__dict__`, made where they are asked for and missing


class QuickExecutor(MigrationExecutor):
    """Makes no models for migrations that make nothing."""

    def migrate(self, *args: Any, **kwargs: Any) -> ProjectState:
        state = super().migrate(*args, **kwargs)
        _forget_stand_in(state)
        return state

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        if router.allow_migrate(self.connection.alias, migration.app_label):
            _forget_stand_in(state)
            return super().apply_migration(state, migration, fake, fake_initial)
        state.__dict__.pop(MODELS, None)
        self.record_migration(migration)
        state = migration.mutate_state(state, preserve=False)
        state.__dict__[MODELS] = None  # else Django makes them before the next migration
        return state


def _forget_stand_in(state: ProjectState) -> None:
    if state.__dict__.get(MODELS, state) is None:
        del state.__dict__[MODELS]


@contextmanager
def quick_migrations() -> Iterator[None]:
    with mock.patch("django.core.management.commands.migrate.MigrationExecutor", QuickExecutor):
        yield

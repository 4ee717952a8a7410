"""Makes a company's Postgres schema, in about a tenth of a second.

Running the migrations takes most of a second a company. So their SQL is collected once
in a process and replayed as one statement; `tenants/tests/test_provisioning.py` proves
that a schema made this way equals a migrated one, with its rows. A migration of data stops the
SQL where a new company needs it, and is run there; each must say whether one does
(`tenants/data_migrations.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection, router, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django_tenants.utils import schema_context, schema_exists

from tenants.data_migrations import DataMigration, undeclared_operations
from tenants.database.schema import PEOPLE_HERE
from tenants.errors import SchemaExistsError, UndeclaredDataMigrationError
from tenants.migrating.versions import version_of
from tenants.models import Company
from tenants.wall.build import build_wall

# Stands for the schema while the SQL is collected: with it, `allow_migrate` of the
# django-tenants router answers as it does for a company. No such schema is ever made.
TEMPLATE_SCHEMA = "a_company_to_be"


@dataclass(frozen=True)
class _Step:
    """SQL, and a migration of data that comes after it, with what the models were then."""

    sql: str
    data: DataMigration | None = None
    app_label: str = ""
    state: ProjectState | None = None
    version: str = ""  # of the last step: what the schema has then

    def take(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self.sql)
        if self.data is not None and self.state is not None:
            with connection.schema_editor(atomic=False) as editor:
                self.data.database_forwards(self.app_label, editor, self.state, self.state)
            connection.check_constraints()  # what waits for it would forbid changing the table


@functools.cache
def company_schema_steps() -> tuple[_Step, ...]:
    """What makes all tables of a company, with their first rows, and records its migrations.

    Raises:
        UndeclaredDataMigrationError: one does not say whether new companies need it.
    """
    with schema_context(TEMPLATE_SCHEMA):
        executor = MigrationExecutor(connection)
        executor.loader.applied_migrations = {}
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
        state = executor.loader.project_state(nodes=[], at_end=False)
        return tuple(_collect([migration for migration, _backwards in plan], state))


def ensure_declared(migrations: Iterable[Migration]) -> None:
    """Refuse migrations of companies' data that do not say whether new companies need them.

    Raises:
        UndeclaredDataMigrationError: there is one.
    """
    for migration in migrations:
        if not router.allow_migrate(connection.alias, migration.app_label):
            continue  # it concerns `public` alone
        for operation in undeclared_operations(migration):
            raise UndeclaredDataMigrationError(
                f"{migration.app_label}.{migration.name} has an operation that is no SQL "
                f"({operation.describe()}), so a new company would be made without it. Make it a "
                f"tenants.data_migrations.DataMigration, and say whether new companies need it."
            )


def _collect(migrations: Sequence[Migration], state: ProjectState) -> Iterator[_Step]:
    ensure_declared(migrations)
    with _collecting() as editor:
        editor.create_model(MigrationRecorder.Migration)
    statements: list[str] = list(editor.collected_sql)
    for migration in migrations:
        for part, data in _parts(migration):
            with _collecting() as editor:
                state = part.apply(state, editor, collect_sql=True)
            statements += editor.collected_sql
            if data is not None:
                yield _Step(_joined(statements), data, migration.app_label, state.clone())
                statements = []
    recorded = ", ".join(f"('{each.app_label}', '{each.name}', now())" for each in migrations)
    # Names of our own and the libraries' migration files, nothing that a person typed.
    statements.append(
        f"INSERT INTO django_migrations (app, name, applied) VALUES {recorded};"  # noqa: S608  # nosec B608
    )
    version = version_of((each.app_label, each.name) for each in migrations)
    yield _Step(_joined(statements), version=version)


def _collecting() -> Any:
    editor: Any = connection.schema_editor(collect_sql=True, atomic=False)
    editor.writes_keys_with_tables = True  # rows are added by the steps between
    return editor


def _parts(migration: Migration) -> Iterator[tuple[Migration, DataMigration | None]]:
    """A migration cut after each migration of data that new companies need."""
    before: list[Operation] = []
    for operation in migration.operations:
        if isinstance(operation, DataMigration) and operation.for_new_companies:
            yield _with(migration, before), operation
            before = []
        else:
            before.append(operation)
    yield _with(migration, before), None


def _with(migration: Migration, operations: list[Operation]) -> Migration:
    """A migration of the same name with these operations alone."""
    part: Any = Migration(migration.name, migration.app_label)
    part.operations = operations
    return cast("Migration", part)


def _joined(statements: Sequence[str]) -> str:
    return "\n".join(line for line in statements if not line.startswith("--"))


def provision(company: Company) -> None:
    """Make the schema of a company whose row stands in this transaction.

    Must run inside the transaction that made the row, so that a failure leaves neither.

    Raises:
        SchemaExistsError: a schema of that name is there already.
    """
    if schema_exists(company.schema_name):
        raise SchemaExistsError
    # Before any cursor is made: collecting switches the schema that a cursor begins in.
    steps = company_schema_steps()
    with transaction.atomic(), schema_context(company.schema_name):
        with connection.cursor() as cursor:
            # The name was checked by validate_schema_name: letters, digits, underscores.
            cursor.execute(
                f'CREATE SCHEMA "{company.schema_name}"'
                f" CREATE TABLE {PEOPLE_HERE} (id bigint PRIMARY KEY)"
            )
        for step in steps:
            step.take()
        build_wall(company.schema_name)
        company.schema_version = steps[-1].version
        company.save(update_fields=["schema_version"])
        with connection.cursor() as cursor:
            # Last of all: it locks the table of all people.
            cursor.execute("SELECT public.ticketflower_tie_people_here(%s)", [company.schema_name])

"""Makes a company's Postgres schema, in about a sixth of a second; or takes one that was made ahead
(tenants/spare_schemas) in a tenth of that.

Running the migrations takes most of a second a company. So their SQL is collected once, kept in
the database for all processes (collecting takes seconds) and replayed as one statement;
`tenants/tests/test_provisioning.py` proves that a schema made this way equals a migrated one, with
its rows. A migration of data stops the SQL where a new company needs it, and is run there; each
must say whether one does (`tenants/migrating/data_migrations.py`). Then nothing is kept: each
process collects.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

from django.apps import apps
from django.db import connection, router, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django_tenants.utils import schema_context, schema_exists

from tenants.database.schema import PEOPLE_HERE
from tenants.errors import SchemaExistsError, UndeclaredDataMigrationError
from tenants.migrating.data_migrations import DataMigration, undeclared_operations
from tenants.migrating.versions import version_of
from tenants.models import Company, NewCompanyTables
from tenants.wall.build import build_wall

# Stands for the schema while the SQL is collected: with it, `allow_migrate` of the
# django-tenants router answers as it does for a company. No such schema is ever made.
TEMPLATE_SCHEMA = "a_company_to_be"
# What writes the SQL, besides our own files.
_LIBRARIES: Final = ("Django", "django-tenants", "psycopg")
_HERE: Final = Path(__file__).parent


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

    Called in `public`. What another process has kept is taken, else it is collected and kept.

    Raises:
        UndeclaredDataMigrationError: one does not say whether new companies need it.
    """
    source = _source()
    kept = None if source is None else NewCompanyTables.objects.filter(source=source).first()
    if kept is not None:
        return (_Step(kept.statements, version=kept.schema_version),)
    steps = _collect_steps()
    if source is not None and len(steps) == 1:
        _keep(source, steps[0])
    return steps


def keep_company_schema() -> None:
    """Collect it now, so that nobody who signs up waits for that; delete what is kept of others.

    What runs another version of the code has its own in memory, or keeps it once more.

    Raises:
        UndeclaredDataMigrationError: as `company_schema_steps`.
    """
    company_schema_steps()
    source = _source()
    NewCompanyTables.objects.exclude(source=source or "").delete()


@functools.cache
def company_schema_source() -> str | None:
    """The `source_digest` of this code."""
    return _source()


def _source() -> str | None:
    return source_digest(each for each, _state in _plan())


def source_digest(migrations: Iterable[Migration]) -> str | None:
    """A digest of all that the SQL is made from; None where something of it is in no file.

    Those are the files of the migrations and of the models, which migrations name, and the ones
    that write the SQL. 64 hexadecimal digits.
    """
    digest = hashlib.sha256(" ".join(version(each) for each in _LIBRARIES).encode())
    folders = [_HERE / "database", *(Path(app.path) / "models" for app in apps.get_app_configs())]
    files = [Path(__file__), *(file for folder in folders for file in folder.rglob("*.py"))]
    for migration in migrations:
        path = getattr(sys.modules.get(type(migration).__module__), "__file__", None)
        if path is None or Path(path).stem != migration.name:
            return None
        files.append(Path(path))
    try:
        for file in sorted(files):
            digest.update(f"{file.parent.parent.name}/{file.name}\n".encode())
            digest.update(file.read_bytes())
    except OSError:
        return None
    return digest.hexdigest()


def _keep(source: str, step: _Step) -> None:
    """For the other processes; of those that collect at the same time the first one's stays."""
    row = NewCompanyTables(source=source, statements=step.sql, schema_version=step.version)
    NewCompanyTables.objects.bulk_create([row], ignore_conflicts=True)


def _plan() -> list[tuple[Migration, bool]]:
    """All migrations, in their order."""
    executor = MigrationExecutor(connection)
    executor.loader.applied_migrations = {}
    return executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)


def _collect_steps() -> tuple[_Step, ...]:
    """From the migrations themselves: some seconds of work."""
    with schema_context(TEMPLATE_SCHEMA):
        state = MigrationLoader(None).project_state(nodes=[], at_end=False)
        return tuple(_collect([migration for migration, _backwards in _plan()], state))


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
                f"tenants.migrating.data_migrations.DataMigration, and say whether new companies "
                f"need it."
            )


def _collect(migrations: Sequence[Migration], state: ProjectState) -> Iterator[_Step]:
    ensure_declared(migrations)
    with _collecting() as editor:
        editor.create_model(MigrationRecorder.Migration)
    statements: list[str] = list(editor.collected_sql)
    for migration in migrations:
        if not router.allow_migrate(connection.alias, migration.app_label):
            state = _passed(state, migration)
            continue
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


def _passed(state: ProjectState, migration: Migration) -> ProjectState:
    """What a migration says that makes nothing here. Most of what one takes is to make the models
    anew with each operation: they are let go, and are made where the next SQL asks for them."""
    state.__dict__.pop("apps", None)
    return migration.mutate_state(state, preserve=False)


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
    """Make the schema of a company whose row stands in this transaction, or take a spare one.

    Must run inside the transaction that made the row, so that a failure leaves neither.

    Raises:
        SchemaExistsError: a schema of that name is there already.
    """
    if schema_exists(company.schema_name):
        raise SchemaExistsError
    schema = company.schema_name
    with transaction.atomic():
        company.schema_version = _take_spare(schema) or make_company_tables(schema)
        company.save(update_fields=["schema_version"])
        with connection.cursor() as cursor:
            # Last of all: it locks the table of all people.
            cursor.execute("SELECT public.ticketflower_tie_people_here(%s)", [schema])


def make_company_tables(schema: str) -> str:
    """Make a schema with all tables of a company, that nobody is tied to; returns its version.

    Its name must need no quoting (`validate_schema_name`).
    """
    # Before any cursor is made: collecting switches the schema that a cursor begins in.
    steps = company_schema_steps()
    with transaction.atomic(), schema_context(schema):
        with connection.cursor() as cursor:
            cursor.execute(
                f'CREATE SCHEMA "{schema}" CREATE TABLE {PEOPLE_HERE} (id bigint PRIMARY KEY)'
            )
        for step in steps:
            step.take()
        build_wall(schema)
    return steps[-1].version


def _take_spare(schema: str) -> str | None:
    """Give a spare schema of this version of the code this name; returns its version.

    None: there is none, or whatever reads all tables (a backup) holds it.
    """
    source = company_schema_source()
    if source is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.ticketflower_take_spare_schema(%s, %s)", [source, schema])
        (version,) = cursor.fetchone()
        return None if version is None else str(version)

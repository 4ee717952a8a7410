"""The SQL that brings companies from one set of migrations to all of them, made once for all.

What cannot be made once is left to Django's own executor, in each company, for that migration
alone: code (RunPython), what asks the database for something (the name of a constraint, say), what
must not run in a transaction, and a new column whose default a function makes: each company is to
have values of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, router
from django.db.migrations import AddField, AlterField, Migration, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED
from psycopg import sql

from tenants.connection import company_of
from tenants.migrating.data_migrations import runs_code
from tenants.migrating.versions import MigrationKey, version_of

# Makes the rows that wait for the end of the transaction be checked, as a commit in between would:
# a table with such rows cannot be altered.
_CHECK_NOW: Final = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"
# In the same transaction: whoever reads the version reads the truth.
_WRITE_VERSION: Final = sql.SQL(
    "UPDATE public.tenants_company SET schema_version = {} WHERE schema_name = current_schema();"
)
# Callable defaults that are the same wherever they are called.
CONSTANTS: Final = (dict, list, set, tuple, str, bytes, int, float, bool)


@dataclass(frozen=True)
class Replay:
    """Migrations as SQL, recorded by it: the same text for every company of a group."""

    migrations: tuple[Migration, ...]
    sql: str

    def __str__(self) -> str:
        names = ", ".join(f"{each.app_label}.{each.name}" for each in self.migrations)
        return names or "squashed migrations"


@dataclass(frozen=True)
class Standard:
    """A migration that Django's executor runs in each company, and the models before it."""

    migration: Migration
    executor: MigrationExecutor
    state: ProjectState
    version: str

    def __str__(self) -> str:
        return f"{self.migration.app_label}.{self.migration.name}"


type Step = Replay | Standard


class _AsksDatabaseError(Exception):
    """A migration wants to know something that each company has for itself."""


def collect_steps(schema: str) -> list[Step]:
    """What a company lacks, in order; it serves all that have the same migrations recorded.

    Empty: nothing. A run of migrations that can be replayed is one step.
    """
    with company_of(schema):
        executor = MigrationExecutor(connection)
        loader = executor.loader
        # Not the loader's: it counts what was squashed as applied, also where it is not recorded.
        applied = frozenset(executor.recorder.applied_migrations())
        plan = [each for each, _backwards in executor.migration_plan(loader.graph.leaf_nodes())]
        state = loader.project_state([each for each in applied if each in loader.graph.nodes])
        return list(_collect(executor, plan, state, applied))


def _squashed(
    replacements: dict[MigrationKey, Migration], applied: frozenset[MigrationKey]
) -> set[MigrationKey]:
    """Migrations that stand for others, all of which are applied: nothing but to be recorded."""
    return {
        key
        for key, migration in replacements.items()
        if key not in applied and all(each in applied for each in migration.replaces)
    }


def _collect(
    executor: MigrationExecutor,
    plan: Sequence[Migration],
    state: ProjectState,
    applied: frozenset[MigrationKey],
) -> Iterator[Step]:
    waiting: list[Migration] = []
    only_record = _squashed(executor.loader.replacements, applied)
    statements = _recording(only_record)
    applied |= only_record
    for migration in plan:
        collected = sql_of(migration, state)
        if collected is None and statements:
            yield _replay(waiting, statements, applied)
            waiting, statements = [], []
        applied |= recorded_as(migration)
        if collected is None:
            yield Standard(migration, executor, state.clone(), version_of(applied))
            state = migration.mutate_state(state, preserve=False)
            continue
        waiting.append(migration)
        statements += [*collected.statements, *_recording(recorded_as(migration))]
        if collected.statements:
            statements.append(_CHECK_NOW)
        state = collected.state
    if statements:
        yield _replay(waiting, statements, applied)


def _replay(
    migrations: Iterable[Migration], statements: Iterable[str], applied: Iterable[MigrationKey]
) -> Replay:
    version = _WRITE_VERSION.format(sql.Literal(version_of(applied))).as_string()
    return Replay(tuple(migrations), "\n".join([*statements, version]))


@dataclass(frozen=True)
class Collected:
    """The statements of a migration, and the models after it."""

    statements: list[str]
    state: ProjectState


def sql_of(migration: Migration, state: ProjectState) -> Collected | None:
    """Its statements in the active company, where `state` is what comes before it; None where
    they are not the same for every company. `state` stays as it is."""
    if not router.allow_migrate(connection.alias, migration.app_label):
        return Collected([], migration.mutate_state(state))  # it concerns `public` alone
    if (
        not migration.atomic
        or runs_code(migration.operations)
        or _makes_values(migration.operations)
    ):
        return None
    after = state.clone()
    try:
        # In a transaction, as it will be run; nothing is sent. Some only make a cursor: the first
        # one would select the schema.
        with (
            connection.schema_editor(collect_sql=True) as editor,
            connection.cursor(),
            connection.execute_wrapper(_refuse),
        ):
            after = migration.apply(after, editor, collect_sql=True)
    except _AsksDatabaseError:
        return None
    return Collected(without_comments(editor.collected_sql), after)


def _refuse(execute: Callable[..., Any], query: str, *args: Any) -> Any:
    raise _AsksDatabaseError(query)


def _makes_values(operations: Iterable[Operation]) -> bool:
    """Whether a function makes what existing rows get."""
    for each in operations:
        if isinstance(each, SeparateDatabaseAndState):
            if _makes_values(each.database_operations):
                return True
        elif isinstance(each, AddField | AlterField):
            default = each.field.default
            if default is not NOT_PROVIDED and callable(default) and default not in CONSTANTS:
                return True
    return False


def without_comments(statements: Iterable[str]) -> list[str]:
    """Without those that are nothing but a comment."""
    return [
        each
        for each in statements
        if not all(line.startswith("--") for line in each.strip().splitlines())
    ]


def recorded_as(migration: Migration) -> frozenset[MigrationKey]:
    """What stands in django_migrations once it is applied: what it replaces, too."""
    return frozenset({(migration.app_label, migration.name), *migration.replaces})


def _recording(keys: Collection[MigrationKey]) -> list[str]:
    if not keys:
        return []
    rows = sql.SQL(", ").join(
        sql.SQL("({}, {}, now())").format(sql.Literal(app), sql.Literal(name))
        for app, name in sorted(keys)
    )
    query = sql.SQL("INSERT INTO django_migrations (app, name, applied) VALUES {};").format(rows)
    return [query.as_string()]

"""Brings the schemas of companies up to date: all that can be is replayed from SQL made once."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from django.db import OperationalError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg import errors

from tenants.connection import PUBLIC, company_of, use_alone, use_public
from tenants.errors import SharedTablesInUseError
from tenants.migrating.collecting import Replay, Standard, Step, collect_steps
from tenants.migrating.versions import (
    MigrationKey,
    recorded_migrations,
    version_of,
    wanted_migrations,
)

type Tell = Callable[[str], None]

# How long one waits for a table that others use. People's requests queue up behind who waits.
LOCK_SECONDS: Final = 2
# Nobody waits for the disk: what a crash of Postgres may take away is done by the next run.
IN_EACH: Final = f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'; SET LOCAL synchronous_commit = off;"
# For the table of all people, which every request reads, not even that long.
PEOPLE_LOCK_MS: Final = 200
# After so many seconds those are tried again whose tables were in use.
PAUSES: Final = (0.0, 1.0, 2.0, 4.0, 8.0)
# A connection keeps what it has read of every table: it is made anew after so many companies.
COMPANIES_PER_CONNECTION: Final = 200
# So often (seconds) a line says how far it is.
TELL_EVERY: Final = 1.0
# The end of another transaction is all that these wait for.
PASSES: Final = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)
IN_USE: Final = "its tables were in use all the time"
SHARED_IN_USE: Final = "tables that all companies share were in use all the time"
NO_SCHEMA: Final = "its schema is not there"
TRYING_AGAIN: Final = "Tables that all companies share are in use. Trying again."


@dataclass
class Outcome:
    """How a run ended: how many companies there are, and why some of them are still behind."""

    companies: int = 0
    upgraded: int = 0
    # {schema: the reason}
    failures: dict[str, str] = field(default_factory=dict)


def upgrade_companies(
    *,
    schemas: Sequence[str] | None,
    tell: Tell,
    pauses: Sequence[float] = PAUSES,
) -> Outcome:
    """Apply to companies the migrations that they lack; `schemas` None: to all companies.

    `public` must be up to date, and no other run under way (`only_one_run`). Each company is
    changed in a transaction of its own, so that a process that is killed leaves each as it was, or
    up to date; only where a migration runs by itself (`Standard`) several transactions follow each
    other. One that fails does not stop the others. Where tables are in use, the company is
    tried again later, after each of the `pauses` (seconds). Where it is the table of all people, so
    are all that are left: each of them would keep everybody waiting for it. As long as something is
    done each time, be it a part of one company, the pauses begin anew.

    Raises:
        OperationalError: the connection to the database is lost.
    """
    names = _schemas(schemas)
    run = _Run(tell, Outcome(len(names)))
    left = list(pauses)
    while names and left:
        time.sleep(left.pop(0))
        before = _triggers_of_people()
        names = run.go_round(names)
        if run.shared_in_use and _triggers_of_people() < before:
            left = list(pauses[1:])
    reason = SHARED_IN_USE if run.shared_in_use else IN_USE
    run.outcome.failures |= dict.fromkeys(names, reason)
    return run.outcome


def upgrade_shared(
    migrate: Callable[[], None], *, tell: Tell, pauses: Sequence[float] = PAUSES
) -> None:
    """Migrate `public` with `migrate`, which goes on where it was broken off.

    Its tables are everybody's, and old servers use them meanwhile: so one waits for them as short
    a time as for those of a company, and tries again after each of the `pauses` (seconds).

    Raises:
        SharedTablesInUseError: they were in use all the time.
    """
    for pause in pauses:
        time.sleep(pause)
        try:
            with waiting_not_long():
                migrate()
        except OperationalError as error:
            if not connection.is_usable() or not _passes(error):
                raise
            use_public()
            tell(TRYING_AGAIN)
        else:
            return
    raise SharedTablesInUseError


def _schemas(wanted: Sequence[str] | None) -> list[str]:
    """In the order in which they were made."""
    if wanted is not None:
        return list(wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT schema_name FROM public.tenants_company ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


class _Run:
    def __init__(self, tell: Tell, outcome: Outcome) -> None:
        self.tell = tell
        self.outcome = outcome
        # Whether that ended the last round.
        self.shared_in_use = False
        self._told_at = time.monotonic()
        self._since_connected = 0
        self._without_people: set[str] = set()

    def go_round(self, schemas: Sequence[str]) -> list[str]:
        """Try each of these once, or those before one for which a table that all companies share
        was in use; those that have to be tried again."""
        self.shared_in_use = False
        again: list[str] = []
        groups = self._groups(schemas)
        total = sum(map(len, groups.values()))
        done = 0
        self._without_people = _without_people_here(schemas)
        for members in groups.values():
            steps = [] if self.shared_in_use else self._steps_of(members)
            for schema in members:
                if self.shared_in_use or (steps is not None and not self._bring_up(schema, steps)):
                    again.append(schema)
                if not self.shared_in_use:
                    done += 1
                    self._tell_how_far(done, total)
        if self.shared_in_use:
            self.tell(TRYING_AGAIN)
        return again

    def _steps_of(self, members: Sequence[str]) -> list[Step] | None:
        """None where nobody can say them: what the group has recorded makes no sense."""
        try:
            steps = collect_steps(members[0])
        except Exception as error:  # the other groups go on
            if not connection.is_usable():
                raise
            self.outcome.failures |= dict.fromkeys(members, _in_one_line(error))
            return None
        for step in steps:
            how = "in one go" if isinstance(step, Replay) else "one company after the other"
            self.tell(f"{step}: for {len(members)} companies, {how}.")
        return steps

    def _groups(self, schemas: Sequence[str]) -> dict[frozenset[MigrationKey], list[str]]:
        """Those that lack something, by what they have. The versions of the others are put right,
        where a run broke off before it wrote them."""
        recorded = self._recorded(schemas)
        groups: dict[frozenset[MigrationKey], list[str]] = defaultdict(list)
        complete: dict[frozenset[MigrationKey], list[str]] = defaultdict(list)
        for schema in schemas:
            if (has := recorded.get(schema)) is None:
                continue
            (complete if wanted_migrations() <= has else groups)[has].append(schema)
        for has, members in complete.items():
            _write_version(version_of(has), members)
        return groups

    def _recorded(self, schemas: Sequence[str]) -> dict[str, frozenset[MigrationKey]]:
        recorded = recorded_migrations(schemas)
        missing = [each for each in schemas if each not in recorded]
        there = _existing(missing)
        for schema in missing:
            if schema in there:
                _make_table(schema)
                recorded[schema] = frozenset()
            else:
                self.outcome.failures[schema] = NO_SCHEMA
        return recorded

    def _bring_up(self, schema: str, steps: Iterable[Step]) -> bool:
        """False where it has to be tried again."""
        self._keep_connection_small()
        if schema in self._without_people and not _make_people_here(schema):
            self.shared_in_use = True
            return False
        for step in steps:
            try:
                _take(step, schema)
            except Exception as error:  # whatever a migration raises: the others go on
                if not connection.is_usable():
                    raise
                if _passes(error):
                    self.shared_in_use = _is_about_shared(error)
                    return False
                self.outcome.failures[schema] = f"{step}: {_in_one_line(error)}"
                return True
        self.outcome.upgraded += 1
        return True

    def _keep_connection_small(self) -> None:
        self._since_connected += 1
        if self._since_connected > COMPANIES_PER_CONNECTION and not connection.in_atomic_block:
            connection.close()
            self._since_connected = 0

    def _tell_how_far(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._told_at >= TELL_EVERY:
            self._told_at = now
            self.tell(f"{done} of {total} companies ({100 * done // total} %)")


def _take(step: Step, schema: str) -> None:
    with company_of(schema):
        if isinstance(step, Standard) and not step.migration.atomic:
            with waiting_not_long():
                _run_standard(step, schema)
            return
        # All of it or nothing, with what is recorded of it.
        with transaction.atomic(), connection.cursor() as cursor:
            if isinstance(step, Standard):
                cursor.execute(IN_EACH)
                _run_standard(step, schema)
            else:
                cursor.execute(f"{IN_EACH}\n{step.sql}")


def _run_standard(step: Standard, schema: str) -> None:
    _ = step.state.apps  # made once: the copies of all companies begin with it
    step.executor.apply_migration(step.state.clone(), step.migration)
    if step.migration.replaces:
        step.executor.check_replacements()
    _write_version(step.version, [schema])


@contextmanager
def waiting_not_long() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


def _write_version(version: str, schemas: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.tenants_company SET schema_version = %s"
            " WHERE schema_name = ANY(%s) AND schema_version <> %s",
            [version, list(schemas), version],
        )


def write_versions() -> None:
    """Write of every company which version its schema has, where something else migrated it."""
    recorded = recorded_migrations()
    if ("tenants", "0009_company_schema_version") not in recorded.get(PUBLIC, ()):
        return  # there is no place for it yet
    groups: dict[frozenset[MigrationKey], list[str]] = defaultdict(list)
    for schema, has in recorded.items():
        groups[has].append(schema)
    for has, members in groups.items():
        _write_version(version_of(has), members)


def _existing(schemas: Sequence[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(schemas)])
        return {row[0] for row in cursor.fetchall()}


def _triggers_of_people() -> int:
    """Each foreign key that points there has two: the fewer, the further a run has come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.tenants_user'::regclass"
        )
        [(count,)] = cursor.fetchall()
    return int(count)


def _without_people_here(schemas: Sequence[str]) -> set[str]:
    """Those that lack the table, where `public` has the function that makes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace AS n WHERE nspname = ANY(%s) AND NOT EXISTS"
            " (SELECT FROM pg_class WHERE relname = 'people_here' AND relnamespace = n.oid)"
            " AND to_regprocedure('public.ticketflower_make_people_here(text)') IS NOT NULL",
            [list(schemas)],
        )
        return {row[0] for row in cursor.fetchall()}


def _make_people_here(schema: str) -> bool:
    """In a transaction of its own: whoever changes people waits for its end. False: the table of
    all people was in use."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{IN_EACH} SET LOCAL lock_timeout = {PEOPLE_LOCK_MS};")
            cursor.execute("SELECT public.ticketflower_make_people_here(%s)", [schema])
    except OperationalError as error:
        if not connection.is_usable() or not _passes(error):
            raise
        return False
    return True


def _make_table(schema: str) -> None:
    """Make django_migrations: without it, that of `public` would be taken for the company's."""
    use_alone(schema)
    try:
        MigrationRecorder(connection).ensure_schema()
    finally:
        use_public()


def _passes(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and isinstance(error.__cause__, PASSES)


def _is_about_shared(error: BaseException) -> bool:
    """Whether what was waited for is a table of `public`, where the migration says that."""
    cause = error.__cause__
    return isinstance(cause, errors.Error) and cause.diag.schema_name == PUBLIC


def _in_one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"

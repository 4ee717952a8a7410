"""Which migrations a schema has, and whether they are all that this code needs.

`Company.schema_version` is a digest of the migrations that the company's schema has recorded. It
comes with the person of a request, so that a page knows without another query whether its company
is up to date. An old version of the code meets schemas that have more migrations than it knows:
they serve it as well, so an unknown digest is looked up once in a process.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tenants.connection import PUBLIC, company_of
from tenants.errors import CompanyBehindError
from tenants.schema_names import SPARE

# App label and name.
type MigrationKey = tuple[str, str]

# So many tables are read by one query: more take longer to plan, and each takes a lock.
AT_ONCE: Final = 100


class HasVersion(Protocol):
    """A company, as this module knows it: the models stand above."""

    @property
    def schema_name(self) -> str: ...
    @property
    def schema_version(self) -> str: ...


@functools.cache
def wanted_migrations() -> frozenset[MigrationKey]:
    """The migrations that this code comes with. Every schema records all of them, `public` too."""
    return frozenset(MigrationLoader(None).graph.nodes)


def version_of(migrations: Iterable[MigrationKey]) -> str:
    """A digest of migrations, for `Company.schema_version`: 32 hexadecimal digits."""
    text = "\n".join(sorted(f"{app}.{name}" for app, name in migrations))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def recorded_migrations(schemas: Iterable[str] | None = None) -> dict[str, frozenset[MigrationKey]]:
    """The migrations that each of these schemas has recorded (None: every schema that there is, but
    for those that wait for a company).

    A schema without the table is left out. One query for each AT_ONCE schemas.
    """
    with company_of(PUBLIC):  # inside another company nothing is seen of one
        return _recorded(schemas)


def _recorded(schemas: Iterable[str] | None) -> dict[str, frozenset[MigrationKey]]:
    with connection.cursor() as cursor:
        if schemas is None:
            cursor.execute(
                "SELECT schemaname FROM pg_tables"
                " WHERE tablename = 'django_migrations' AND NOT starts_with(schemaname, %s)",
                [SPARE],
            )
        else:  # by the index of names, also where there are very many tables
            cursor.execute(
                "SELECT name FROM unnest(%s::text[]) AS name"
                " WHERE to_regclass(quote_ident(name) || '.django_migrations') IS NOT NULL",
                [list(schemas)],
            )
        found = [row[0] for row in cursor.fetchall()]
    recorded: dict[str, frozenset[MigrationKey]] = {}
    for start in range(0, len(found), AT_ONCE):
        recorded |= _read(found[start : start + AT_ONCE])
    return recorded


# The same names come from each of a thousand schemas: kept once.
@functools.cache
def _set_of(text: str) -> frozenset[MigrationKey]:
    return frozenset(
        (app, name) for app, _, name in (line.partition(".") for line in text.split("\n") if line)
    )


def _read(schemas: list[str]) -> Mapping[str, frozenset[MigrationKey]]:
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL(r"SELECT {}, string_agg(app || '.' || name, E'\n') FROM {}").format(
            sql.Literal(schema), sql.Identifier(schema, "django_migrations")
        )
        for schema in schemas
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {schema: _set_of(text or "") for schema, text in cursor.fetchall()}


class _Known:
    """What this process has found out. What is applied stays applied."""

    public: ClassVar[bool] = False
    complete: ClassVar[set[str]] = set()  # versions that have everything
    schemas: ClassVar[set[str]] = set()  # schemas that have

    @classmethod
    def forget(cls) -> None:
        cls.public, cls.complete, cls.schemas = False, set(), set()


def forget_what_is_known() -> None:
    """Look anew: for tests, and after a migration was undone."""
    _Known.forget()
    wanted_migrations.cache_clear()


def is_public_up_to_date() -> bool:
    """Whether `public` has all migrations of this code. One query, until it has."""
    if not _Known.public:
        _Known.public = _has_everything(PUBLIC)
    return _Known.public


def is_up_to_date(company: HasVersion) -> bool:
    """Whether a company's schema has all migrations of this code.

    No query where its version is known to have everything.
    """
    version = company.schema_version
    if not _Known.complete:
        _Known.complete.add(version_of(wanted_migrations()))
    if version in _Known.complete:
        return True
    recorded = recorded_migrations([company.schema_name]).get(company.schema_name, frozenset())
    if not wanted_migrations() <= recorded:
        return False
    # Where the two differ a run broke off between both: others of that version may lack something.
    if version_of(recorded) == version:
        _Known.complete.add(version)
    return True


def ensure_up_to_date(company: HasVersion) -> None:
    """Refuse to work in a company that is behind.

    Raises:
        CompanyBehindError: its schema lacks a migration.
    """
    if not is_up_to_date(company):
        raise CompanyBehindError


def ensure_schema_up_to_date(schema: str) -> None:
    """As above, where only the schema is known. One query, until it is up to date.

    Raises:
        CompanyBehindError: its schema lacks a migration.
    """
    if schema in _Known.schemas:
        return
    if not _has_everything(schema):
        raise CompanyBehindError
    _Known.schemas.add(schema)


@dataclass(frozen=True)
class _Row:
    schema_name: str
    schema_version: str


def count_companies() -> tuple[int, int]:
    """How many active companies are up to date, and how many are behind. One query, most often."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_version, min(schema_name), count(*) FROM public.tenants_company"
            " WHERE is_active GROUP BY schema_version"
        )
        rows = cursor.fetchall()
    counts = [(is_up_to_date(_Row(schema, version)), count) for version, schema, count in rows]
    return (
        sum(count for complete, count in counts if complete),
        sum(count for complete, count in counts if not complete),
    )


def complete_versions() -> list[str]:
    """Of the versions that companies have, those that have everything.

    One query, and two for each that this process does not know yet, however many companies.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_version, min(schema_name) FROM public.tenants_company"
            " GROUP BY schema_version"
        )
        rows = cursor.fetchall()
    return [
        version
        for version, schema in rows
        if is_up_to_date(_Row(schema, version)) and version in _Known.complete
    ]


def companies_behind[C: HasVersion](companies: Iterable[C]) -> list[C]:
    """Those of these companies that are behind.

    No query where all have a version that is known to have everything; else two for each AT_ONCE
    companies.
    """
    if not _Known.complete:
        _Known.complete.add(version_of(wanted_migrations()))
    unknown = [each for each in companies if each.schema_version not in _Known.complete]
    behind = schemas_behind(each.schema_name for each in unknown) if unknown else set()
    return [each for each in unknown if each.schema_name in behind]


def has_pending_migrations() -> bool:
    """Whether `public` or any other schema lacks a migration of this code."""
    wanted, recorded = wanted_migrations(), recorded_migrations()
    return PUBLIC not in recorded or not all(wanted <= each for each in recorded.values())


def schemas_behind(schemas: Iterable[str]) -> set[str]:
    """Those of these schemas that lack a migration, or are not there at all."""
    listed = list(schemas)
    wanted, recorded = wanted_migrations(), recorded_migrations(listed)
    return {each for each in listed if not wanted <= recorded.get(each, frozenset())}


def _has_everything(schema: str) -> bool:
    return not schemas_behind([schema])

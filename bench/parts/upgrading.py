"""What a new version costs with many companies, and signing up beside them: ours and the standard
way, in turn, in one database."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection, migrations, models
from django.test import override_settings

from bench.measuring.report import Row
from tenants.connection import use_public
from tenants.migrating.testing import more_migrations, one_more
from tenants.models import Company, SpareSchema
from tenants.services import create_company
from tenants.spare_schemas.keep import keep_spares

# The standard way takes so long that it is tried with a few of the companies.
STANDARD_COMPANIES = 5
SIGN_UPS = 10
STANDARD_SIGN_UPS = 1
# A connection that has made very many companies is slower than one that serves people.
COMPANIES_PER_CONNECTION = 50

NOTHING, COLUMN, SIGN_UP = "nothing to do", "one column more", "signing up"
SPARE_WAITED, NONE_WAITED = "a spare schema was there", "no spare schema was there"


def upgrade_rows(companies: int) -> list[Row]:
    """Rows of the table: seconds in all, and milliseconds a company."""
    _fill_up(companies)
    schemas = list(Company.objects.values_list("schema_name", flat=True))
    some = schemas[:STANDARD_COMPANIES]
    column: Any = models.TextField(null=True)
    migration = one_more("9999_bench", "tickets", migrations.AddField("ticket", "bench", column))
    rows = [
        _row(f"{NOTHING}: migrate_schemas", companies, _migrate),
        _row(f"{NOTHING}: the standard way", len(some), lambda: _migrate_standard(some)),
    ]
    with more_migrations(migration):
        _migrate(shared=True)
        rows.append(_row(f"{COLUMN}: the standard way", len(some), lambda: _migrate_standard(some)))
        rows.append(_row(f"{COLUMN}: migrate_schemas", companies - len(some), _migrate))
        _migrate(app_label="tickets", migration_name=migration.dependencies[0][1], shared=True)
    return rows


def sign_up_rows(companies: int) -> list[Row]:
    """Making one more company: with a spare schema, as most do, with none, and the standard way."""
    spare = _signing_up(1, spares=SIGN_UPS)
    none = _signing_up(2, spares=0)
    standard = [_seconds(partial(_make_standard, number)) for number in range(STANDARD_SIGN_UPS)]
    return [
        {"what": f"{SIGN_UP} at {companies:,} companies: {how}", "ms a company": _median_ms(all_)}
        for how, all_ in (
            (SPARE_WAITED, spare),
            (NONE_WAITED, none),
            ("the standard way", standard),
        )
    ]


def _signing_up(which: int, *, spares: int) -> list[float]:
    """Seconds of each; either a spare schema waits for all of them or for none."""
    with override_settings(SPARE_SCHEMAS=spares):
        keep_spares()
    connection.close()  # what made them knows them
    seconds = [_seconds(partial(_sign_up, SIGN_UPS * which + number)) for number in range(SIGN_UPS)]
    if SpareSchema.objects.exists():
        raise RuntimeError("Not every sign-up took the spare schema that was there for it.")
    return seconds


def _fill_up(companies: int) -> None:
    for number in range(Company.objects.count(), companies):
        if number % COMPANIES_PER_CONNECTION == 0:
            connection.close()
        create_company(name=f"Upgraded {number}", schema_name=f"upgraded_{number}")


def _sign_up(number: int) -> None:
    create_company(name=f"More {number}", schema_name=f"more_{number}")


def _make_standard(number: int) -> None:
    schema = f"standard_{number}"
    Company.objects.create(name=schema, schema_name=schema)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
    _migrate_standard([schema])


def _migrate_standard(schemas: Sequence[str]) -> None:
    for schema in schemas:
        _migrate(schema_name=schema, executor="standard")


def _migrate(**options: Any) -> None:
    with redirect_stdout(io.StringIO()) as said:
        call_command("migrate_schemas", stdout=said, **options)
    use_public()


def _row(what: str, companies: int, call: Callable[[], None]) -> Row:
    seconds = _seconds(call)
    each = 1000 * seconds / companies
    return {
        "what": what,
        "companies": companies,
        "seconds": round(seconds, 2),
        "ms a company": round(each, 2),
    }


def _seconds(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _median_ms(seconds: Sequence[float]) -> float:
    return round(1000 * sorted(seconds)[len(seconds) // 2], 1)

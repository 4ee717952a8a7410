"""Keeps a few spare schemas of this version of the code, and drops all others."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from tenants.connection import PUBLIC, company_of, looking_at_many_companies
from tenants.database.drop_schema import drop_schema
from tenants.migrating.versions import is_public_up_to_date
from tenants.models import SpareSchema
from tenants.provisioning import company_schema_source, company_schema_steps, make_company_tables
from tenants.schema_names import SPARE

# While two versions run beside each other each has its own.
KEEP_OF_OTHERS: Final = timedelta(hours=1)
# Whoever changes people waits meanwhile.
_PEOPLE_LOCK: Final = "200ms"
# Rows whose schema somebody has dropped go with those that are not wanted.
_FORGET: Final = """
DELETE FROM public.tenants_spareschema WHERE schema_name IN (
    SELECT schema_name FROM public.tenants_spareschema AS spare
     WHERE (source = %(source)s AND schema_name NOT IN (
               SELECT schema_name FROM public.tenants_spareschema
                WHERE source = %(source)s ORDER BY made_at LIMIT %(keep)s))
        OR (source <> %(source)s AND made_at <= %(before)s)
        OR NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = schema_name)
       FOR UPDATE SKIP LOCKED)
"""
_LEFT: Final = """
SELECT nspname FROM pg_namespace
 WHERE starts_with(nspname, %s)
   AND NOT EXISTS (SELECT FROM public.tenants_spareschema WHERE schema_name = nspname)
"""

logger = logging.getLogger(__name__)


def keep_spares() -> None:
    """Drop those that nobody will take, and make what is missing of SPARE_SCHEMAS.

    Called outside every company, by one process at a time. Nothing to do: three queries.
    """
    if not is_public_up_to_date():
        return
    source, wanted = company_schema_source(), settings.SPARE_SCHEMAS
    _drop(source, keep=wanted, before=timezone.now() - KEEP_OF_OTHERS)
    missing = wanted - SpareSchema.objects.filter(source=source).count()
    # Where the tables need more than SQL, or come from no files, every company is made by itself.
    if source is None or missing <= 0 or len(company_schema_steps()) != 1:
        return
    with looking_at_many_companies():
        for _number in range(missing):
            try:
                make_spare(source)
            except OperationalError as error:
                if not connection.is_usable():
                    raise
                logger.info("No spare schema was made, the next minute will: %s", error)
                return


def drop_spares_of_others() -> None:
    """Drop those that another version of the code has made: for `migrate_schemas`."""
    _drop(company_schema_source(), keep=settings.SPARE_SCHEMAS, before=timezone.now())


def make_spare(source: str) -> SpareSchema:
    """Make one, with its row, in one transaction.

    Raises:
        OperationalError: the table of all people was in use.
    """
    schema = f"{SPARE}{token_hex(8)}"
    with transaction.atomic(), company_of(PUBLIC):
        version = make_company_tables(schema)
        spare = SpareSchema.objects.create(
            schema_name=schema, source=source, schema_version=version, made_at=timezone.now()
        )
        with connection.cursor() as cursor:
            # Last of all: it locks the table of all people.
            cursor.execute(f"SET LOCAL lock_timeout = '{_PEOPLE_LOCK}'")
            cursor.execute("SELECT public.ticketflower_point_to_people(%s)", [schema])
    return spare


def _drop(source: str | None, *, keep: int, before: datetime) -> None:
    """First the rows, so that nobody takes what is being dropped; then what has no row.

    What is in use, by a backup say, is dropped the next time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"source": source or "", "keep": max(keep, 0), "before": before})
        cursor.execute(_LEFT, [SPARE])
        left = [name for (name,) in cursor.fetchall()]
    for schema in left:
        try:
            drop_schema(schema)
        except OperationalError as error:
            if not connection.is_usable():
                raise
            logger.info("A spare schema is in use, and is dropped later: %s", error)

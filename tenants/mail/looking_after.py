"""What is done in the outboxes of all companies together, by a few queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import batched
from typing import Final

from django.db import connection
from psycopg import sql

from tenants.connection import PUBLIC, company_of, looking_at_many_companies
from tenants.jobs import defer_many
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.mail.outbox import SEND_MAIL
from tenants.models import Company

# So many outboxes are read by one query.
AT_ONCE: Final = 100
MOST_AT_ONCE: Final = 1_000
# How long the rows of mails are kept that are at their end.
KEEP: Final = timedelta(days=30)
_TABLE: Final = OutgoingMail._meta.db_table


def wake_forgotten() -> int:
    """Defer jobs for mails that are due for long and have none, as nobody could do it: they came
    to a worker that did not know them yet, or failed for good. Returns how many."""
    count = 0
    with looking_at_many_companies():
        for schemas in batched(_outboxes(), AT_ONCE):
            for schema, ids in _forgotten(schemas):
                with company_of(schema):
                    defer_many(SEND_MAIL, [{"mail_id": each} for each in ids])
                count += len(ids)
    return count


def forget_old() -> None:
    """Delete the rows of mails that have come to their end long ago, and of those that came in."""
    sent = sql.SQL(
        "DELETE FROM {} WHERE created_at < now() - make_interval(secs => %s)"
        " AND status IN ('SENT', 'UNSURE', 'FAILED')"
    )
    received = sql.SQL("DELETE FROM {} WHERE received_at < now() - make_interval(secs => %s)")
    with looking_at_many_companies():
        for schema in _outboxes():
            with connection.cursor() as cursor:
                for statement, table in (
                    (sent, _TABLE),
                    (received, ReceivedMail._meta.db_table),
                ):
                    cursor.execute(
                        statement.format(sql.Identifier(schema, table)), [KEEP.total_seconds()]
                    )


def _outboxes() -> list[str]:
    """The schemas that have one: not of companies that are behind, or to be deleted."""
    staying = Company.objects.active().filter(deletion_due_at=None)
    schemas = [PUBLIC, *staying.values_list("schema_name", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name"
            " WHERE to_regclass(quote_ident(name) || %s) IS NOT NULL",
            [schemas, f".{ReceivedMail._meta.db_table}"],
        )
        return [name for (name,) in cursor.fetchall()]


def _forgotten(schemas: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    # A job is missed after ten minutes. Where the queue is long there are two then, which does no
    # harm.
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL(
            "(SELECT {}, array(SELECT id FROM {} WHERE status IN ('WAITING', 'HANDING_OVER')"
            " AND due_at < now() - interval '10 minutes' ORDER BY due_at LIMIT {}))"
        ).format(
            sql.Literal(schema),
            sql.Identifier(schema, _TABLE),
            sql.Literal(MOST_AT_ONCE),
        )
        for schema in schemas
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    for schema, ids in found:
        if ids:
            yield schema, ids

"""Rows of a company's tables, written and read as the JSON that an archive holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.db import connection
from psycopg import sql

from tenants.connection import current_schema
from tickets.company_data.refusing import refused, refusing
from tickets.company_data.tables import Table
from workflows.engine.process import Json

# Numbers of rows: far more than there will be, and far less than a column holds.
MOST_NUMBER: Final = 2**53


def insert_rows(table: Table, lines: Iterable[bytes], overlays: Iterable[dict[str, Any]]) -> None:
    """Rows as the archive has them, with what is another laid over them."""
    columns = sql.SQL(", ").join(sql.Identifier("r", each) for each in table.column_names)
    names = sql.SQL(", ").join(map(sql.Identifier, table.column_names))
    query = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {columns}"
        " FROM unnest(%s::text[], %s::text[]) AS given(line, overlay),"
        " LATERAL json_populate_record("
        "     json_populate_record(NULL::{table}, given.line::json), given.overlay::json) AS r"
    ).format(table=sql.Identifier(current_schema(), table.name), names=names, columns=columns)
    with refusing(UnicodeDecodeError):
        texts = [line.decode() for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(query, [texts, [json.dumps(each) for each in overlays]])


def empty_tables(tables: Mapping[str, Table]) -> None:
    """What a new company begins with gives way to what the archive holds."""
    names = [sql.Identifier(current_schema(), name) for name in tables]
    with connection.cursor() as cursor:
        # Of a company that is still being made, and switched off: nobody works there.
        cursor.execute("SELECT set_config('ticketflower.erasing', 'on', true)")
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
        cursor.execute("SELECT set_config('ticketflower.erasing', 'off', true)")


def set_last_number(table: Table, last: Any) -> None:
    if not table.has_numbers:
        return
    if type(last) is not int or not 0 <= last < MOST_NUMBER:
        raise refused(table.name)
    with connection.cursor() as cursor:
        name = f'"{current_schema()}"."{table.name}"'
        cursor.execute(
            sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(
                sql.Identifier(current_schema(), table.name)
            )
        )
        highest = max(cursor.fetchone()[0], last)
        if highest >= MOST_NUMBER:
            raise refused(table.name)
        if highest:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [name, highest])


def read_rows(table: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    query = sql.SQL("SELECT row_to_json(t)::text FROM (SELECT {} FROM {}) t").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(current_schema(), table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    for (text,) in rows:
        yield json.loads(text)


def update_row(table: str, pk: int, column: str, value: Json) -> None:
    query = sql.SQL("UPDATE {} SET {} = %s::jsonb WHERE id = %s").format(
        sql.Identifier(current_schema(), table), sql.Identifier(column)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [json.dumps(value, ensure_ascii=False), pk])

"""The sequences that number rows: none may stand behind its table, or the next row is refused.

That happens where rows were copied in with their ids, by a restore of single tables or by hand.
"""

from __future__ import annotations

from django.db import connection
from psycopg import sql
from psycopg.errors import UniqueViolation

ENDING = "_id_seq"  # of the sequence of a table, as Postgres names it


def sequences_behind() -> list[str]:
    """The tables of the active schema whose next row would be given an id that is taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequencename FROM pg_sequences"
            " WHERE schemaname = current_schema() AND right(sequencename, 7) = %s",
            [ENDING],
        )
        tables = [str(name).removesuffix(ENDING) for (name,) in cursor.fetchall()]
        parts = [
            sql.SQL(
                "SELECT {name} FROM {sequence} WHERE last_value - (NOT is_called)::int"
                " < (SELECT max(id) FROM {table})"
            ).format(
                name=sql.Literal(table),
                sequence=sql.Identifier(f"{table}{ENDING}"),
                table=sql.Identifier(table),
            )
            for table in tables
        ]
        if not parts:
            return []
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        return sorted(str(table) for (table,) in cursor.fetchall())


def align_sequences() -> list[str]:
    """Let the sequences of the active schema that are behind go on after their tables' last rows.

    Returns the names of those tables.
    """
    behind = sequences_behind()
    with connection.cursor() as cursor:
        for table in behind:
            text = "SELECT setval({sequence}, (SELECT max(id) FROM {table}))"
            sequence = sql.Literal(f"{table}{ENDING}")
            cursor.execute(sql.SQL(text).format(sequence=sequence, table=sql.Identifier(table)))
    return behind


def is_taken_id(error: BaseException | None) -> bool:
    """Whether this came of an id that a row has already."""
    if error is None:
        return False
    if isinstance(error, UniqueViolation):
        return str(error.diag.constraint_name or "").endswith("_pkey")
    return is_taken_id(error.__cause__)

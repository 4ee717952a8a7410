"""Rows that change together, written in one statement: one way to the server for a whole step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Field, JSONField, Model

from tenants.prepared import database, send

AS_THEY_ARE = frozenset({int, str, bool, datetime, UUID})

type Row = Model
type Names = tuple[str, ...]


class Batch:
    """Collects rows to insert and columns to update, until `write`.

    Every model's key is its `id`; rows that others point to need theirs before (see
    `next_ids`). Constraints between them are checked at the commit, so that their order does
    not matter. The updated rows must be locked: nobody is told when one of them is gone.
    """

    def __init__(self) -> None:
        self._inserted: list[Row] = []
        self._updated: dict[tuple[type[Row], Any], tuple[Row, dict[str, None]]] = {}

    def insert(self, row: Row) -> None:
        self._inserted.append(row)

    def update(self, row: Row, *names: str) -> None:
        """Write these fields of a row, as they are at `write`; of an inserted one they are new."""
        if any(each is row for each in self._inserted):
            return
        _row, known = self._updated.setdefault((type(row), row.pk), (row, {}))
        known.update(dict.fromkeys(names))

    def write(self) -> None:
        """Send everything; afterwards the batch is empty."""
        if not self._inserted and not self._updated:
            return
        connection = database()
        statements: list[str] = []
        values: list[Any] = []
        for model, rows in groupby(sorted(self._inserted, key=_table), key=type):
            same = [(row, _given(row, connection)) for row in rows]
            names = tuple(sorted({name for _row, given in same for name in given}))
            statements.append(_insert(model, names, len(same)))
            for _row, given in same:
                values += [given.get(name) for name in names]
        for row, changed in self._updated.values():
            names = tuple(changed)
            statements.append(_update(type(row), names))
            for field in _fields(type(row), names):
                values.append(_value(row, field, connection, add=False))
            values.append(row.pk)
        send(_together(tuple(statements)), values)
        for row in self._inserted:
            row._state.adding = False
            row._state.db = DEFAULT_DB_ALIAS
        self._inserted, self._updated = [], {}


def _table(row: Row) -> str:
    return row._meta.db_table


def _given(row: Row, connection: Any) -> dict[str, Any]:
    """{column: value} for an insert; a column without a value is left to be null."""
    found = {}
    for field in row._meta.concrete_fields:
        value = _value(row, field, connection, add=True)
        if value is not None:
            found[str(field.column)] = value
    return found


def _value(row: Row, field: Field[Any, Any], connection: Any, *, add: bool) -> Any:
    value = field.pre_save(row, add)
    # These are what get_db_prep_save would make of them.
    if value is None or (type(value) in AS_THEY_ARE and not isinstance(field, JSONField)):
        return value
    return field.get_db_prep_save(value, connection)


@lru_cache(maxsize=500)
def _fields(model: type[Row], names: Names) -> tuple[Field[Any, Any], ...]:
    fields = (model._meta.get_field(name) for name in names)
    return tuple(field for field in fields if isinstance(field, Field))


@lru_cache(maxsize=500)
def _insert(model: type[Row], columns: Names, count: int) -> str:
    row = f"({', '.join(['%s'] * len(columns))})"
    rows = ", ".join([row] * count)
    names = ", ".join(_quoted(column) for column in columns)
    table = _quoted(model._meta.db_table)
    return f"INSERT INTO {table} ({names}) VALUES {rows}"  # noqa: S608 (names of our own)


@lru_cache(maxsize=500)
def _update(model: type[Row], names: Names) -> str:
    changes = ", ".join(f"{_quoted(str(each.column))} = %s" for each in _fields(model, names))
    table = _quoted(model._meta.db_table)
    return f"UPDATE {table} SET {changes} WHERE id = %s"  # noqa: S608 (names of our own)


def _quoted(name: str) -> str:
    return database().ops.quote_name(name)  # type: ignore[no-any-return]


@lru_cache(maxsize=500)
def _together(statements: Sequence[str]) -> str:
    *first, last = statements
    if not first:
        return last
    parts = ", ".join(f"part_{number} AS ({each})" for number, each in enumerate(first))
    return f"WITH {parts} {last}"

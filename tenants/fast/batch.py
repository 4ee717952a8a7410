"""Rows that change together, written in one statement: one way to the server for a whole step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import DateTimeField, Field, JSONField, Model

from tenants.connection import database
from tenants.fast.prepared import send

type Values = dict[str, Any]

# What a field's get_db_prep_save leaves as it is.
AS_THEY_ARE = frozenset({int, str, bool, datetime, UUID})


class Batch:
    """Collects rows to insert and columns to update, until `write`.

    Every model's key is its `id`; rows that others point to need theirs before (see
    `next_ids`). Constraints between them are checked at the commit, so that their order does
    not matter. The updated rows must be locked: nothing reports it when one of them is gone. `now`
    is what fields get that are set to the time at which a row is made or changed.
    """

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._inserted: list[Model] = []
        self._values: list[tuple[type[Model], Values]] = []
        self._updated: dict[tuple[type[Model], Any], tuple[Model, dict[str, None]]] = {}
        self._others: list[tuple[str, tuple[object, ...]]] = []

    def insert(self, row: Model) -> None:
        """Insert a row, as it is at `write`."""
        self._inserted.append(row)

    def insert_values(self, model: type[Model], **values: Any) -> None:
        """Insert a row that nobody needs as an object; an attribute without a value is null."""
        self._values.append((model, values))

    def update(self, row: Model, *names: str) -> None:
        """Write these fields of a row, as they are at `write`; of an inserted one they are new.

        Raises:
            ValueError: another object stands for this row already, with values of its own.
        """
        if any(each is row for each in self._inserted):
            return
        known, fields = self._updated.setdefault((type(row), row.pk), (row, {}))
        if known is not row:
            raise ValueError("Two objects stand for one row of this batch.")
        fields.update(dict.fromkeys(names))

    def add_statement(self, statement: str, *values: object) -> None:
        """Run another statement that changes rows, none of those that the batch writes."""
        self._others.append((statement, values))

    def write(self) -> None:
        """Send everything; afterwards the batch is empty."""
        if not (self._inserted or self._values or self._updated or self._others):
            return
        statements = [statement for statement, _values in self._others]
        values: list[Any] = [value for _statement, given in self._others for value in given]
        for model, rows in self._by_model().items():
            columns = tuple(sorted({column for row in rows for column in row}))
            statements.append(_insert(model, columns, len(rows)))
            for given in rows:
                values += [given.get(column) for column in columns]
        for row, names in self._updated.values():
            changed = tuple(names)
            statements.append(_update(type(row), changed))
            values += [self._value(row, each, add=False) for each in _named(type(row), changed)]
            values.append(row.pk)
        send(_as_one_statement(tuple(statements)), values)
        for row in self._inserted:
            row._state.adding = False
            row._state.db = DEFAULT_DB_ALIAS
        self._inserted, self._values, self._updated, self._others = [], [], {}, []

    def _by_model(self) -> dict[type[Model], list[Values]]:
        """The rows to insert, each as {column: value}, without those that are null."""
        found: dict[type[Model], list[Values]] = {}
        for row in self._inserted:
            given: Values = {}
            for column in _columns(type(row)):
                value = self._value(row, column, add=True)
                if value is not None:
                    given[column.name] = value
            found.setdefault(type(row), []).append(given)
        for model, values in self._values:
            columns = _columns(model)
            named = ((each, values.get(each.attribute)) for each in columns)
            given = {
                each.name: _prepared(each, value) for each, value in named if value is not None
            }
            found.setdefault(model, []).append(given)
        return found

    def _value(self, row: Model, column: _Column, *, add: bool) -> Any:
        if column.is_time_of_change or (add and column.is_time_of_insert):
            setattr(row, column.attribute, self._now)
            return self._now
        return _prepared(column, getattr(row, column.attribute))


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    attribute: str
    field: Field[Any, Any]
    is_time_of_insert: bool
    is_time_of_change: bool


def _prepared(column: _Column, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.field, JSONField):
        return database().ops.adapt_json_value(value, column.field.encoder)
    if type(value) in AS_THEY_ARE:
        return value
    return column.field.get_db_prep_save(value, database())


@lru_cache(maxsize=500)
def _columns(model: type[Model]) -> tuple[_Column, ...]:
    return tuple(_column(field) for field in model._meta.concrete_fields)


@lru_cache(maxsize=500)
def _named(model: type[Model], names: tuple[str, ...]) -> tuple[_Column, ...]:
    fields = {field.name: field for field in model._meta.concrete_fields}
    return tuple(_column(fields[name]) for name in names)


def _column(field: Field[Any, Any]) -> _Column:
    return _Column(
        name=str(field.column),
        attribute=field.attname,
        field=field,
        is_time_of_insert=isinstance(field, DateTimeField) and field.auto_now_add,
        is_time_of_change=isinstance(field, DateTimeField) and field.auto_now,
    )


@lru_cache(maxsize=500)
def _insert(model: type[Model], columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join(['%s'] * len(columns))})"
    rows = ", ".join([row] * count)
    names = ", ".join(_quoted(column) for column in columns)
    table = _quoted(model._meta.db_table)
    return f"INSERT INTO {table} ({names}) VALUES {rows}"  # noqa: S608  # nosec B608


@lru_cache(maxsize=500)
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    changes = ", ".join(f"{_quoted(each.name)} = %s" for each in _named(model, names))
    table = _quoted(model._meta.db_table)
    return f"UPDATE {table} SET {changes} WHERE id = %s"  # noqa: S608  # nosec B608


def _quoted(name: str) -> str:
    return str(database().ops.quote_name(name))


@lru_cache(maxsize=500)
def _as_one_statement(statements: Sequence[str]) -> str:
    *first, last = statements
    if not first:
        return last
    parts = ", ".join(f"part_{number} AS ({each})" for number, each in enumerate(first))
    return f"WITH {parts} {last}"

"""Rows that change together, written in one statement: one way to the server for a whole step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS
from django.db.models import DateTimeField, Field, JSONField, Model

from tenants.connection import database
from tenants.fast.prepared import Part, PreparedQuery, send, send_together
from tenants.fast.seals import Chain, SealedTable

type Values = dict[str, Any]

# What a field's get_db_prep_save leaves as it is.
AS_THEY_ARE = frozenset({int, str, bool, datetime, UUID})


# What a query of the batch has found: at most one row, which expressions may read.
FOUND = "found"


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression that stands where a value would; it may read FOUND."""

    text: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class ForRows:
    """A statement that is run once for all rows that a batch has collected for it.

    Its one value is a JSON list of them, in their order. `if_finds` is run in its place where the
    batch looks for something: it may read FOUND.
    """

    statement: str
    if_finds: str


@dataclass(frozen=True, slots=True)
class _Find:
    part: Part
    after: str
    then: Callable[[Any], None]


class Batch:
    """Collects rows to insert and columns to update, until `write`.

    Every model's key is its `id`; rows that others point to need theirs before (see
    `next_ids`). Constraints between them are checked at the commit, so that their order does
    not matter. The updated rows must be locked: nothing reports it when one of them is gone. `now`
    is what fields get that are set to the time at which a row is made or changed. The events of a
    `chain` vouch for the rows that are written with them, all of one chain: see
    `tenants/fast/seals.py`.
    """

    def __init__(self, *, now: datetime, chain: Chain | None = None) -> None:
        self._now = now
        self._chain = chain
        self.begins_chain = False
        # Rows of the chain that were written without an event: the next one seals them.
        self._unsealed: dict[tuple[type[Model], int], SealedTable] = {}
        self._inserted: list[Model] = []
        self._values: list[tuple[type[Model], Values]] = []
        self._updated: dict[tuple[type[Model], Any], tuple[Model, dict[str, None]]] = {}
        self._others: list[tuple[str, tuple[object, ...]]] = []
        self._collected: dict[ForRows, list[Values]] = {}
        self._expressions: dict[int, Mapping[str, Sql]] = {}
        self._if_found: list[tuple[type[Model], Values]] = []
        self._find: _Find | None = None
        # What all of it is about, such as a ticket, where its owner has said so: for whoever adds
        # statements to it, and need not look it up.
        self.about: Model | None = None

    @property
    def now(self) -> datetime:
        """The time that is written wherever one is needed."""
        return self._now

    @property
    def finds(self) -> bool:
        """Whether there is a query whose row the others of the batch read."""
        return self._find is not None

    def find[M: Model](
        self,
        query: PreparedQuery[M],
        *values: int,
        after: str,
        then: Callable[[M | None], None],
    ) -> None:
        """Have the statement look for the first row of a query, by what is true when it is run.

        `after` is a statement that is run before, in the same round trip, such as a lock: the
        query sees what others had committed when it had ended. `then` is called after the
        writing, with what was found. A batch has one such query.
        """
        if self._find is not None:
            raise ValueError("This batch looks for something already.")
        self._find = _Find(query.as_part(*values), after, then)

    def set_as_found(self, row: Model, expressions: Mapping[str, Sql]) -> None:
        """Give these fields of a row, which is inserted or updated, values that are found then.

        {attribute: expression}; the object is for the caller of `find` to change.
        """
        self._expressions[id(row)] = expressions

    def insert_if_found(self, model: type[Model], **values: Any) -> None:
        """As `insert_values`, where `find` has found something; after the others of the model."""
        self._if_found.append((model, values))

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

    def collect(self, rows: ForRows, row: Values) -> None:
        """Have a statement run with this row, which is JSON, and all others that it is given.

        However many there are, the database has one part more to do, and keeps their order, which
        the parts of a statement do not have.
        """
        self._collected.setdefault(rows, []).append(row)

    def write(self, *, commits: bool = False) -> None:
        """Send everything; afterwards the batch is empty.

        `commits`: the transaction ends with it, where it is the caller's to end.
        """
        self._add_collected()
        if not (self._inserted or self._values or self._updated or self._others or self._find):
            return
        find, written = self._find, _Written()
        if find is not None:
            written.values += find.part.values
        for statement, given in self._others:
            written.statements.append(statement)
            written.values += given
        self._add_inserts(written)
        self._add_updates(written)
        if self._chain is not None:
            self._add_events(written, self._chain)
        statements, more = tuple(written.statements), written.events
        if find is not None:
            text = _around(find.part.sql, find.part.columns, statements, more)
            lock = (find.after, None)
            found = send_together(lock, (text, written.values), commits=commits)
            find.then(next(iter(find.part.objects(found)), None))
        elif commits:
            send_together((_as_one_statement(statements, more), written.values), commits=True)
        else:
            send(_as_one_statement(statements, more), written.values)
        for row in self._inserted:
            row._state.adding = False
            row._state.db = DEFAULT_DB_ALIAS
        for each in (self._inserted, self._values, self._if_found, self._others):
            each.clear()
        self._updated.clear()
        self._expressions.clear()
        self._find = None

    def _add_collected(self) -> None:
        for rows, collected in self._collected.items():
            statement = rows.if_finds if self.finds else rows.statement
            self.add_statement(statement, json.dumps(collected, cls=DjangoJSONEncoder))
        self._collected.clear()

    def _add_inserts(self, written: _Written) -> None:
        for model, rows in self._by_model().items():
            if self._chain is not None and model is self._chain.model:
                written.rows_of_events = rows
                continue
            columns = tuple(sorted({column for row in rows for column in row.values}))
            shapes, values = _cells(rows, columns)
            self._add(written, model, _insert(model, columns, shapes), values)

    def _add_updates(self, written: _Written) -> None:
        for row, names in self._updated.values():
            changed = tuple(names)
            given = [self._changed(row, each) for each in _named(type(row), changed)]
            text = _update(type(row), changed, _shape(given)[1])
            self._add(written, type(row), text, [*_sent(given), row.pk])

    def _add(self, written: _Written, model: type[Model], text: str, values: list[Any]) -> None:
        """A part, which returns its rows where the chain seals them."""
        table = None if self._chain is None else self._chain.sealed(model)
        if table is not None:
            written.sealed.append(f"part_{len(written.statements)}")
            text = _returning(text, table)
        written.statements.append(text)
        written.values += values

    def _add_events(self, written: _Written, chain: Chain) -> None:
        """The events, with what vouches for the rows; without any, those wait for the next ones."""
        earlier: dict[tuple[type[Model], int], SealedTable] = {}
        if self._unsealed or not written.rows_of_events:
            keys = {(type(row), row.pk) for row in self._inserted} | self._updated.keys()
            # Those of this statement are returned by it.
            earlier = {key: table for key, table in self._unsealed.items() if key not in keys}
            if not written.rows_of_events:
                now = {key: table for key in keys if (table := chain.sealed(key[0])) is not None}
                self._unsealed = {**earlier, **now}
                return
        shapes, values = _cells(written.rows_of_events, chain.content)
        written.values += [*values, *(pk for _model, pk in earlier)]
        sealed, tables = tuple(written.sealed), tuple(earlier.values())
        written.events = _chained(chain, shapes, sealed, tables, begins=self.begins_chain)
        self._unsealed, self.begins_chain = {}, False

    def _by_model(self) -> dict[type[Model], list[_Row]]:
        """The rows to insert, without the values that are null."""
        found: dict[type[Model], list[_Row]] = {}
        for row in self._inserted:
            found.setdefault(type(row), []).append(_Row(self._values_of(row)))
        for others, if_found in ((self._values, False), (self._if_found, True)):
            for model, values in others:
                given = {
                    each.name: _prepared(each, value)
                    for each in _columns(model)
                    if (value := values.get(each.attribute)) is not None
                }
                found.setdefault(model, []).append(_Row(given, if_found=if_found))
        return found

    def _values_of(self, row: Model) -> Values:
        """{column: value} of a row to insert, without those that are null."""
        held, found = row.__dict__, {}
        for each in _times(type(row)):
            held[each.attribute] = self._now
        for each in _columns(type(row)):
            # Most columns are null, and there is nothing to ask their fields.
            value = held[each.attribute] if each.attribute in held else getattr(row, each.attribute)
            if value is not None:
                found[each.name] = _prepared(each, value)
        if expressions := self._expressions.get(id(row)):
            names = {each.attribute: each.name for each in _columns(type(row))}
            found |= {names[attribute]: each for attribute, each in expressions.items()}
        return found

    def _changed(self, row: Model, column: _Column) -> Any:
        """The value of a column of a row to update."""
        expression = self._expressions.get(id(row), {}).get(column.attribute)
        if expression is not None:
            return expression
        if column.is_time_of_change:
            setattr(row, column.attribute, self._now)
        return _prepared(column, getattr(row, column.attribute))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row to insert: {column: value}."""

    values: Values
    if_found: bool = False


@dataclass(slots=True)
class _Written:
    """The parts of the statement, and the values for all of them in their order.

    `sealed` are the parts that return rows to seal; `events` the parts that come last.
    """

    statements: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)
    rows_of_events: list[_Row] = field(default_factory=list)
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    attribute: str
    field: Field[Any, Any]
    is_json: bool
    json_encoder: Any
    is_time_of_insert: bool
    is_time_of_change: bool

    @property
    def is_time(self) -> bool:
        """Whether it says when a row was made or changed."""
        return self.is_time_of_insert or self.is_time_of_change


# What stands for a value in a statement: a place for it, or an expression; and whether the row is
# one that is inserted only where something was found.
type _Texts = tuple[str, ...]
type _Shape = tuple[bool, _Texts]


def _shape(row: Sequence[Any], *, if_found: bool = False) -> _Shape:
    if Sql not in map(type, row):  # as most are
        return if_found, ("%s",) * len(row)
    return if_found, tuple(each.text if type(each) is Sql else "%s" for each in row)


def _sent(row: Sequence[Any]) -> Sequence[Any]:
    if Sql not in map(type, row):
        return row
    values: list[Any] = []
    for each in row:
        if type(each) is Sql:
            values += each.values
        else:
            values.append(each)
    return values


def _cells(rows: Sequence[_Row], columns: Sequence[str]) -> tuple[tuple[_Shape, ...], list[Any]]:
    """Rows with these columns: their shapes, and the values for them."""
    shapes: list[_Shape] = []
    values: list[Any] = []
    for row in rows:
        cells = [row.values.get(column) for column in columns]
        shapes.append(_shape(cells, if_found=row.if_found))
        values += _sent(cells)
    return tuple(shapes), values


def _prepared(column: _Column, value: Any) -> Any:
    if value is None or type(value) is Sql:
        return value
    if column.is_json:
        return database().ops.adapt_json_value(value, column.json_encoder)
    if type(value) in AS_THEY_ARE:
        return value
    return column.field.get_db_prep_save(value, database())


@lru_cache(maxsize=500)
def _columns(model: type[Model]) -> tuple[_Column, ...]:
    return tuple(_column(field) for field in model._meta.concrete_fields)


@lru_cache(maxsize=500)
def _times(model: type[Model]) -> tuple[_Column, ...]:
    """The columns that say when a row was made or changed."""
    return tuple(
        each for each in _columns(model) if each.is_time_of_insert or each.is_time_of_change
    )


@lru_cache(maxsize=500)
def _named(model: type[Model], names: tuple[str, ...]) -> tuple[_Column, ...]:
    fields = {field.name: field for field in model._meta.concrete_fields}
    return tuple(_column(fields[name]) for name in names)


def _column(field: Field[Any, Any]) -> _Column:
    return _Column(
        name=str(field.column),
        attribute=field.attname,
        field=field,
        is_json=isinstance(field, JSONField),
        json_encoder=getattr(field, "encoder", None),
        is_time_of_insert=isinstance(field, DateTimeField) and field.auto_now_add,
        is_time_of_change=isinstance(field, DateTimeField) and field.auto_now,
    )


@lru_cache(maxsize=500)
def _insert(model: type[Model], columns: tuple[str, ...], shapes: tuple[_Shape, ...]) -> str:
    always = [f"({', '.join(cells)})" for if_found, cells in shapes if not if_found]
    names = ", ".join(_quoted(column) for column in columns)
    into = f"INSERT INTO {_quoted(model._meta.db_table)} ({names})"
    if len(always) == len(shapes):
        return f"{into} VALUES {', '.join(always)}"
    # Outside an INSERT's own VALUES Postgres does not know of what type a value is to be.
    types = _types(model, columns)
    parts = []
    for if_found, cells in shapes:
        typed = ", ".join(f"({cell})::{type_}" for cell, type_ in zip(cells, types, strict=True))
        source = f" FROM {FOUND}" if if_found else ""
        parts.append(f"SELECT {typed}{source}")
    return f"{into} {' UNION ALL '.join(parts)}"


def _types(model: type[Model], columns: tuple[str, ...]) -> list[str]:
    """Without a length: a cast would cut a text, and the column refuses one that is too long."""
    by_name: dict[str, Any] = {each.name: each.field for each in _columns(model)}
    types = [str(by_name[column].rel_db_type(database())) for column in columns]
    return ["text" if each.startswith("varchar") else each for each in types]


@lru_cache(maxsize=500)
def _update(model: type[Model], names: tuple[str, ...], cells: _Texts) -> str:
    named = zip(_named(model, names), cells, strict=True)
    changes = ", ".join(f"{_quoted(each.name)} = {cell}" for each, cell in named)
    table = _quoted(model._meta.db_table)
    return f"UPDATE {table} SET {changes} WHERE id = %s"  # noqa: S608  # nosec B608


@lru_cache(maxsize=500)
def _returning(text: str, table: SealedTable) -> str:
    return f"{text} RETURNING {table.named_seal()}"


def _quoted(name: str) -> str:
    return str(database().ops.quote_name(name))


@lru_cache(maxsize=500)
def _chained(
    chain: Chain,
    shapes: tuple[_Shape, ...],
    returning: tuple[str, ...],
    earlier: tuple[SealedTable, ...],
    *,
    begins: bool,
) -> tuple[str, ...]:
    """Three parts, the last one an INSERT; after the events' values come the ids of `earlier`."""
    types = _types(chain.model, chain.content)
    rows = []
    for number, (if_found, cells) in enumerate(shapes, start=1):
        typed = ", ".join(f"({cell})::{type_}" for cell, type_ in zip(cells, types, strict=True))
        source = f" FROM {FOUND}" if if_found else ""
        rows.append(f"SELECT {number}, {typed}{source}")
    seals = [f"SELECT name, seal FROM {part}" for part in returning]  # noqa: S608  # nosec B608
    seals += [
        f"SELECT name, seal FROM ({table.rows_of(where='id = %s')}) AS earlier"  # noqa: S608  # nosec B608
        for table in earlier
    ]
    return chain.around(rows, seals=" UNION ALL ".join(seals), is_new=begins)


@lru_cache(maxsize=500)
def _as_one_statement(statements: tuple[str, ...], more: tuple[str, ...] = ()) -> str:
    """`more` are the parts that write events: two with a name of their own, and their INSERT."""
    named = [f"part_{number} AS ({each})" for number, each in enumerate(statements)]
    if more:
        *others, last = more
        return f"WITH {', '.join([*named, *others])} {last}"
    if len(statements) == 1:
        return statements[0]
    return f"WITH {', '.join(named[:-1])} {statements[-1]}"


@lru_cache(maxsize=500)
def _around(
    sql: str, columns: tuple[str, ...], statements: tuple[str, ...], more: tuple[str, ...] = ()
) -> str:
    """The statements as parts of one that looks for a row, which they may read, and returns it."""
    names = ", ".join(_quoted(column) for column in columns)
    parts = [f"part_{number} AS ({each})" for number, each in enumerate(statements)]
    if more:
        *others, last = more
        parts += [*others, f"events_written AS ({last})"]
    find = f"{FOUND} ({names}) AS MATERIALIZED ({sql})"
    text = ", ".join([find, *parts])
    return f"WITH {text} SELECT * FROM {FOUND}"  # noqa: S608  # nosec B608

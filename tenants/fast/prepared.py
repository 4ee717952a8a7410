"""Queries that Django compiles once a process and Postgres plans once a connection.

For the few that run at every step of a ticket: what such a query costs is mostly the making
of its SQL, its planning, and its way to the server and back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import django
import psycopg
from django.core.exceptions import FieldError
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    models,
)
from django.db.models import BinaryField, Model, QuerySet, TextField, Value
from django.db.models import query as django_query
from django.db.models.functions import Cast
from psycopg import sql
from psycopg._queries import PostgresQuery, _query2pg_nocache
from psycopg.types.numeric import Int8Dumper

from tenants.connection import database
from tenants.fast.lasting_values import (
    FrozenValueError,
    ensure_declared_by_a_module,
    ensure_lasting,
    made_nowhere,
)
from tenants.fast.rows import read_row

# Larger than any id, so that none can be taken for a slot.
_FIRST_SLOT = 2**62
# On one connection, of all its companies together; each takes some 40 kB of Postgres' memory.
_MOST_PREPARED = 1_000
# Django 6.1 asks how what was left out of a row is read when somebody asks for it: for that row.
_FETCH_MODE = (cast("Any", models).FETCH_ONE,) if django.VERSION >= (6, 1) else ()


class CommitUnknownError(OperationalError):
    """The connection was lost together with a commit: nobody knows whether that has happened."""


def send(text: str, values: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
    """Run a statement in the active company, prepared on this connection; returns its rows.

    The values must have the types that the statement expects; lists are not among them. It goes
    through Django's wrapper: errors are Django's, and the statement is logged and counted.
    """
    try:
        return _send(text, values)
    except NotSupportedError:
        # A column got another type since this was prepared: "cached plan must not change result
        # type". In a transaction its end forgets what is prepared; here nothing else would.
        wrapper = database()
        if wrapper.in_atomic_block:
            raise
        wrapper.close()
        return _send(text, values)


def _send(text: str, values: Sequence[object] | None) -> list[tuple[Any, ...]]:
    wrapper = _ready()
    with wrapper.wrap_database_errors:
        wrapper._handle_search_path()  # as django-tenants does for every cursor of its own
        cursor = _cursor_of(wrapper)
        _execute(wrapper, cursor, text, values)
    return _fetched(cursor)


def send_together(
    *statements: tuple[str, Sequence[object] | None], commits: bool = False
) -> list[tuple[Any, ...]]:
    """As `send` for each in turn, in one round trip; returns the rows of the last one.

    Each statement sees what was committed until the one before it had ended: so what follows a
    lock sees what others did who had it. Call it inside a transaction. `commits`: the transaction
    ends with them, in the same round trip, where it is the caller's to end (`can_commit`).

    Raises:
        CommitUnknownError: the connection was lost while the transaction ended.
    """
    wrapper, is_committing = _ready(), False
    try:
        with wrapper.wrap_database_errors:
            wrapper._handle_search_path()
            cursors = [_cursor_of(wrapper, number) for number in range(len(statements))]
            with wrapper.connection.pipeline():
                for cursor, (text, values) in zip(cursors, statements, strict=True):
                    _execute(wrapper, cursor, text, values)
                if commits and can_commit():
                    is_committing = True
                    # Leaving the `atomic` block finds nothing to commit, and calls the hooks. As a
                    # statement it waits for nothing by itself: psycopg's commit() goes to the
                    # server and back, and leaving the pipeline does so again.
                    _cursor_of(wrapper, len(statements)).execute("COMMIT")
    except (OperationalError, InterfaceError) as error:
        if is_committing and wrapper.connection.closed:
            raise CommitUnknownError(*error.args) from error
        raise
    return _fetched(cursors[-1])


def is_commit_unknown(error: BaseException) -> bool:
    """Whether this came of a connection that was lost together with a commit."""
    known = isinstance(error, CommitUnknownError)
    return known or (error.__cause__ is not None and is_commit_unknown(error.__cause__))


def can_commit() -> bool:
    """Whether the block of `transaction.atomic` that we are in is the outermost one."""
    wrapper = database()
    is_outermost = len(wrapper.atomic_blocks) == 1 and not wrapper.savepoint_ids
    return is_outermost and wrapper.commit_on_exit and not wrapper.needs_rollback


def _ready() -> Any:
    wrapper = database()
    wrapper.close_if_health_check_failed()  # as for every cursor of Django's own
    wrapper.ensure_connection()
    return wrapper


def _execute(
    wrapper: Any, cursor: _PreparedCursor, text: str, values: Sequence[object] | None
) -> None:
    statement = _statement_for_schema(text, wrapper.schema_name)
    if wrapper.queries_logged or wrapper.execute_wrappers:
        wrapper._prepare_cursor(cursor).execute(statement, values)
    else:  # what Django's cursor does besides
        wrapper.validate_thread_sharing()
        wrapper.validate_no_broken_transaction()
        cursor.execute(statement, values)


def _fetched(cursor: _PreparedCursor) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


@lru_cache(maxsize=5_000)
def _statement_for_schema(text: str, schema: str) -> str:
    """A statement of its own: Postgres plans one anew whenever the search path is another one
    than last time."""
    return f"{text} /* {schema} */"


class _KeptQuery(PostgresQuery):
    """Finds the places of the values in a statement once.

    psycopg does so at each execution where a statement has more than 4,096 characters: 0.3 ms.
    """

    __slots__ = ()

    def convert(self, query: Any, vars: Any) -> None:  # noqa: A002 - psycopg's name
        if vars is None or type(query) is not str:
            super().convert(query, vars)
            return
        self.query, self._want_formats, self._order, self._parts = _places(query, self._tx.encoding)
        self.dump(vars)


@lru_cache(maxsize=_MOST_PREPARED)
def _places(query: str, encoding: str) -> Any:
    return _query2pg_nocache(query.encode(encoding), encoding)


class _PreparedCursor(psycopg.Cursor[Any]):
    """Binds values on the server, which is what can be prepared; Django's cursor does not."""

    _query_cls = _KeptQuery

    def __init__(self, wrapper: Any) -> None:
        super().__init__(wrapper.connection)
        self._wrapper = wrapper
        # Else each size of a number is a type of its own, and each mix of them a statement.
        self.adapters.register_dumper(int, Int8Dumper)

    def execute(self, query: Any, params: Any = None, **options: Any) -> _PreparedCursor:
        # Only for this statement: psycopg would count the others, and keep their long texts.
        self.connection.prepare_threshold = 0
        try:
            super().execute(query, params, prepare=True, **options)
        finally:
            self.connection.prepare_threshold = None
        if self._wrapper.queries_logged:  # Django looks here; without the values
            self._query = sent = PostgresQuery(self._tx)
            sent.query = query.encode()
        return self


def _cursor_of(wrapper: Any, number: int = 0) -> _PreparedCursor:
    """The connection's cursor of this number: one for each statement of a round trip.

    Every result is fetched before the next one.
    """
    known: list[_PreparedCursor] = getattr(wrapper, "prepared_cursors", [])
    if not known or known[0].connection is not wrapper.connection:
        known = wrapper.prepared_cursors = []
        wrapper.connection.prepared_max = _MOST_PREPARED
    while len(known) <= number:
        known.append(_PreparedCursor(wrapper))
    return known[number]


@dataclass(frozen=True, slots=True)
class Part:
    """A query inside a larger statement: its SQL, the values for it, the names of its columns.

    `objects` makes the objects of its rows.
    """

    sql: str
    values: tuple[object, ...]
    columns: tuple[str, ...]
    objects: Callable[[list[tuple[Any, ...]]], list[Any]]


class PreparedQuery[M: Model]:
    """A queryset whose SQL is made once, with slots for the values that differ.

    `build` is called with one slot for each value, an integer that it puts where ids go:
    `PreparedQuery(lambda pk: Ticket.objects.filter(pk=pk))`; where texts or bytes go, it puts
    `text_in(slot)` or `bytes_in(slot)`. All other values stand in the
    statement as literals, so that Postgres finds the partial indexes that fit them. They serve
    everybody, so `lasting_values` lets none through that may be another one next time: members
    of enums may stand there, and what `constants` names.

    `also` are SQL expressions, {name: expression}, that are evaluated for each row found, after
    its locks were taken; the objects have what they yield as attributes.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[M]],
        *,
        slots: int = 1,
        also: Mapping[str, str] | None = None,
        constants: Collection[str | int] = (),
    ) -> None:
        ensure_declared_by_a_module()
        self._build = build
        self._also = also or {}
        self._constants = constants
        self._slots = [_FIRST_SLOT + number for number in range(slots)]
        self._compiled: _Compiled | None = None

    def rows(self, *values: int | str | bytes) -> list[M]:
        """The objects, read with these values in the slots' order.

        Raises:
            FrozenValueError: values stand in the query that may differ next time.
        """
        if self._compiled is None:
            self._compiled = self._compile()
        compiled = self._compiled
        return compiled.objects(send(compiled.sql, [values[slot] for slot in compiled.order]))

    def first(self, *values: int | str | bytes) -> M | None:
        """The first of them, or None."""
        return next(iter(self.rows(*values)), None)

    def as_part(self, *values: int) -> Part:
        """The query as a part of a larger statement, with these values in the slots' order.

        Raises:
            FrozenValueError: values stand in the query that may differ next time.
        """
        if self._compiled is None:
            self._compiled = self._compile()
        compiled = self._compiled
        if compiled.start or compiled.end != len(compiled.compiler.select):
            raise FieldError("This query selects more than the columns of its model.")
        return Part(
            compiled.sql,
            tuple(values[slot] for slot in compiled.order),
            tuple(compiled.columns),
            compiled.objects,
        )

    def _compile(self) -> _Compiled:
        queryset, text, params = made_nowhere(self._make)
        ensure_lasting(text, params, slots=self._slots, constants=self._constants)
        compiled = _Compiled(queryset, self._slots, self._also)
        if compiled.source != (text, params):
            raise FrozenValueError(
                "This prepared query is another one in a company, a language or a time zone."
            )
        return compiled

    def _make(self) -> tuple[QuerySet[M], str, tuple[Any, ...]]:
        queryset = self._build(*self._slots)
        _compiler, text, params = _sql_of(queryset.all(), with_aliases=bool(self._also))
        return queryset, text, params


def text_in(slot: int) -> Cast:
    """A slot of a prepared query that holds a text."""
    return Cast(Value(slot), TextField())


def bytes_in(slot: int) -> Cast:
    """A slot of a prepared query that holds bytes."""
    return Cast(Value(slot), BinaryField())


class _Compiled:
    """The SQL of a queryset, and how its rows become objects (as in Django's ModelIterable)."""

    def __init__(self, queryset: QuerySet[Any], slots: list[int], also: Mapping[str, str]) -> None:
        database().ensure_connection()
        compiler, text, params = _sql_of(queryset, with_aliases=bool(also))
        self.source = text, params
        if also:
            more = f"SELECT {', '.join(['found.*', *also.values()])} FROM"
            if queryset.query.select_for_update:  # a step of its own, so that the locks come first
                text = f"WITH found AS MATERIALIZED ({text}) {more} found"
            else:
                text = f"{more} ({text}) AS found"
        self.order = [slots.index(each) for each in params if each in slots]
        if set(self.order) != set(range(len(slots))):
            raise FieldError("A slot of this query is not in its SQL.")
        values = ["%s" if each in slots else _literal(each) for each in params]
        self.sql = text.replace("%%", "%%%%") % tuple(values)
        fields = compiler.klass_info["select_fields"]
        self.start, self.end = fields[0], fields[-1] + 1
        self.model: type[Model] = compiler.klass_info["model"]
        self.names = [each[0].target.attname for each in compiler.select[self.start : self.end]]
        self.columns = [each[0].target.column for each in compiler.select[self.start : self.end]]
        self.annotations = {
            **(compiler.annotation_col_map or {}),
            # From the end: what DISTINCT is ordered by may stand between.
            **{name: number - len(also) for number, name in enumerate(also)},
        }
        self.converters = compiler.get_converters([each[0] for each in compiler.select])
        self.compiler = compiler
        self.related = cast("Any", django_query).get_related_populators(
            compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS, *_FETCH_MODE
        )

    def objects(self, rows: list[tuple[Any, ...]]) -> list[Any]:
        """One object for each row, with those that select_related names, and annotations."""
        found = []
        for row in self.compiler.apply_converters(rows, self.converters):
            each = read_row(
                self.model, dict(zip(self.names, row[self.start : self.end], strict=True))
            )
            for populator in self.related:
                populator.populate(row, each)
            for name, position in self.annotations.items():
                setattr(each, name, row[position])
            found.append(each)
        return found


def _sql_of(queryset: QuerySet[Any], *, with_aliases: bool) -> tuple[Any, str, tuple[Any, ...]]:
    """Its compiler, statement and values."""
    compiler = cast("Any", queryset.query.get_compiler(using=DEFAULT_DB_ALIAS))
    text, params = compiler.as_sql(with_col_aliases=with_aliases)
    return compiler, text, tuple(params)


def _literal(value: object) -> str:
    return sql.Literal(value).as_string(database().connection).replace("%", "%%")


def next_ids(*models: type[Model]) -> tuple[int, ...]:
    """Ids for rows that are inserted later, one for each model named."""
    (ids,) = send(f"SELECT {', '.join(next_id(model) for model in models)}")
    return ids


def next_id(model: type[Model]) -> str:
    """The SQL expression that draws the id of a row of this model.

    It names the sequence as Postgres does for a column of its own: looking the name up with
    pg_get_serial_sequence, each time, costs more than drawing.
    """
    return f"nextval('{model._meta.db_table}_id_seq')"

"""Events that vouch for the rows that they left: a chain of digests, made by the statement itself.

What a batch writes comes back to Postgres' own hand (RETURNING), as it is stored: numbers, times
and JSON need no canonical form of ours. The first event of a batch keeps two things for all of it:

* `seals`: {"format": 1, "events": how many events the batch wrote, and for each row that it
  inserted or updated "<name>:<id>": the SHA-256 of its columns};
* `digest`: the SHA-256 of the digest before it in the same chain, the seals, and the events
  themselves: what, when, who, and their data.

It is found out when a row or an event is changed, added or taken away past that, unless whoever
does so computes every later digest of the chain anew. There is no secret in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import DateTimeField, Field, JSONField, Model, UUIDField

FORMAT = 1


@dataclass(frozen=True, eq=False, slots=True)
class SealedTable:
    """The rows of a model that belong to a chain; `chain` is the column that names it.

    `exempt` are the columns that may change without an event, {column: why}.
    """

    model: type[Model]
    name: str
    chain: str
    exempt: dict[str, str]

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    def columns(self) -> list[Field[Any, Any]]:
        """Those that are sealed."""
        fields = self.model._meta.concrete_fields
        return [each for each in fields if str(each.column) not in self.exempt]

    def rows_of(self, source: str, *, where: str = "TRUE") -> str:
        """A query of (chain, name of the row, its seal) over a table, or what a part returned."""
        cells = [f"{FORMAT}", *(_cell(each) for each in self.columns())]
        seal = sha256(f"jsonb_build_array({', '.join(cells)})")
        named = f"{self.chain} AS chain, '{self.name}:' || id AS name, {seal} AS seal"
        return f"SELECT {named} FROM {source} WHERE {where}"  # noqa: S608 (names of our own)


@dataclass(frozen=True, eq=False, slots=True)
class Chain:
    """The events that seal rows: their model, the column of their chain, and the tables."""

    model: type[Model]
    column: str
    content: tuple[str, ...]
    tables: list[SealedTable]

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    def sealed(self, model: type[Model]) -> SealedTable | None:
        return next(
            (each for each in self.tables if each.model is model._meta.concrete_model), None
        )

    def contents(self) -> str:
        """An event as it goes into the digest."""
        fields = {str(each.column): each for each in self.model._meta.concrete_fields}
        return f"jsonb_build_array({', '.join(_cell(fields[name]) for name in self.content)})"

    def around(
        self,
        rows: Sequence[str],
        *,
        sources: Sequence[tuple[SealedTable, str, str]],
        is_new: bool,
    ) -> tuple[str, str, str]:
        """Three parts of a statement: the events, the seals, and the events' INSERT.

        `rows` are SELECTs of the content's columns, each after its number (`ord`); `sources` are
        where the rows to seal stand: their table, what returns them, and which of them. `is_new`:
        the chain begins with them.
        """
        columns = ", ".join(self.content)
        seals = " UNION ALL ".join(
            table.rows_of(source, where=where) for table, source, where in sources
        )
        of_rows = named_seals(seals) if seals else "'{}'::jsonb"
        last = self.last_digest("(SELECT chain FROM one)")
        before = "''" if is_new else f"coalesce({last}, '')"
        events = f"events (ord, {columns}) AS MATERIALIZED ({' UNION ALL '.join(rows)})"
        one = (
            f"one AS MATERIALIZED (SELECT min({self.column}) AS chain,"  # noqa: S608
            f" jsonb_build_object('format', {FORMAT}, 'events', count(*))"
            f" || {of_rows} AS seals,"
            f" jsonb_agg({self.contents()} ORDER BY ord) AS contents FROM events)"
        )
        digest = sha256(f"jsonb_build_array({before}, seals, contents)")
        first = f"CASE WHEN ord = 1 THEN (SELECT {digest} FROM one) ELSE '' END"  # noqa: S608
        values = f"{columns}, {first}"
        values += ", CASE WHEN ord = 1 THEN (SELECT seals FROM one) END"
        into = f"INSERT INTO {self.table} ({columns}, digest, seals)"
        return events, one, f"{into} SELECT {values} FROM events ORDER BY ord"  # noqa: S608

    def last_digest(self, chain: str) -> str:
        return (
            f"(SELECT digest FROM {self.table} WHERE {self.column} = {chain}"  # noqa: S608
            " AND digest <> '' ORDER BY id DESC LIMIT 1)"
        )


def named_seals(rows: str) -> str:
    """SQL: the seals that such a query yields, as {name: seal}."""
    return f"coalesce((SELECT jsonb_object_agg(name, seal) FROM ({rows}) AS rows), '{{}}')"  # noqa: S608


def sha256(expression: str) -> str:
    """SQL: the SHA-256 of a jsonb value, which Postgres writes in one way only; 44 characters."""
    return f"encode(sha256(convert_to(({expression})::text, 'UTF8')), 'base64')"


def _cell(field: Field[Any, Any]) -> str:
    """A column as it goes into a seal: the same whatever the connection's time zone is."""
    column = str(field.column)
    if isinstance(field, DateTimeField):
        return f"extract(epoch FROM {column})"
    if isinstance(field, UUIDField):
        return f"{column}::text"
    if isinstance(field, JSONField):
        return f"{column}::jsonb"
    return column

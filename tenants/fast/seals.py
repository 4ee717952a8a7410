"""Events that vouch for the rows that they left: a chain of digests, made by the statement itself.

What a batch writes is hashed by Postgres as it is stored (RETURNING), in the binary form in which
it sends rows: numbers, times and JSON need no canonical form of ours. The first event of a batch
keeps two things for all of it:

* `seals`: {"format": 1, "events": how many events the batch wrote, and for each row that it
  inserted or updated "<name>:<id>": the SHA-256 of its columns};
* `digest`: the SHA-256 of the digest before it in the same chain, the seals, and the events
  themselves: what, when, who, and their data.

It is found out when a row or an event is changed, added or taken away past that, unless whoever
does so computes every later digest of the chain anew. There is no secret in it.

A column that is added to a sealed table later stands in `later`: a text that is empty by default,
JSON, a number, a key or a moment that is null, or a yes-or-no. It goes into the seal only where it
says something else than by default, so that the seals of older rows go on to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Field,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

FORMAT = 1


@dataclass(frozen=True, eq=False, slots=True)
class SealedTable:
    """The rows of a model that belong to a chain; `chain` is the column that names it.

    `exempt` are the columns that may change without an event, {column: why}; `later` those that
    are sealed only where they are not empty.
    """

    model: type[Model]
    name: str
    chain: str
    exempt: dict[str, str]
    later: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    def columns(self) -> list[Field[Any, Any]]:
        """Those that are always sealed."""
        fields = self.model._meta.concrete_fields
        left_out = {*self.exempt, *self.later}
        return [each for each in fields if str(each.column) not in left_out]

    def named_seal(self) -> str:
        """SQL of a row's columns `name` and `seal`."""
        cells = [f"{FORMAT}", *(_cell(each) for each in self.columns())]
        return f"'{self.name}:' || id AS name, {self._seal(cells)} AS seal"

    def _seal(self, cells: Sequence[str]) -> str:
        if not self.later:
            return sha256(*cells)
        said = ", ".join(f"'{column}', {cell}" for column, cell in self._later_cells())
        later = f"jsonb_strip_nulls(jsonb_build_object({said}))"
        with_later = sha256(*cells, later)
        return f"CASE WHEN {later} = '{{}}' THEN {sha256(*cells)} ELSE {with_later} END"

    def _later_cells(self) -> list[tuple[str, str]]:
        """Each such column, and the SQL of what it says; null where that is nothing."""
        fields = {str(each.column): each for each in self.model._meta.concrete_fields}
        return [(column, _said(column, fields[column])) for column in self.later]

    def rows_of(self, *, where: str) -> str:
        """A query of (chain, name, seal) over the rows as they are stored."""
        named = f"{self.chain} AS chain, {self.named_seal()}"
        return f"SELECT {named} FROM {self.table} WHERE {where}"  # noqa: S608  # nosec B608


def _said(column: str, field: Field[Any, Any]) -> str:
    if isinstance(field, JSONField | ForeignKey | IntegerField):
        return column
    if isinstance(field, DateTimeField):
        return f"extract(epoch FROM {column})"  # whatever the zone is
    if isinstance(field, BooleanField):
        return f"nullif({column}, {'true' if field.default is True else 'false'})"
    return f"nullif({column}, '')"


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
        """SQL: an event as it goes into the digest."""
        fields = {str(each.column): each for each in self.model._meta.concrete_fields}
        return f"record_send(ROW({', '.join(_cell(fields[name]) for name in self.content)}))"

    def around(self, rows: Sequence[str], *, seals: str, is_new: bool) -> tuple[str, str, str]:
        """Three parts of a statement: the events, the seals, and the events' INSERT.

        `rows` are SELECTs of the content's columns, each after its number (`ord`); `seals` is a
        query of the rows' (name, seal), or empty. `is_new`: the chain begins with them.
        """
        columns = ", ".join(self.content)
        about = f"jsonb_build_object('format', {FORMAT}, 'events', (SELECT count(*) FROM events))"  # noqa: S608  # nosec B608
        if seals:
            about += f" || coalesce(jsonb_object_agg(name, seal), '{{}}') FROM ({seals}) AS rows"
        last = self.last_digest(f"(SELECT {self.column} FROM events LIMIT 1)")  # noqa: S608  # nosec B608
        digest = self.digest(
            before="''" if is_new else f"coalesce({last}, '')",
            seals="(SELECT seals FROM sealed)",
            contents=f"(SELECT string_agg({self.contents()}, '' ORDER BY ord) FROM events)",  # noqa: S608  # nosec B608
        )
        values = (
            f"{columns}, CASE WHEN ord = 1 THEN {digest} ELSE '' END,"  # noqa: S608  # nosec B608
            " CASE WHEN ord = 1 THEN (SELECT seals FROM sealed) END"
        )
        return (
            f"events (ord, {columns}) AS MATERIALIZED ({' UNION ALL '.join(rows)})",
            f"sealed (seals) AS MATERIALIZED (SELECT {about})",
            f"INSERT INTO {self.table} ({columns}, digest, seals) SELECT {values} FROM events",  # noqa: S608  # nosec B608
        )

    def digest(self, *, before: str, seals: str, contents: str) -> str:
        """SQL of a digest; `contents` are those of its events, one after the other."""
        return sha256(f"({before})::text", seals, contents)

    def last_digest(self, chain: str) -> str:
        # By `id + 0`, or Postgres would go backwards through the events of all chains.
        return (
            f"(SELECT digest FROM {self.table} WHERE {self.column} = {chain}"  # noqa: S608  # nosec B608
            " AND digest <> '' ORDER BY id + 0 DESC LIMIT 1)"
        )


def sha256(*expressions: str) -> str:
    """SQL: the SHA-256 of values, of whatever types; 44 characters."""
    return f"encode(sha256(record_send(ROW({', '.join(expressions)}))), 'base64')"


def _cell(field: Field[Any, Any]) -> str:
    """A column as it goes into a seal: its type is part of that, its length is not."""
    column = str(field.column)
    while isinstance(field, ForeignKey):
        field = field.target_field
    if isinstance(field, JSONField):
        return f"{column}::jsonb"
    if isinstance(field, IntegerField):
        return f"{column}::bigint"
    if isinstance(field, CharField | TextField):
        return f"{column}::text"
    return column

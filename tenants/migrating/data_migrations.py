"""Migrations of data, and whether a company that is made later needs them too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db.migrations import Migration, RunPython, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation

type Code = Callable[[Any, Any], None]


class DataMigration(RunPython):
    """RunPython for what stands in a company's schema.

    `for_new_companies`: whether provisioning runs it too, in a schema that has no rows yet. It
    must for rows that every company begins with; for a change of rows that older versions have
    left there is nothing to do.
    """

    def __init__(
        self,
        code: Code,
        reverse_code: Code | None = None,
        *,
        for_new_companies: bool,
        atomic: bool | None = None,
        hints: Mapping[str, Any] | None = None,
        elidable: bool = False,
    ) -> None:
        super().__init__(
            code, reverse_code, atomic=atomic, hints=dict(hints or {}), elidable=elidable
        )
        self.for_new_companies = for_new_companies

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """For migrations that are squashed."""
        name, arguments, options = super().deconstruct()
        options["for_new_companies"] = self.for_new_companies
        return name, list(arguments), dict(options)


def undeclared_operations(migration: Migration) -> Iterator[Operation]:
    """Those of a migration that replaying its SQL leaves out, and that do not say whether that
    matters: to be made a DataMigration, outside of any other operation."""
    for operation in migration.operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from (each for each in _inside(operation) if not each.reduces_to_sql)
        elif not operation.reduces_to_sql and not isinstance(operation, DataMigration):
            yield operation


def _inside(operation: SeparateDatabaseAndState) -> Iterator[Operation]:
    for each in operation.database_operations:
        if isinstance(each, SeparateDatabaseAndState):
            yield from _inside(each)
        else:
            yield each


def runs_code(operations: Iterable[Operation]) -> bool:
    """Whether one of these runs Python, also inside another operation."""
    return any(
        runs_code(each.database_operations)
        if isinstance(each, SeparateDatabaseAndState)
        else not each.reduces_to_sql
        for each in operations
    )

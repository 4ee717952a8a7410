"""Answers that name what stands in the database, as it was looked up before."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.wrong_answers import records
from workflows.fields.facts import Facts
from workflows.fields.field import Field


def looks_something_up(field: Field) -> bool:
    """Whether its answers name what stands in the database, or those in its records do."""
    return field.type.is_looked_up or any(map(looks_something_up, field.fields))


def all_taken_in(fields: Mapping[str, Field], data: Mapping[str, Json], facts: Facts) -> JsonObject:
    """`data` as tickets keep it; `fields` are those that were looked up, by their names."""
    if not fields:
        return dict(data)
    return {
        name: field.type.taken_in(field, value, facts)
        if (field := fields.get(name)) is not None
        else value
        for name, value in data.items()
    }


def cells(field: Field, value: Json) -> list[tuple[str, Json]]:
    """The answers with their names: a whole one, or those in records that were looked up."""
    if not field.fields:
        return [] if value is None else [(field.name, value)]
    return [
        cell
        for _index, record in records(value)
        for each in field.fields
        for cell in cells(each, record.get(each.name))
        if each.type.is_looked_up
    ]

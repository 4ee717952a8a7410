"""Which uploaded files the answers of a form name. Each type says it of its own answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from workflows.engine.process import Json
from workflows.fields.field import FieldType
from workflows.fields.registry import type_of


def uploads_in(
    specs: Sequence[Mapping[str, Json]], answers: Mapping[str, Json]
) -> dict[str, frozenset[UUID]]:
    """The keys of the files in the answers to each question, by its name; without files: none.

    The answers need not be right: what names no file has none.
    """
    found: dict[str, frozenset[UUID]] = {}
    for spec in specs:
        name = str(spec.get("name"))
        if keys := frozenset(_uploads_of(spec, answers.get(name))):
            found[name] = keys
    return found


def asks_for_uploads(specs: Json) -> bool:
    """Whether a question of these specs, or a column of its records, asks for a file."""
    listed = [each for each in (specs if isinstance(specs, list) else []) if isinstance(each, dict)]
    return any(
        ((found := type_of(each)) is not None and type(found).uploads is not FieldType.uploads)
        or asks_for_uploads(each.get("fields"))
        for each in listed
    )


def _uploads_of(spec: Mapping[str, Json], answer: Json) -> Iterator[UUID]:
    found = type_of(spec)
    if found is None or answer is None:
        return
    yield from found.uploads(answer)
    columns = spec.get("fields")
    if isinstance(columns, list) and isinstance(answer, list):
        inner = [each for each in columns if isinstance(each, dict)]
        for record in answer:
            if isinstance(record, dict):
                for keys in uploads_in(inner, record).values():
                    yield from keys

"""What is wrong with single answers, each keyed to its field: as the schema and the types say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from workflows.engine.problems import FieldProblem, Path, dotted
from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import ValidationError
from workflows.engine.schemas.schema_validation import schema_problems
from workflows.engine.texts import gettext_noop
from workflows.fields.facts import Facts
from workflows.fields.field import Field
from workflows.fields.sentences import answer_sentence

MAX_PROBLEMS = 100
NOT_A_FORM: Final = gettext_noop("Give the answers as an object: a name and a value for each.")
_OF_OBJECTS: Final = frozenset({"required", "additionalProperties", "unevaluatedProperties"})


def field_problems(
    error: ValidationError, path: Path, known: Sequence[str], field: Field | None
) -> Iterator[FieldProblem]:
    keyword: str = error.kind.name
    if field is not None and not field.fields:
        # Whatever is wrong beneath an answer (a part of a file, a choice), it is the answer.
        yield FieldProblem(dotted(_place_of(path)), answer_sentence(error, field))
    elif field is None or keyword in _OF_OBJECTS:
        yield from schema_problems(error, path, known)
    else:
        yield FieldProblem(dotted(path), answer_sentence(error, field))


def _place_of(path: Path) -> Path:
    """The place of the answer that a path leads into."""
    is_in_record = len(path) > 2 and isinstance(path[1], int)
    return path[:3] if is_in_record else path[:1]


def further_problems(
    fields: Sequence[Field], data: JsonObject, wrong: Collection[str], prefix: Path = ()
) -> Iterator[FieldProblem]:
    """What no schema says; ``wrong`` are the answers that the schema refused."""
    for field in fields:
        value, name = data.get(field.name), dotted((*prefix, field.name))
        if field.fields:
            for index, record in records(value):
                inner = (*prefix, field.name, index)
                yield from further_problems(field.fields, record, wrong, inner)
        elif name not in wrong and (message := field.type.problem(field, value)):
            yield FieldProblem(name, message)


def refusals(
    fields: Collection[Field], data: JsonObject, facts: Facts, prefix: Path = ()
) -> Iterator[FieldProblem]:
    """Answers that name what is not there, or may not be named here."""
    for field in fields:
        value, place = data.get(field.name), (*prefix, field.name)
        if field.fields:
            for index, record in records(value):
                yield from refusals(field.fields, record, facts, (*place, index))
        elif value is not None and (message := field.type.refusal(field, value, facts)):
            yield FieldProblem(dotted(place), message)


def records(value: Json) -> Iterator[tuple[int, JsonObject]]:
    for index, record in enumerate(value if isinstance(value, list) else []):
        if isinstance(record, dict):
            yield index, record

"""Checking answers: against field specs, and against JSON Schemas that customers wrote.

Every problem is keyed to its field and says what to do; a library's words never come through.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Final

from .composed import composed, composed_object
from .conditions import evaluate_condition, is_empty, prepare, variables_read
from .errors import ConditionError, FieldError, SchemaError
from .field_types import Field, FieldType
from .fields import check_fields, fields_schema, limit_problem, parse_fields
from .frozen import FrozenError, frozen
from .json_schema import (
    REQUIRED,
    ValidationError,
    compile_validator,
    sentence,
)
from .problems import FieldProblem, Path, Problem, did_you_mean, dotted, nearest, short
from .process import Json, JsonObject
from .schema_check import check_schema
from .storable import unstorable

MAX_PROBLEMS = 100
_NOT_A_FORM: Final = "Give the answers as an object: a name and a value for each."


class Validator:
    """Checks the answers of one form; compile it once for each definition and keep it.

    ``presets`` are the values set by the ticket type: their fields are not asked, an answer to
    one is refused, and ``visible_when`` reads them like answers.
    Several share one, so nothing of it can be changed.
    Raises FieldError where the specs themselves are wrong.
    """

    __slots__ = ("_conditional", "_validator", "all_fields", "fields", "presets", "schema")

    def __init__(self, specs: object, *, presets: Mapping[str, Json] | None = None) -> None:
        self.presets: Mapping[str, Json] = frozen(dict(presets or {}))
        self.all_fields = tuple(parse_fields(frozen(specs)))
        asked = {each.name: each for each in self.all_fields if each.name not in self.presets}
        self.fields: Mapping[str, Field] = MappingProxyType(asked)
        schema = fields_schema(list(asked.values()))
        self._validator = compile_validator(schema)
        self.schema: JsonObject = frozen(schema)
        self._conditional = tuple(
            each for each in asked.values() if not is_empty(each.visible_when)
        )

    def __setattr__(self, name: str, value: object) -> None:
        """Each attribute is set once."""
        if hasattr(self, name):
            raise FrozenError
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise FrozenError

    def validate(self, data: object) -> list[FieldProblem]:
        """What is wrong with the answers; at most MAX_PROBLEMS, in no promised order."""
        broken = _unstorable(data)
        if broken or not isinstance(data, dict):
            return broken or [FieldProblem("", _NOT_A_FORM)]
        return list(islice(self._problems(composed_object(data)), MAX_PROBLEMS))

    def visible(self, data: JsonObject) -> frozenset[str]:
        """The names of the asked fields that are shown for these answers.

        A rule that cannot be decided for them shows its field.
        """
        return frozenset(
            each.name for each in self.fields.values() if self._is_visible(each, data) is not False
        )

    def _problems(self, data: JsonObject) -> Iterator[FieldProblem]:
        wrong: set[str] = set()
        for problem in self._answer_problems(data):
            wrong.add(problem.field.split(".", 1)[0])
            yield problem
        yield from self._visibility_problems(data, wrong)

    def _answer_problems(self, data: JsonObject) -> Iterator[FieldProblem]:
        wrong: set[str] = set()
        for error in self._validator.iter_errors(data):
            path = tuple(error.instance_path)
            for problem in _field_problems(error, path, self._known(path), self._field(path)):
                if problem.field in self.presets:
                    problem = FieldProblem(
                        problem.field, "This value is set by the ticket type. Leave it out."
                    )
                if problem.field not in wrong:  # the first thing to do about a field is enough
                    yield problem
                wrong.add(problem.field)
        yield from _limit_problems(list(self.fields.values()), data, wrong)

    def _visibility_problems(self, data: JsonObject, wrong: set[str]) -> Iterator[FieldProblem]:
        for field in self._conditional:
            is_visible = self._is_visible(field, data)
            if is_visible is None and not wrong & _top_names(field.visible_when):
                yield FieldProblem(
                    field.name,
                    "It cannot be decided whether this question is asked. "
                    "Correct the answers that it depends on, or its rule “visible_when”.",
                )
            elif is_visible is False and field.name in data:
                yield FieldProblem(
                    field.name, "This question is not asked with these answers. Leave it out."
                )
            elif is_visible and field.required and field.name not in data:
                yield FieldProblem(field.name, REQUIRED)

    def _is_visible(self, field: Field, data: JsonObject) -> bool | None:
        """Whether a field is shown; None where its rule cannot be decided."""
        if is_empty(field.visible_when):
            return True
        nothing: JsonObject = {each.name: None for each in self.all_fields}
        try:
            values = prepare({**nothing, **self.presets, **data})
            return evaluate_condition(field.visible_when, values, missing_is_null=True)
        except ConditionError:
            return None

    def _field(self, path: Path) -> Field | None:
        """The field that an answer belongs to; None for what is not one answer."""
        if not path or not isinstance(path[0], str):
            return None
        field = self.fields.get(path[0])
        if field is None or len(path) == 1 or field.type is not FieldType.RECORDS:
            return field
        inner = {each.name: each for each in field.fields}
        return inner.get(str(path[2])) if len(path) > 2 else None

    def _known(self, path: Path) -> Sequence[str]:
        """The names that an object at this place may have."""
        if not path:
            return list(self.fields)
        field = self.fields.get(str(path[0]))
        return [each.name for each in field.fields] if field else []


def validate_fields(
    specs: object, data: object, *, presets: Mapping[str, Json] | None = None
) -> list[FieldProblem]:
    """Check answers. The compiled Validator of equal specs and presets is kept and used again."""
    return validator_for(specs, presets=presets).validate(data)


def validator_for(specs: object, *, presets: Mapping[str, Json] | None = None) -> Validator:
    """The Validator of these specs, compiled once; raise FieldError where they are wrong."""
    try:
        key = json.dumps([specs, dict(presets or {})])
    except (TypeError, ValueError, RecursionError):
        return Validator(specs, presets=presets)  # which says what is wrong with them
    return _validator(key)


@lru_cache(maxsize=256)
def _validator(key: str) -> Validator:
    specs, presets = json.loads(key)
    return Validator(specs, presets=presets)


def check_presets(specs: object, presets: object) -> list[FieldProblem]:
    """What is wrong with preset values: unknown fields, values that the field refuses."""
    broken = _unstorable(presets)
    if broken or not isinstance(presets, dict):
        return broken or [FieldProblem("", _NOT_A_FORM)]
    presets = composed_object(presets)
    fields = [each for each in parse_fields(specs) if each.type is not FieldType.FILE]
    known = {each.name: each for each in fields}
    problems = [
        problem
        for error in compile_validator(fields_schema(fields, partial=True)).iter_errors(presets)
        for path in [tuple(error.instance_path)]
        for problem in _field_problems(
            error, path, list(known), known.get(str(path[0])) if len(path) == 1 else None
        )
    ]
    wrong = {each.field for each in problems}
    return [*problems, *_limit_problems(fields, presets, wrong)][:MAX_PROBLEMS]


class SchemaValidator:
    """Checks data against a JSON Schema of a customer; compile it once and keep it.

    Raises SchemaError where the schema is wrong.
    """

    def __init__(self, schema: object) -> None:
        for problem in check_schema(schema):
            raise SchemaError(
                f"The schema is not valid at “{short(problem.place)}”: {problem.message}"
            )
        self.schema: JsonObject = schema if isinstance(schema, dict) else {}
        self._validator = compile_validator(composed_object(self.schema))

    def validate(self, data: object) -> list[FieldProblem]:
        if broken := _unstorable(data):
            return broken
        kept = composed(data)
        problems = (
            problem
            for error in self._validator.iter_errors(kept)
            for problem in _field_problems(error, tuple(error.instance_path), (), None)
        )
        return list(islice(problems, MAX_PROBLEMS))


def _unstorable(data: object) -> list[FieldProblem]:
    found = islice(unstorable(data), MAX_PROBLEMS)
    return [FieldProblem(_shown(path), message) for path, message in found]


def _shown(path: Path) -> str:
    """A path for people; names that were typed may hold broken characters."""
    return dotted(path).encode("utf-8", "replace").decode().replace("\x00", "?")


def _field_problems(
    error: ValidationError, path: Path, known: Sequence[str], field: Field | None
) -> Iterator[FieldProblem]:
    keyword = error.kind.name
    details: dict[str, object] = error.kind.as_dict()
    if field is not None and field.type is FieldType.FILE:
        yield FieldProblem(field.name, sentence(error, field))
    elif keyword == "required":
        yield FieldProblem(dotted((*path, str(details["property"]))), sentence(error))
    elif keyword in {"additionalProperties", "unevaluatedProperties"}:
        unexpected = details["unexpected"]
        for name in unexpected if isinstance(unexpected, list) else []:
            advice = did_you_mean(nearest(name, known)) or " Leave it out."
            message = "There is no field of this name." + advice
            yield FieldProblem(dotted((*path, str(name))), message)
    elif field is not None and field.type is FieldType.CHOICES and isinstance(path[-1], int):
        yield FieldProblem(dotted(path[:-1]), sentence(error, field))
    else:
        yield FieldProblem(dotted(path), sentence(error, field))


def _limit_problems(
    fields: Sequence[Field], data: JsonObject, wrong: Collection[str], prefix: Path = ()
) -> Iterator[FieldProblem]:
    """Dates and times out of their limits; ``wrong`` are the answers that the schema refused."""
    for field in fields:
        value, name = data.get(field.name), dotted((*prefix, field.name))
        if field.type is FieldType.RECORDS and isinstance(value, list):
            for index, record in enumerate(value):
                if isinstance(record, dict):
                    inner = (*prefix, field.name, index)
                    yield from _limit_problems(field.fields, record, wrong, inner)
        elif name not in wrong and (message := limit_problem(field, value)):
            yield FieldProblem(name, message)


def _top_names(rule: Json) -> set[str]:
    return {each.split(".", 1)[0] for each in variables_read(rule)}


__all__ = [
    "FieldError",
    "FieldProblem",
    "Problem",
    "SchemaValidator",
    "Validator",
    "check_fields",
    "check_presets",
    "check_schema",
    "validate_fields",
    "validator_for",
]

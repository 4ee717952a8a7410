"""Checking answers: against field specs, and against JSON Schemas that customers wrote.

Every problem is keyed to its field and says what to do; a library's words never come through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from .conditions import evaluate_condition, is_empty, prepare, variables_read
from .errors import ConditionError, FieldError, SchemaError
from .field_types import Field, FieldType
from .fields import check_fields, fields_schema, limit_problem, parse_fields
from .json_schema import (
    REQUIRED,
    ValidationError,
    compile_validator,
    pattern_problem,
    sentence,
)
from .problems import FieldProblem, Path, Problem, did_you_mean, dotted, nearest, short
from .process import Json, JsonObject
from .storable import unstorable

MAX_PROBLEMS = 100
MAX_SCHEMA_PARTS = 5_000
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_NOT_A_FORM: Final = "Give the answers as an object: a name and a value for each."


class Validator:
    """Checks the answers of one form; compile it once for each definition and keep it.

    ``presets`` are the values set by the ticket type: their fields are not asked, an answer to
    one is refused, and ``visible_when`` reads them like answers.
    Raises FieldError where the specs themselves are wrong.
    """

    def __init__(self, specs: object, *, presets: Mapping[str, Json] | None = None) -> None:
        self.presets = dict(presets or {})
        self.all_fields = parse_fields(specs)
        self.fields = {each.name: each for each in self.all_fields if each.name not in self.presets}
        self.schema = fields_schema(list(self.fields.values()))
        self._validator = compile_validator(self.schema)
        self._conditional = [
            each for each in self.fields.values() if not is_empty(each.visible_when)
        ]

    def validate(self, data: object) -> list[FieldProblem]:
        """What is wrong with the answers; at most MAX_PROBLEMS, in no promised order."""
        broken = _unstorable(data)
        if broken or not isinstance(data, dict):
            return broken or [FieldProblem("", _NOT_A_FORM)]
        return list(islice(self._problems(data), MAX_PROBLEMS))

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
    """Check answers once; where the same form is used again, keep a Validator."""
    return Validator(specs, presets=presets).validate(data)


def check_presets(specs: object, presets: object) -> list[FieldProblem]:
    """What is wrong with preset values: unknown fields, values that the field refuses."""
    broken = _unstorable(presets)
    if broken or not isinstance(presets, dict):
        return broken or [FieldProblem("", _NOT_A_FORM)]
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
        self._validator = compile_validator(self.schema)

    def validate(self, data: object) -> list[FieldProblem]:
        if broken := _unstorable(data):
            return broken
        problems = (
            problem
            for error in self._validator.iter_errors(data)
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


# JSON Schemas that customers write

_MANY: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLE: Final = frozenset(
    {
        "items",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "additionalProperties",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    }
)
_REFUSED: Final = frozenset(
    {
        "$id",
        "id",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "$recursiveRef",
        "$recursiveAnchor",
        "$vocabulary",
    }
)
_DEFINITIONS: Final = ("#/$defs/", "#/definitions/")


def check_schema(schema: object) -> list[Problem]:
    """What is wrong with a JSON Schema (draft 2020-12); never raises, never fetches anything.

    References lead to ``#/$defs/name`` in the same schema, never in a circle: a circle, or
    definitions that multiply, could keep a validator busy for ever.
    """
    broken = [Problem(path, message) for path, message in unstorable(schema)]
    if broken or not isinstance(schema, dict):
        message = "Give the schema as an object, such as {“type”: “object”}."
        return broken or [Problem((), message, schema)]
    problems = list(islice(_schema_problems(schema, schema, ()), MAX_PROBLEMS))
    if not problems and _expanded(schema) > MAX_SCHEMA_PARTS:
        message = "The schema is too large once its references are followed. Make it simpler."
        problems = [Problem((), message)]
    return problems or _library_problems(schema)


def _schema_problems(part: Json, root: JsonObject, path: Path) -> Iterator[Problem]:
    if not isinstance(part, dict):
        return
    for key in sorted(_REFUSED & set(part)):
        message = f"A schema may not use “{key}”. Remove it."
        yield Problem((*path, key), message, part[key])
    if part.get("$schema", _DRAFT) not in (_DRAFT, f"{_DRAFT}#"):
        message = "Only JSON Schema draft 2020-12 is read. Remove “$schema”."
        yield Problem((*path, "$schema"), message, part["$schema"])
    yield from _reference_problems(part, root, path)
    yield from _regex_problems(part, path)
    for step, inner in _subschemas(part):
        yield from _schema_problems(inner, root, (*path, *step))


def _reference_problems(part: JsonObject, root: JsonObject, path: Path) -> Iterator[Problem]:
    if "$ref" not in part:
        return
    target = part["$ref"]
    if not isinstance(target, str) or not target.startswith(_DEFINITIONS):
        message = (
            "A reference leads to a definition in the same schema, such as “#/$defs/address”. "
            "Copy what you need into “$defs”."
        )
        yield Problem((*path, "$ref"), message, target)
    elif _resolved(target, root) is None:
        names = [f"#/$defs/{name}" for name in _definitions(root, "$defs")]
        meant = nearest(target, names)
        message = "There is no such definition in this schema." + did_you_mean(meant)
        yield Problem((*path, "$ref"), message, target, meant)
    elif _is_circular(target, root):
        message = "This reference leads back to itself. Write the levels out instead."
        yield Problem((*path, "$ref"), message, target)


def _regex_problems(part: JsonObject, path: Path) -> Iterator[Problem]:
    pattern, groups = part.get("pattern"), part.get("patternProperties")
    if isinstance(pattern, str) and (message := pattern_problem(pattern)):
        yield Problem((*path, "pattern"), message, pattern)
    for name in groups if isinstance(groups, dict) else []:
        if message := pattern_problem(name):
            yield Problem((*path, "patternProperties", name), message, name)


def _subschemas(part: JsonObject) -> Iterator[tuple[Path, Json]]:
    for key, value in part.items():
        if key in _SINGLE:
            yield (key,), value
        elif key in _MANY and isinstance(value, dict):
            yield from (((key, name), each) for name, each in value.items())
        elif key in _LISTS and isinstance(value, list):
            yield from (((key, index), each) for index, each in enumerate(value))


def _definitions(root: JsonObject, key: str) -> JsonObject:
    found = root.get(key)
    return found if isinstance(found, dict) else {}


def _resolved(target: str, root: JsonObject) -> Json:
    _, key, name = target.split("/", 2)
    plain = name.replace("~1", "/").replace("~0", "~")
    return _definitions(root, key).get(plain) if "/" not in name and "%" not in name else None


def _targets(part: Json) -> Iterator[str]:
    """The references in this part of a schema."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield str(part["$ref"])
        for step, inner in _subschemas(part):
            if step[0] not in {"$defs", "definitions"}:
                yield from _targets(inner)


def _is_circular(target: str, root: JsonObject) -> bool:
    waiting, seen = [target], set[str]()
    while waiting:
        current = waiting.pop()
        if not current.startswith(_DEFINITIONS):
            continue
        for following in _targets(_resolved(current, root)):
            if following == target:
                return True
            if following not in seen:
                seen.add(following)
                waiting.append(following)
    return False


def _expanded(schema: JsonObject) -> int:
    """How many parts the schema has once each reference is replaced by its definition."""
    sizes: dict[str, int] = {}

    def size(part: Json) -> int:
        if not isinstance(part, dict):
            return 1
        total = 1
        if isinstance(target := part.get("$ref"), str):
            if target not in sizes:
                sizes[target] = size(_resolved(target, schema))
            total += sizes[target]
        return total + sum(size(inner) for _, inner in _subschemas(part))

    return size(schema)


def _library_problems(schema: JsonObject) -> list[Problem]:
    try:
        compile_validator(schema)
    except SchemaError as error:
        return [Problem((), str(error))]
    except ValidationError as error:
        path = tuple(error.instance_path)
        found: object = error.instance if path else None
        meant = nearest(found, _JSON_TYPES) if path and path[-1] == "type" else ""
        message = "JSON Schema does not allow this here. Correct it." + did_you_mean(meant)
        return [Problem(path, message, found, meant)]
    return []


_JSON_TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "null")

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
]

"""Checking the JSON Schemas that customers write, before they are compiled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from .errors import SchemaError
from .json_schema import ValidationError, compile_validator, pattern_problem
from .problems import Path, Problem, did_you_mean, nearest
from .process import Json, JsonObject
from .storable import unstorable

MAX_PROBLEMS = 100
MAX_SCHEMA_PARTS = 5_000
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "null")
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

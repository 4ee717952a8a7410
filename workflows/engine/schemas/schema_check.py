"""Checking the JSON Schemas that customers write, before they are compiled."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from workflows.engine.errors import SchemaError
from workflows.engine.problems import Path, Problem, did_you_mean, nearest
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.engine.values.storable import unstorable

from .json_schema import ValidationError, compile_validator, pattern_problem
from .pattern_cost import MOST_BYTES_OF_FORM
from .schema_cost import (
    MOST_PARTS,
    TooDeepError,
    count_parts,
    patterns_of,
    schema_cost,
    subschemas,
    target_of,
)

MAX_PROBLEMS = 100
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_JSON_TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "null")
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
        message = gettext('Give the schema as an object, such as {"type": "object"}.')
        return broken or [Problem((), message, schema)]
    if count_parts(schema) > MOST_PARTS:
        return [
            Problem(
                (),
                gettext("The schema has more than %(most)s parts. Make it simpler.")
                % {"most": MOST_PARTS},
            )
        ]
    circles = _circular(schema)
    problems = list(islice(_schema_problems(schema, schema, (), circles), MAX_PROBLEMS))
    if not problems:
        problems = _cost_problems(schema) or list(islice(_regex_problems(schema, ()), MAX_PROBLEMS))
    return problems or _library_problems(schema)


def _cost_problems(schema: JsonObject) -> list[Problem]:
    """Whether it is too large to be compiled, references followed; asked before it is."""
    try:
        cost = schema_cost(schema)
    except TooDeepError:
        return [
            Problem((), gettext("One reference leads to the next too often. Use fewer levels."))
        ]
    if cost.parts > MOST_PARTS:
        message = gettext(
            "The schema is too large once its references, and what “unevaluated…” goes through "
            "again, are followed. Make it simpler."
        )
    elif cost.size > MOST_BYTES_OF_FORM:
        message = gettext(
            "The patterns of the schema are too large together. Write + in place of repetitions "
            "that count, such as {1,40}."
        )
    else:
        return []
    return [Problem((), message)]


def _schema_problems(
    part: Json, root: JsonObject, path: Path, circles: Collection[str]
) -> Iterator[Problem]:
    if not isinstance(part, dict):
        return
    for key in sorted(_REFUSED & set(part)):
        message = gettext("A schema may not use “%(key)s”. Remove it.") % {"key": key}
        yield Problem((*path, key), message, part[key])
    if part.get("$schema", _DRAFT) not in (_DRAFT, f"{_DRAFT}#"):
        message = gettext("Only JSON Schema draft 2020-12 is read. Remove “$schema”.")
        yield Problem((*path, "$schema"), message, part["$schema"])
    yield from _reference_problems(part, root, path, circles)
    for step, inner in subschemas(part):
        yield from _schema_problems(inner, root, (*path, *step), circles)


def _reference_problems(
    part: JsonObject, root: JsonObject, path: Path, circles: Collection[str]
) -> Iterator[Problem]:
    if "$ref" not in part:
        return
    target = part["$ref"]
    if not isinstance(target, str) or not target.startswith(_DEFINITIONS):
        message = gettext(
            "A reference leads to a definition in the same schema, such as “#/$defs/address”. "
            "Copy what you need into “$defs”."
        )
        yield Problem((*path, "$ref"), message, target)
    elif _resolved(target, root) is None:
        names = [f"#/$defs/{name}" for name in _definitions(root, "$defs")]
        meant = nearest(target, names)
        message = gettext("There is no such definition in this schema.") + did_you_mean(meant)
        yield Problem((*path, "$ref"), message, target, meant)
    elif target in circles:
        message = gettext("This reference leads back to itself. Write the levels out instead.")
        yield Problem((*path, "$ref"), message, target)


def _regex_problems(part: Json, path: Path) -> Iterator[Problem]:
    if not isinstance(part, dict):
        return
    for step, pattern in patterns_of(part):
        if message := pattern_problem(pattern):
            yield Problem((*path, *step), message, pattern)
    for step, inner in subschemas(part):
        yield from _regex_problems(inner, (*path, *step))


def _definitions(root: JsonObject, key: str) -> JsonObject:
    found = root.get(key)
    return found if isinstance(found, dict) else {}


def _resolved(target: str, root: JsonObject) -> Json:
    name = target.split("/", 2)[2]
    return target_of(target, root) if "/" not in name and "%" not in name else None


def _targets(part: Json) -> Iterator[str]:
    """The references in this part of a schema."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield str(part["$ref"])
        for step, inner in subschemas(part):
            if step[0] not in {"$defs", "definitions"}:
                yield from _targets(inner)


def _circular(root: JsonObject) -> set[str]:
    """The references that lead back to themselves, each definition gone through once."""
    leads_to = {
        f"#/{key}/{name.replace('~', '~0').replace('/', '~1')}": set(_targets(part))
        for key in ("$defs", "definitions")
        for name, part in _definitions(root, key).items()
    }
    # What leads nowhere is in no circle; what is left when all such is taken away leads into one.
    read_by: dict[str, set[str]] = {}
    for name, targets in leads_to.items():
        for target in targets & leads_to.keys():
            read_by.setdefault(target, set()).add(name)
    left = {name: len(targets & leads_to.keys()) for name, targets in leads_to.items()}
    ready = [name for name, count in left.items() if not count]
    while ready:
        done = ready.pop()
        del left[done]
        for name in read_by.get(done, ()):
            left[name] -= 1
            if not left[name]:
                ready.append(name)
    return set(left)


def _library_problems(schema: JsonObject) -> list[Problem]:
    try:
        compile_validator(schema)
    except SchemaError as error:
        return [Problem((), str(error))]
    except ValidationError as error:
        path = tuple(error.instance_path)
        found: object = error.instance if path else None
        meant = nearest(found, _JSON_TYPES) if path and path[-1] == "type" else ""
        message = gettext("JSON Schema does not allow this here. Correct it.") + did_you_mean(meant)
        return [Problem(path, message, found, meant)]
    return []

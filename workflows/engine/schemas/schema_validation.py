"""Checking data against the JSON Schemas that customers wrote.

Every problem says where it is and what to do; a library's words never come through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from workflows.engine.errors import CheckError, SchemaError
from workflows.engine.problems import FieldProblem, Path, did_you_mean, dotted, nearest, short
from workflows.engine.process import JsonObject
from workflows.engine.texts import gettext
from workflows.engine.values.composed import composed, composed_object
from workflows.engine.values.storable import unstorable

from .json_schema import ValidationError, compile_validator, sentence
from .schema_check import check_schema

MAX_PROBLEMS = 100


class SchemaValidator:
    """Checks data against a JSON Schema of a customer; compile it once and keep it.

    Raises SchemaError where the schema is wrong.
    """

    def __init__(self, schema: object) -> None:
        for problem in check_schema(schema):
            message = gettext("The schema is not valid at “%(place)s”: %(problem)s")
            raise SchemaError(message % {"place": short(problem.place), "problem": problem.message})
        self.schema: JsonObject = schema if isinstance(schema, dict) else {}
        self._validator = compile_validator(composed_object(self.schema))

    def validate(self, data: object) -> list[FieldProblem]:
        if broken := unstorable_problems(data):
            return broken
        kept = composed(data)
        problems = (
            problem
            for error in self._validator.iter_errors(kept)
            for problem in schema_problems(error, tuple(error.instance_path), ())
        )
        try:
            return list(islice(problems, MAX_PROBLEMS))
        except CheckError as error:
            return [FieldProblem("", str(error))]


def unstorable_problems(data: object) -> list[FieldProblem]:
    """What of this data cannot be kept."""
    found = islice(unstorable(data), MAX_PROBLEMS)
    return [FieldProblem(_shown(path), message) for path, message in found]


def schema_problems(
    error: ValidationError, path: Path, known: Sequence[str]
) -> Iterator[FieldProblem]:
    """A library error in our words; `known` are the names that there can be at this place."""
    keyword = error.kind.name
    details: dict[str, object] = error.kind.as_dict()
    if keyword == "required":
        yield FieldProblem(dotted((*path, str(details["property"]))), sentence(error))
    elif keyword in {"additionalProperties", "unevaluatedProperties"}:
        unexpected = details["unexpected"]
        for name in unexpected if isinstance(unexpected, list) else []:
            advice = did_you_mean(nearest(name, known)) or gettext(" Leave it out.")
            message = gettext("There is no field of this name.") + advice
            yield FieldProblem(dotted((*path, str(name))), message)
    else:
        yield FieldProblem(dotted(path), sentence(error))


def _shown(path: Path) -> str:
    """A path for people; names that were typed may hold broken characters."""
    return dotted(path).encode("utf-8", "replace").decode().replace("\x00", "?")

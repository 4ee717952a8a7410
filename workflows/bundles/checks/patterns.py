"""The regular expressions of a document together: their cost, before any is compiled."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import Path
from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import MAX_PATTERN_CHARACTERS
from workflows.engine.schemas.pattern_cost import (
    MOST_BYTES_OF_DOCUMENT,
    MOST_BYTES_OF_PATTERN,
    pattern_cost,
)
from workflows.engine.schemas.schema_cost import MOST_PARTS, count_parts, patterns_of, subschemas
from workflows.fields.specs.specs import patterns_in


def pattern_problems(document: JsonObject) -> Iterator[Problem]:
    """Patterns of forms and schemas that make it more than a document may have."""
    total = 0
    for path, pattern in _patterns(document):
        if len(pattern) > MAX_PATTERN_CHARACTERS:
            continue  # said where it stands, and not compiled
        # What is too large by itself is said where it stands, and not compiled either.
        total += min(pattern_cost(pattern).size, MOST_BYTES_OF_PATTERN)
        if total > MOST_BYTES_OF_DOCUMENT:
            message = _(
                "The patterns of the definition up to here are too large together. Write + in "
                "place of a repetition that counts, such as {1,40}."
            )
            yield Problem(path, message, pattern)


def _patterns(document: JsonObject) -> Iterator[tuple[Path, str]]:
    outline = Outline(document)
    for entry in (outline.workflow, *outline.tasks):
        for path, pattern in patterns_in(entry.value.get("fields")):
            yield (*entry.path, "fields", *path), pattern
    for task in outline.tasks:
        yield from _in_schemas(task)


def _in_schemas(task: Entry) -> Iterator[tuple[Path, str]]:
    for name in ("input_schema", "output_schema"):
        schema = task.value.get(name)
        if count_parts(schema) <= MOST_PARTS:  # else it is refused, and not compiled
            yield from _in_schema(schema, (*task.path, name))


def _in_schema(part: Json, path: Path) -> Iterator[tuple[Path, str]]:
    if not isinstance(part, dict):
        return
    for step, pattern in patterns_of(part):
        yield (*path, *step), pattern
    for step, inner in subschemas(part):
        yield from _in_schema(inner, (*path, *step))

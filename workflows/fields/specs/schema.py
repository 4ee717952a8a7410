"""The JSON Schema of a form's answers: of each question as its type says."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.fields.field import Field


def fields_schema(
    fields: Sequence[Field], *, partial: bool = False, in_documents: bool = False
) -> JsonObject:
    """The schema of an object with these fields; a partial one may leave any of them out.

    `in_documents`: as presets and test cases write the answers, which is not as tickets keep them.
    """
    required: list[Json] = [
        each.name
        for each in fields
        if each.required
        and is_empty(each.visible_when)
        and not each.is_computed  # why there is none is said in other words
        and not partial
    ]
    schema: JsonObject = {
        "type": "object",
        "properties": {
            each.name: document_schema(each) if in_documents else field_schema(each)
            for each in fields
        },
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return schema


def field_schema(field: Field) -> JsonObject:
    """The schema of one answer, with label and help as its title and description."""
    return _described(field, field.type.schema(field))


def document_schema(field: Field) -> JsonObject:
    """The schema of one answer as documents write it."""
    return _described(field, field.type.document_schema(field))


def _described(field: Field, schema: JsonObject) -> JsonObject:
    schema = {"title": field.label, **schema}
    if field.help:
        schema["description"] = field.help
    if field.default is not None:
        schema["default"] = field.default
    return schema

"""A file: {"upload": uuid, "filename": text}. The form stores it the moment it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import MappingProxyType
from uuid import UUID

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import CellForm, Field, FieldType, Part, gettext_noop


class File(FieldType):
    key = "file"
    order = 140
    name = gettext_noop("File")
    aliases = ("upload", "attachment")
    hint = gettext_noop("Choose a file.")
    keys = frozenset()
    kind = gettext_noop("a file")
    parts = MappingProxyType({"upload": Part(), "filename": Part()})
    cell = CellForm.JSON
    in_records = False
    says_its_form = True

    def schema(self, question: Field) -> JsonObject:
        return {
            "type": "object",
            "properties": {
                "upload": {"type": "string", "format": "uuid"},
                "filename": {"type": "string", "minLength": 1, "maxLength": 255},
            },
            "required": ["upload", "filename"],
            "additionalProperties": False,
        }

    def sample(self, question: Field) -> Json:
        return {"upload": "00000000-0000-0000-0000-000000000000", "filename": "file.pdf"}

    def still_fits(self, question: Field, value: Json) -> Json:
        return value if isinstance(value, dict) and "upload" in value else None

    def uploads(self, value: Json) -> Iterator[UUID]:
        if isinstance(value, dict):
            with suppress(ValueError):
                yield UUID(str(value.get("upload")))


TYPE = File()

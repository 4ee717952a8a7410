"""A file: {"upload": uuid, "filename": text}. The form stores it the moment it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import MappingProxyType
from uuid import UUID

from workflows.engine.problems import Path, Problem
from workflows.engine.process import Json, JsonObject
from workflows.fields.field import (
    CellForm,
    CheckList,
    Field,
    FieldType,
    Holds,
    Part,
    SpecKey,
    gettext_noop,
)
from workflows.fields.file.accepted import (
    ACCEPT,
    accepted_by,
    entry_problem,
    refusal_of_name,
    sample_name,
)


class File(FieldType):
    key = "file"
    order = 140
    name = gettext_noop("File")
    aliases = ("upload", "attachment")
    hint = gettext_noop("Choose a file.")
    keys = frozenset()
    may_be_computed = False
    own_keys = (
        SpecKey(
            ACCEPT,
            gettext_noop("Takes these files"),
            gettext_noop(
                "Endings such as .pdf, and media types such as image/*, separated by commas. "
                "Empty: every file."
            ),
            Holds.TEXTS,
        ),
    )
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
        name = sample_name(accepted_by(question))
        return {"upload": "00000000-0000-0000-0000-000000000000", "filename": name}

    def spec_problems(
        self, spec: JsonObject, path: Path, check_list: CheckList
    ) -> Iterator[Problem]:
        given = spec.get(ACCEPT)
        for index, entry in enumerate(given if isinstance(given, list) else []):
            message, meant = entry_problem(entry) if isinstance(entry, str) else ("", "")
            if message:
                yield Problem((*path, ACCEPT, index), message, entry, meant)

    def problem(self, question: Field, value: Json) -> str:
        name = value.get("filename") if isinstance(value, dict) else None
        is_named = isinstance(name, str) and name != ""
        return refusal_of_name(accepted_by(question), str(name)) if is_named else ""

    def still_fits(self, question: Field, value: Json) -> Json:
        is_file = isinstance(value, dict) and "upload" in value
        return value if is_file and not self.problem(question, value) else None

    def uploads(self, value: Json) -> Iterator[UUID]:
        if isinstance(value, dict):
            with suppress(ValueError):
                yield UUID(str(value.get("upload")))


TYPE = File()

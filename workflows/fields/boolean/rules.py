"""Yes or no."""

from __future__ import annotations

from datetime import tzinfo

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import YES_NO, CellForm, Field, FieldType, gettext_noop


class Boolean(FieldType):
    key = "boolean"
    order = 50
    name = gettext_noop("Yes or no")
    aliases = ("yes_no", "yes_or_no", "bool", "checkbox")
    hint = gettext_noop("Answer yes or no.")
    kind = YES_NO
    cell = CellForm.YES_NO

    def schema(self, question: Field) -> JsonObject:
        return {"type": "boolean"}

    def read(self, question: Field, text: str, *, zone: tzinfo) -> Json:
        return {"true": True, "false": False}.get(text, text)

    def sample(self, question: Field) -> Json:
        return True

    def possible_values(self, question: Field) -> tuple[Json, ...]:
        return (True, False)


TYPE = Boolean()

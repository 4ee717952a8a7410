"""A web address: http and https only."""

from __future__ import annotations

from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import FORMAT_SENTENCES
from workflows.fields.field import Field, FieldType, TitleUse, gettext_noop
from workflows.fields.shared.texts import OF_CHARACTERS, TEXT_CHARACTERS


class Url(FieldType):
    key = "url"
    erased = "https://erased.invalid/"
    order = 120
    name = gettext_noop("Web address")
    aliases = ("link", "uri", "web_address")
    hint = FORMAT_SENTENCES["uri"]
    at_least, at_most = OF_CHARACTERS
    says_its_form = True
    title_use = TitleUse.PART

    def schema(self, question: Field) -> JsonObject:
        return {"type": "string", "format": "uri", "maxLength": TEXT_CHARACTERS}

    def sample(self, question: Field) -> Json:
        return "https://example.com/"


TYPE = Url()

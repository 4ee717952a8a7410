"""An e-mail address."""

from __future__ import annotations

from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import FORMAT_SENTENCES
from workflows.fields.field import Field, FieldType, TitleUse, gettext_noop
from workflows.fields.shared.texts import OF_CHARACTERS


class Email(FieldType):
    key = "email"
    erased = "erased@erased.invalid"
    order = 110
    name = gettext_noop("E-mail address")
    aliases = ("mail", "email_address")
    hint = FORMAT_SENTENCES["email"]
    at_least, at_most = OF_CHARACTERS
    says_its_form = True
    title_use = TitleUse.PART

    def schema(self, question: Field) -> JsonObject:
        return {"type": "string", "format": "email", "maxLength": 254}

    def sample(self, question: Field) -> Json:
        return "someone@example.com"


TYPE = Email()

"""A phone number."""

from __future__ import annotations

from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field, FieldType, TitleUse, gettext_noop
from workflows.fields.shared.texts import OF_CHARACTERS

PHONE_PATTERN: Final = r"^\+?[0-9(][0-9 ()./-]{2,28}[0-9]$"


class Phone(FieldType):
    key = "phone"
    erased = "000000"
    order = 130
    name = gettext_noop("Phone number")
    aliases = ("telephone", "tel", "phone_number")
    hint = gettext_noop("Enter a phone number: digits and spaces, with + before a country code.")
    at_least, at_most = OF_CHARACTERS
    says_its_form = True
    title_use = TitleUse.PART

    def schema(self, question: Field) -> JsonObject:
        return {"type": "string", "pattern": PHONE_PATTERN}

    def sample(self, question: Field) -> Json:
        return "+49 30 1234567"


TYPE = Phone()

"""A line of text."""

from __future__ import annotations

from workflows.engine.process import Json
from workflows.fields.field import Field, gettext_noop
from workflows.fields.shared.texts import FreeText


class Text(FreeText):
    key = "text"
    erased = "erased"
    order = 10
    name = gettext_noop("Text")
    aliases = ("string", "str", "varchar", "short_text", "plain_text")

    def sample(self, question: Field) -> Json:
        return "Some text"


TYPE = Text()

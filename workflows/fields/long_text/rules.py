"""Text of several lines."""

from __future__ import annotations

from workflows.engine.process import Json
from workflows.fields.field import Field, as_typed, gettext_noop
from workflows.fields.shared.texts import FreeText

LONG_TEXT_CHARACTERS = 100_000


class LongText(FreeText):
    key = "long_text"
    erased = "erased"
    order = 20
    name = gettext_noop("Long text")
    aliases = ("multiline_text", "multiline", "textarea")
    usual_most = LONG_TEXT_CHARACTERS

    def stripped(self, typed: str) -> str:
        """Blanks before the first line are meant: they may be part of a list."""
        text = as_typed(typed)
        return text.rstrip() if text.strip() else ""

    def sample(self, question: Field) -> Json:
        return "Some text\nof two lines"


TYPE = LongText()

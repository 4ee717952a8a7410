"""The value of one of the choices."""

from __future__ import annotations

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field, TitleUse, gettext_noop
from workflows.fields.shared.listed import Offering, values_schema


class Choice(Offering):
    key = "choice"
    order = 60
    name = gettext_noop("One choice")
    aliases = ("single_choice", "select", "dropdown", "radio", "enum")
    hint = gettext_noop("Choose one of the options.")
    keys = frozenset({"default", "choices"})
    title_use = TitleUse.PART

    def schema(self, question: Field) -> JsonObject:
        return values_schema(question)

    def sample(self, question: Field) -> Json:
        return question.choices[0][0] if question.choices else ""

    def possible_values(self, question: Field) -> tuple[Json, ...]:
        return tuple(value for value, _label in question.choices)

    def still_fits(self, question: Field, value: Json) -> Json:
        offered = {each for each, _label in question.choices}
        return value if isinstance(value, str) and value in offered else None


TYPE = Choice()

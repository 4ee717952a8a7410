"""A list of values, each of them once."""

from __future__ import annotations

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import CellForm, Field, TitleUse, gettext_noop
from workflows.fields.shared.listed import MAX_CHOICES, Listed, Offering, values_schema


class Choices(Offering, Listed):
    key = "choices"
    order = 70
    name = gettext_noop("Several choices")
    aliases = ("several_choices", "multiple_choice", "multi_select", "checkboxes")
    hint = gettext_noop("Choose from the options; give them as a list.")
    keys = frozenset({"default", "choices", "min", "max"})
    at_least = gettext_noop("At least %(limit)s of them")
    at_most = gettext_noop("At most %(limit)s of them")
    cell = CellForm.NAMES
    title_use = TitleUse.PART
    most = MAX_CHOICES

    def schema(self, question: Field) -> JsonObject:
        return {**self.list_schema(question, values_schema(question)), "uniqueItems": True}

    def sample(self, question: Field) -> Json:
        return [value for value, _label in question.choices[:2]]

    def still_fits(self, question: Field, value: Json) -> Json:
        offered = {each for each, _label in question.choices}
        if isinstance(value, list):
            return [each for each in value if isinstance(each, str) and each in offered] or None
        return value if isinstance(value, str) and value in offered else None


TYPE = Choices()

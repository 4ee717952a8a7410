"""What the types of numbers share."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar

from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.engine.values.number_text import NumberTextError, number_problem, parse_number
from workflows.fields.field import NUMBER, Field, FieldType
from workflows.fields.shared.limits import order_problem
from workflows.fields.shared.spec_values import otherwise


class Numeric(FieldType):
    """A number of one kind or the other; `bound` is the largest that can be kept."""

    keys = frozenset({"default", "min", "max", "more_than", "less_than"})
    kind = NUMBER
    has_limit_rules = True
    json_type: ClassVar[str]
    is_whole: ClassVar[bool]
    bound: ClassVar[int | float]

    def asks_for_number(self, key: str) -> bool | None:
        return self.is_whole if key in self.keys else None

    def contradiction(self, spec: JsonObject) -> str:
        return order_problem(spec)

    def schema(self, question: Field) -> JsonObject:
        schema: JsonObject = {
            "type": self.json_type,
            "minimum": otherwise(question.minimum, -self.bound),
            "maximum": otherwise(question.maximum, self.bound),
        }
        if question.more_than is not None:
            schema["exclusiveMinimum"] = question.more_than
        if question.less_than is not None:
            schema["exclusiveMaximum"] = question.less_than
        return schema

    def read(self, question: Field, text: str, *, zone: tzinfo) -> Json:
        try:
            return parse_number(text, whole=self.is_whole)
        except NumberTextError:
            return text

    def wrong_kind(self, value: object) -> str:
        """Of a text that is no number, why it is none."""
        if not isinstance(value, str):
            return self.advice
        problem = number_problem(value, whole=self.is_whole)
        return problem or gettext("%(hint)s It stands in quotation marks: leave them out.") % {
            "hint": self.advice
        }

    def sample(self, question: Field) -> Json:
        return question.minimum if isinstance(question.minimum, int | float) else 100

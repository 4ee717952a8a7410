"""What the types of dates and times share: their limits are ISO texts, shown in words of time."""

from __future__ import annotations

from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import compile_validator
from workflows.engine.texts import gettext
from workflows.fields.field import Field, FieldType, gettext_noop
from workflows.fields.shared.limits import FORMULA

OF_TIME: Final = (gettext_noop("From %(limit)s on"), gettext_noop("Until %(limit)s"))


class Moment(FieldType):
    """A day, a time of a day, or both."""

    keys = frozenset({"default", "min", "max"})
    has_limit_rules = True
    at_least, at_most = OF_TIME

    def limit_problem(self, value: Json) -> str:
        probe = Field(name="limit", label="limit", type=self)
        fits = compile_validator(self.schema(probe), is_ours=True).is_valid(value)
        return "" if fits else f"{self.advice} {gettext(FORMULA)}"

    def contradiction(self, spec: JsonObject) -> str:
        low, high = spec.get("min"), spec.get("max")
        both = isinstance(low, str) and isinstance(high, str) and low and high
        if both and self.is_earlier(str(high), str(low)):
            return gettext(
                "“min” is later than “max”, so that no answer fits. Correct one of them."
            )
        return ""

    def problem(self, question: Field, value: Json) -> str:
        if not isinstance(value, str):
            return ""
        if isinstance(question.minimum, str) and self.is_earlier(value, question.minimum):
            return gettext("Enter %(minimum)s or later.") % {"minimum": question.minimum}
        if isinstance(question.maximum, str) and self.is_earlier(question.maximum, value):
            return gettext("Enter %(maximum)s or earlier.") % {"maximum": question.maximum}
        return ""

    def is_earlier(self, text: str, other: str) -> bool:
        """Whether the first of two texts that fit the schema is before the second."""
        return text < other

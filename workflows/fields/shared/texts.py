"""What the types of free text share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from workflows.engine.problems import Path, Problem
from workflows.engine.process import Json, JsonObject
from workflows.engine.schemas.json_schema import NOT_BLANK, pattern_problem
from workflows.engine.schemas.pattern_cost import most_characters
from workflows.engine.texts import gettext
from workflows.fields.field import CheckList, Field, FieldType, TitleUse, gettext_noop
from workflows.fields.shared.limits import count_problem, order_problem, zero_problem
from workflows.fields.shared.spec_values import given_number, is_absent, otherwise

TEXT_CHARACTERS = 2_000
MAX_TEXT_CHARACTERS = 1_000_000
OF_CHARACTERS: Final = (
    gettext_noop("At least %(limit)s characters"),
    gettext_noop("At most %(limit)s characters"),
)


class FreeText(FieldType):
    """Text without a form of its own, or with a pattern."""

    hint = gettext_noop("Enter text.")
    keys = frozenset({"default", "min", "max", "pattern"})
    at_least, at_most = OF_CHARACTERS
    title_use = TitleUse.WHOLE
    usual_most: ClassVar[int] = TEXT_CHARACTERS

    def asks_for_number(self, key: str) -> bool | None:
        return True if key in {"min", "max"} else None

    def limit_problem(self, value: Json) -> str:
        return count_problem(value, MAX_TEXT_CHARACTERS)

    def contradiction(self, spec: JsonObject) -> str:
        return order_problem(spec) or self._without_max(spec) or zero_problem(spec)

    def _without_max(self, spec: JsonObject) -> str:
        low = given_number(spec, "min")
        if given_number(spec, "max") is None and low is not None and low > self.usual_most:
            return gettext(
                "Give “max” as well: without it %(usual_most)s characters are the most."
            ) % {"usual_most": self.usual_most}
        return ""

    def spec_problems(
        self, spec: JsonObject, path: Path, check_list: CheckList
    ) -> Iterator[Problem]:
        pattern = spec.get("pattern")
        if is_absent(pattern):
            return
        message = (
            pattern_problem(pattern)
            if isinstance(pattern, str)
            else gettext("Give the pattern as text: a regular expression.")
        )
        if not message and isinstance(pattern, str):
            message = self._length_problem(pattern, spec)
        if message:
            yield Problem((*path, "pattern"), message, pattern)

    def _length_problem(self, pattern: str, spec: JsonObject) -> str:
        most = most_characters(pattern)
        longest = otherwise(given_number(spec, "max"), self.usual_most)
        if not isinstance(longest, int | float) or longest <= most:
            return ""
        return gettext(
            "Texts of up to %(longest)s characters would take too long to compare "
            "with this pattern. Give at most %(most)s as “max”, or write the pattern "
            "with fewer repetitions."
        ) % {"longest": longest, "most": most}

    def schema(self, question: Field) -> JsonObject:
        schema: JsonObject = {
            "type": "string",
            "maxLength": otherwise(question.maximum, self.usual_most),
        }
        if question.minimum is not None or question.required:
            schema["minLength"] = otherwise(question.minimum, 1)
        patterns: list[Json] = [{"pattern": NOT_BLANK}] if question.required else []
        if question.pattern:
            patterns.append({"pattern": question.pattern})
        if patterns:
            schema["allOf"] = patterns
        return schema

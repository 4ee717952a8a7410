"""What the types share that have choices, or several entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import ClassVar, Final

from tenants.names import LONGEST_NAME, name_key
from workflows.engine.problems import Path, Problem
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.fields.field import LIST, CheckList, Field, FieldType
from workflows.fields.shared.limits import count_problem, order_problem, zero_problem
from workflows.fields.shared.spec_values import given_number, is_absent, otherwise

MAX_CHOICES: Final = 1_000


class Listed(FieldType):
    """An answer that is a list of `most` entries at most."""

    keys = frozenset({"default", "min", "max"})
    kind = LIST
    may_be_computed = False
    most: ClassVar[int]

    def asks_for_number(self, key: str) -> bool | None:
        return True if key in {"min", "max"} else None

    def limit_problem(self, value: Json) -> str:
        return count_problem(value, self.most)

    def contradiction(self, spec: JsonObject) -> str:
        return order_problem(spec) or zero_problem(spec)

    def list_schema(self, question: Field, items: JsonObject) -> JsonObject:
        schema: JsonObject = {
            "type": "array",
            "items": items,
            "maxItems": otherwise(question.maximum, self.most),
        }
        if question.required and question.minimum in {None, 0}:
            schema["minItems"] = 1
        elif question.minimum is not None:
            schema["minItems"] = question.minimum
        return schema


class Offering(FieldType):
    """A type whose spec has choices."""

    def spec_problems(
        self, spec: JsonObject, path: Path, check_list: CheckList
    ) -> Iterator[Problem]:
        choices, place = spec.get("choices"), (*path, "choices")
        if is_absent(choices):
            yield Problem(place, gettext("Give the choices, as a list."), choices)
            return
        if not isinstance(choices, list) or len(choices) > MAX_CHOICES:
            message = gettext("Give the choices as a list of at most %(most)s.") % {
                "most": MAX_CHOICES
            }
            yield Problem(place, message, choices)
            return
        yield from _choice_problems(choices, place)
        least = given_number(spec, "min")
        if least is not None and least > len(choices):
            message = gettext("“min” asks for more answers than there are choices. Lower it.")
            yield Problem((*path, "min"), message, spec.get("min"))

    def read(self, question: Field, text: str, *, zone: tzinfo) -> Json:
        """A browser sends the line ends of a value as CR LF, whatever they were."""
        return known_choice(text, question.choices)

    def stripped(self, typed: str) -> str:
        return typed  # it was not typed


def _choice_problems(choices: list[Json], place: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, choice in enumerate(choices):
        pair = choice_of(choice)
        if pair is None:
            message = gettext(
                "Give a choice as text, or as an object with value and label, both text."
            )
            yield Problem((*place, index), message, choice)
        elif pair[0] in seen:
            yield Problem(
                (*place, index), gettext("This choice is listed twice. Remove one."), choice
            )
        else:
            seen.add(pair[0])


def choice_of(choice: Json) -> tuple[str, str] | None:
    """A choice as value and label, or None where it is not one."""
    if isinstance(choice, dict):
        if not set(choice) <= {"value", "label"}:
            return None
        value = choice.get("value")
        label = value if is_absent(choice.get("label")) else choice["label"]
    else:
        value = label = choice
    if not isinstance(value, str) or not isinstance(label, str):
        return None
    fit = len(value) <= LONGEST_NAME and len(label) <= LONGEST_NAME
    return (value, label) if value.strip() and fit else None


def known_choice(text: str, choices: Sequence[tuple[str, str]]) -> str:
    """The value of the choice that is meant; the text itself where that is not certain.

    A choice is meant by its value, or else by one that looks like it, or else by what the form
    shows in its place.
    """
    if any(value == text for value, _label in choices):
        return text
    wanted = name_key(text)
    for at in (0, 1):
        found = {each[0] for each in choices if name_key(each[at]) == wanted}
        if found:
            return found.pop() if len(found) == 1 else text
    return text


def values_schema(question: Field) -> JsonObject:
    return {"enum": [value for value, _label in question.choices]}

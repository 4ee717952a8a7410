"""What pages show as rows, as the JSON of a tool's result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from tenants.mcp.tool import JsonObject
from workflows.engine.process import Json
from workflows.fields.answers.validation import Validator
from workflows.forms import Shown

TEXT: Final[JsonObject] = {"type": "string"}
FLAG: Final[JsonObject] = {"type": "boolean"}
WHOLE: Final[JsonObject] = {"type": "integer"}
ANY_OBJECT: Final[JsonObject] = {"type": "object"}
OBJECTS: Final[JsonObject] = {"type": "array", "items": ANY_OBJECT}
TEXTS: Final[JsonObject] = {"type": "array", "items": TEXT}
# Longer texts are cut: a model reads all of it.
LONGEST_TEXT: Final = 4_000
MOST_ROWS: Final = 100


def result_of(required: Sequence[str] = (), /, **properties: JsonObject) -> JsonObject:
    """The schema of a result: these parts, of which all are there unless some are named."""
    return {"properties": properties, "required": list(required or properties)}


def when(moment: datetime | None) -> str:
    """A moment as ISO 8601; empty: there is none."""
    return "" if moment is None else moment.isoformat()


def shown_as_json(answers: Iterable[Shown]) -> list[JsonObject]:
    """Answers as people read them."""
    return [_shown(each) for each in answers]


def _shown(answer: Shown) -> JsonObject:
    made: JsonObject = {"label": answer.label, "text": cut(answer.text)}
    if answer.items:
        made["items"] = answer.items[:MOST_ROWS]
    if answer.headers:
        made["headers"] = answer.headers
        made["rows"] = [[cut(each.text) for each in row] for row in answer.rows[:MOST_ROWS]]
    return made


def cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


class Tried(Protocol):
    """A transition that was looked at, as pages show it."""

    @property
    def target(self) -> str: ...
    @property
    def condition(self) -> str: ...
    @property
    def is_always(self) -> bool: ...
    @property
    def outcome(self) -> str: ...
    @property
    def error(self) -> str: ...


def tried_as_json(rows: Iterable[Tried]) -> list[JsonObject]:
    """Why it went on so: each transition that was looked at, and what its condition came to."""
    found: list[JsonObject] = []
    for each in rows:
        condition = "always" if each.is_always else str(each.condition)
        row = {"to": str(each.target), "condition": cut(condition), "result": each.outcome}
        found.append({**row, "error": each.error} if each.error else row)
    return found


@dataclass(frozen=True, slots=True)
class FormInWords:
    """A form for an assistant: the JSON Schema of its answers, and what a schema cannot say."""

    validator: Validator

    def as_json(self) -> JsonObject:
        fields = self.validator.fields.values()
        return {
            "schema": plain_json(self.validator.schema),
            "questions": [
                {
                    "name": each.name,
                    "label": each.label,
                    "type": each.type.key,
                    "is_calculated": each.is_computed,
                    "is_conditional": each.visible_when is not None,
                }
                for each in fields
            ],
        }


FORM: Final[JsonObject] = {
    "type": "object",
    "properties": {"schema": ANY_OBJECT, "questions": OBJECTS},
    "required": ["schema", "questions"],
}


def plain_json(value: Any) -> Json:
    """Frozen JSON as it is written."""
    if isinstance(value, Mapping):
        return {str(name): plain_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(each) for each in value]
    found: Json = value
    return found

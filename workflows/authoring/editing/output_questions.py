from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tenants.names import LONGEST_NAME
from workflows.engine.process import Json, JsonObject
from workflows.fields.specs.specs import MAX_FIELDS

_TYPES: Final = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
LONGEST_HELP: Final = 2_000


def output_questions(schema: Json, given: Mapping[str, Json]) -> tuple[list[Json], dict[str, str]]:
    """The output of a call, as far as its schema says what is in it, as questions of a form.

    Names of questions are plainer than those of properties may be. So the second part of the
    answer says which property each question asks for: {name of the question: name of the property}.
    `given` is an output: a text of several lines there asks for an input of several lines.
    """
    properties = schema.get("properties") if isinstance(schema, dict) else None
    specs: list[Json] = []
    names: dict[str, str] = {}
    for key, each in properties.items() if isinstance(properties, dict) else ():
        if len(specs) == MAX_FIELDS:
            break
        if isinstance(each, dict) and (kind := _kind_of(each, given.get(key))) is not None:
            name = f"f{len(specs)}"
            names[name] = key
            specs.append({"name": name, **_words_of(key, each), **kind})
    return specs, names


def _kind_of(schema: JsonObject, given: Json) -> JsonObject | None:
    """The type of a question for such a value, with its choices; None where there is none."""
    kind, allowed = schema.get("type"), schema.get("enum")
    if kind in (None, "string") and isinstance(allowed, list) and allowed:
        texts = [each for each in allowed if isinstance(each, str) and each.strip()]
        if texts == allowed:
            return {"type": "choice", "choices": allowed}
    if kind == "string" and isinstance(given, str) and "\n" in given:
        return {"type": "long_text"}
    return {"type": _TYPES[kind]} if isinstance(kind, str) and kind in _TYPES else None


def _words_of(key: str, schema: JsonObject) -> JsonObject:
    title, description = schema.get("title"), schema.get("description")
    label = title if isinstance(title, str) and title.strip() else key
    words: JsonObject = {"label": " ".join(label.split())[:LONGEST_NAME] or "?"}
    if isinstance(description, str):
        words["help"] = description[:LONGEST_HELP]
    return words

"""Texts in composed form (Unicode's NFC), in which equal texts have equal characters.

“é” comes as one character or as two, by the keyboard and the system that it was typed on. What
comes in is kept in one form, so that conditions, patterns, lengths and choices mean what a person
sees. The engine asks here wherever data or a definition enters it; columns that hold answers ask
again as they are written (`workflows.models.composed_json`).
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from workflows.engine.process import Json, JsonObject


def is_composed(text: str) -> bool:
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def composed_text(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def composed(value: Any) -> Json:
    """The value with each of its texts composed.

    Names in objects too, but for one that another name of the object would then be equal to.
    The value must be JSON that `unstorable` finds nothing in.
    """
    if is_composed(json.dumps(value, ensure_ascii=False)):
        kept: Json = value
        return kept
    return _composed(value)


def composed_object(values: JsonObject) -> JsonObject:
    made = composed(values)
    return made if isinstance(made, dict) else values


def _composed(value: Json) -> Json:
    if isinstance(value, str):
        return composed_text(value)
    if isinstance(value, list):
        return [_composed(each) for each in value]
    if not isinstance(value, dict):
        return value
    made: JsonObject = {}
    for name, each in value.items():
        plain = composed_text(name)
        made[name if plain in made or (plain != name and plain in value) else plain] = _composed(
            each
        )
    return made

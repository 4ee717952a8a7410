"""Reading the values of a spec, which may be any JSON."""

from __future__ import annotations

import math
from typing import Final

from workflows.engine.process import Json, JsonObject

MAX_INTEGER: Final = 2**53 - 1  # beyond it, JavaScript and spreadsheets lose digits


def is_absent(value: Json) -> bool:
    """null, an empty text and an empty list count as not given, as spreadsheets leave them."""
    return value is None or value == "" or value == [] or value == {}


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: Json) -> bool:
    return is_number(value) and number(value) == int(number(value))


def number(value: Json) -> int | float:
    return value if isinstance(value, int | float) else math.nan


def given_number(spec: JsonObject, key: str) -> int | float | None:
    value = spec.get(key)
    return None if is_absent(value) or not is_number(value) else number(value)


def otherwise(limit: Json, usual: int | float) -> Json:
    return usual if limit is None else limit

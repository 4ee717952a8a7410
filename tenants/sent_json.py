"""JSON that programs send: as the standard has it, in UTF-8, and as Postgres can hold it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

# The character zero, as it is written: after an even number of backslashes, for two are one.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def read_json(content: bytes) -> Any:
    """What a body says.

    Raises:
        ValueError: it is no JSON in UTF-8, has a number that is none, or a text that is none.
        RecursionError: it is nested too deeply.
    """
    # Never the bytes themselves: of those json would guess the encoding.
    text = content.decode("utf-8")
    found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    if "\\u" in text:  # in UTF-8 nothing else writes what cannot be kept
        _ensure_written_storable(json.dumps(found, ensure_ascii=False))
    return found


def is_storable(text: str) -> bool:
    """Whether a text has neither halves of characters nor the character zero."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _ensure_written_storable(written: str) -> None:
    written.encode()
    if _NUL.search(written):
        raise ValueError("NUL")


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number

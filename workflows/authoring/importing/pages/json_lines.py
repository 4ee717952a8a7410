"""Where in a JSON text a value stands."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in typeshed

from workflows.engine.problems import Path

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = JSONDecoder()
# Beyond this the search, which reads the text anew for each path, takes too long.
MAX_CHARACTERS = 500_000


def line_number(text: str, path: Path) -> int | None:
    """The line (counted from 1) on which the value of a path begins.

    Where the path leads to nothing, such as a missing name, it is the line of the last part
    that is there. None where the text is too long, or is not JSON.
    """
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        position = _skip_blanks(text, 0)
        for step in path:
            inner = _child_start(text, position, step)
            if inner is None:
                break
            position = inner
    except (JSONDecodeError, StopIteration, IndexError, RecursionError):
        return None
    return text.count("\n", 0, position) + 1


def _skip_blanks(text: str, position: int) -> int:
    """Past blanks."""
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _child_start(text: str, position: int, step: str | int) -> int | None:
    """Where the child of this name or number begins; None where there is none."""
    if text[position] == "{" and isinstance(step, str):
        return _find_name(text, _skip_blanks(text, position + 1), step)
    if text[position] == "[" and isinstance(step, int):
        return _find_index(text, _skip_blanks(text, position + 1), step)
    return None


def _find_name(text: str, position: int, wanted: str) -> int | None:
    while text[position] == '"':
        name, position = scanstring(text, position + 1)
        position = _skip_blanks(text, _skip_blanks(text, position) + 1)
        if name == wanted:
            return position
        position = _value_end(text, position)
    return None


def _find_index(text: str, position: int, wanted: int) -> int | None:
    index = 0
    while text[position] != "]":
        if index == wanted:
            return position
        index += 1
        position = _value_end(text, position)
    return None


def _value_end(text: str, position: int) -> int:
    """Past a value and the comma that follows it: to the next entry or the closing bracket."""
    _value, position = _DECODER.raw_decode(text, position)
    position = _skip_blanks(text, position)
    return _skip_blanks(text, position + 1) if text[position] == "," else position

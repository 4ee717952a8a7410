"""What JSON, Postgres and our libraries can all hold.

Everything from outside passes here first. Each rule has its reason: a jsonb column refuses
NUL characters and lone surrogates; JSON has no NaN and no infinity; the rule engine turns
integers beyond 64 bits into floats without a word, and a float so large comes back from a
jsonb column as such an integer; and the libraries, compiled code, crash the process on values
that are nested thousands of levels deep.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from workflows.engine.problems import Path
from workflows.engine.texts import gettext

MAX_DEPTH = 60
MAX_INTEGER = 2**63 - 1


def unstorable(value: object, *, max_depth: int = MAX_DEPTH) -> Iterator[tuple[Path, str]]:
    """Yield the place and a sentence for everything in this value that cannot be kept."""
    stack: list[tuple[Path, object]] = [((), value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, dict | list) and len(path) >= max_depth:
            yield path, gettext("This is nested too deeply. Use fewer levels.")
        elif isinstance(item, dict):
            for key in item:
                if not isinstance(key, str):
                    yield path, gettext("Every name must be text.")
                elif message := _text_problem(key):
                    yield path, message
                else:
                    stack.append(((*path, key), item[key]))
        elif isinstance(item, list):
            stack.extend(((*path, index), each) for index, each in enumerate(item))
        elif message := _scalar_problem(item):
            yield path, message


def has_more_parts(value: object, most: int) -> bool:
    """Whether there are more values in it, lists and objects among them, than `most`."""
    waiting, count = [value], 1
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list):
            count += len(item)
            if count > most:
                return True
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return False


def _scalar_problem(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, int):
        return "" if -MAX_INTEGER <= value <= MAX_INTEGER else gettext("This number is too large.")
    if isinstance(value, float):
        if not math.isfinite(value):
            return gettext("Enter an ordinary number.")
        # Postgres gives a whole number back as an integer, however it was written.
        return "" if abs(value) <= MAX_INTEGER else gettext("This number is too large.")
    return gettext(
        "This is not a value that can be kept. Use text, a number, yes or no, or a list."
    )


def _text_problem(text: str) -> str:
    if "\x00" in text:
        return gettext("This text has a character that cannot be kept (NUL). Remove it.")
    try:
        text.encode()
    except UnicodeEncodeError:
        return gettext("This text has a broken character. Type it again.")
    return ""

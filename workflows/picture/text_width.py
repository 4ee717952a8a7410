"""How wide a text is drawn, and its lines."""

from __future__ import annotations

import unicodedata


def clean(text: str) -> str:
    """One line without control characters, surrogates and marks that turn the text around."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs") or c in _TURNING else c for c in text)
    return " ".join("".join(kept).split())


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NARROW = frozenset("iljtfrI.,:;'|!()[]{}/\\ ")
_WIDE = frozenset("mwMW@%—…")


def text_width(text: str, size: float) -> float:
    """An estimate, a little on the wide side: nothing here knows the reader's fonts."""
    return size * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.92
    if letter.isascii():
        return 0.7 if letter.isupper() else 0.58
    if unicodedata.combining(letter):
        return 0.0
    return 1.05 if unicodedata.east_asian_width(letter) in "WF" else 0.68


def wrap(text: str, size: float, width: float, most: int) -> list[str]:
    """Break the text into lines; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        count = _fitting(rest, size, width)
        if count == len(rest):
            return [*lines, rest]
        if len(lines) + 1 == most:
            count = _fitting(rest, size, width - text_width("…", size))
            return [*lines, rest[: max(count, 1)].rstrip() + "…"]
        space = rest.rfind(" ", 0, count + 1)
        cut = space if space > 0 else max(count, 1)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return lines


def _fitting(text: str, size: float, width: float) -> int:
    """How many letters fit into the width."""
    used = 0.0
    for count, letter in enumerate(text):
        used += size * _letter_width(letter)
        if used > width:
            return count
    return len(text)

"""Texts as they are compared in a search: without case, accents and the ends of lines. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# What Unicode does not take apart. Tables of str.translate: {ordinal: text}.
_LETTERS: Final = str.maketrans("øłđðħ\u0131", "olddhi") | str.maketrans(
    {"þ": "th", "æ": "ae", "œ": "oe"}
)
# A longer word is looked for, and found, by its beginning.
LONGEST_WORD: Final = 60
_PARTS: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile("[+\\-(]?\\d[\\d.,'\u2019/()\\-]*\\d")
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")


def on_one_line(text: str) -> str:
    """A text with single blanks, and without characters that no column takes."""
    return " ".join(text.replace("\x00", " ").split())


def plain_text(text: str) -> str:
    """Without case and accents."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.casefold())
    return (
        "".join(c for c in letters if not unicodedata.combining(c)).casefold().translate(_LETTERS)
    )


def plain_with_places(text: str) -> tuple[str, list[int]]:
    """As `plain_text`, with the place of each of its letters in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        plain = plain_text(letter)
        letters.append(plain)
        places += [place] * len(plain)
    return "".join(letters), places


def without_edges(chunk: str) -> str:
    """What stands between blanks, without the punctuation around it."""
    return _EDGES.sub("", chunk)


def parts_of(chunk: str) -> list[str]:
    """The words in what stands between two blanks."""
    return _PARTS.findall(chunk)


def digits_of(chunk: str) -> str:
    """The digits of a number with something between them; empty where it is none."""
    return re.sub(r"\D", "", chunk) if _NUMBER.fullmatch(chunk) else ""


def words_of(plain: str) -> set[str]:
    """The words of a plain text by which it is found: as they stand there, and their parts."""
    found: set[str] = set()
    for typed in set(plain.split()):
        chunk = without_edges(typed)
        if not chunk:
            continue
        found.add(chunk)
        parts = parts_of(chunk)
        if len(parts) > 1:
            found.update(parts)
            if digits := digits_of(chunk):
                found.add(digits)
            if "@" in chunk:
                found.add(chunk.partition("@")[2])
    return {each[:LONGEST_WORD] for each in found if each}

"""Texts as they are compared in a search: without case, accents and the ends of lines. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# What Unicode does not take apart. Tables of str.translate: {ordinal: text}.
_SINGLE: Final = ("øłđðħ\u0131", "olddhi")
_DOUBLE: Final = {"þ": "th", "æ": "ae", "œ": "oe"}
_LETTERS: Final = str.maketrans(*_SINGLE) | str.maketrans(_DOUBLE)
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


def plain_in_sql(expression: str) -> str:
    """As `plain_text`, of an expression of Postgres, whatever locale the database has.

    One that knows no case but that of ASCII leaves other scripts as they are.
    """
    letters = f"lower(regexp_replace(normalize({expression}, NFKD), '[{_marks()}]', '', 'g'))"
    # Final sigma is for `casefold` a sigma. Capitals for a locale that does not know them.
    replaced, instead = _SINGLE
    capitals = [(each.upper(), by) for each, by in zip(replaced, instead, strict=True)]
    more = [(each, by) for each, by in capitals if len(each) == 1 and not each.isascii()]
    more += [(each.upper(), each) for each in _DOUBLE]
    more += [("\u1e9e", "ß"), ("\u03c2", "\u03c3")]
    old = replaced + "".join(each for each, _by in more)
    new = instead + "".join(by for _each, by in more)
    found = f"translate({letters}, '{old}', '{new}')"
    for letter, by in {**_DOUBLE, "ß": "ss"}.items():
        found = f"replace({found}, '{letter}', '{by}')"
    # Most names are ASCII, for which this takes a fraction of the time.
    is_ascii = f"octet_length({expression}) = length({expression})"
    return f"CASE WHEN {is_ascii} THEN lower({expression}) ELSE {found} END"


def _marks() -> str:
    """What `unicodedata.combining` knows, for a bracket expression. Of the first plane: the names
    of people have none of the others."""
    ranges: list[list[int]] = []
    for code in range(0x300, 0x10000):
        if not unicodedata.combining(chr(code)):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\u{first:04x}-\u{last:04x}" for first, last in ranges)


def plain_with_places(text: str) -> tuple[str, list[int]]:
    """As `plain_text`, with the place of each of its letters in the text."""
    if text.isascii():
        return text.lower(), list(range(len(text)))
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        plain = _plain_letter(letter)
        letters.append(plain)
        places += [place] * len(plain)
    return "".join(letters), places


@lru_cache(maxsize=4_096)
def _plain_letter(letter: str) -> str:
    return plain_text(letter)


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

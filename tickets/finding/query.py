"""What somebody types into a search, taken apart. Pure: no Django, no database.

As on the web: all words must be there, in any order; "several words" stand together; -word must not
be there; OR stands between two of which one is enough. A word is found by its beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from tickets.finding.plain_text import (
    LONGEST_WORD,
    digits_of,
    on_one_line,
    parts_of,
    plain_text,
    without_edges,
    words_of,
)

LONGEST_QUERY: Final = 200
MOST_WORDS: Final = 8
# Parts of words are looked for from so many letters on: an index knows no shorter ones.
FEWEST_LETTERS: Final = 3

_TYPED: Final = re.compile(r'-?"[^"]*"?|\S+')
_NUMBER: Final = re.compile(r"(?:[^\W\d_]{1,12}-)?#?(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several that stand together. `number` is that of a ticket, if it may be one."""

    plain: str
    is_phrase: bool = False
    number: int | None = None

    @property
    def may_be_part(self) -> bool:
        return len(self.plain) >= FEWEST_LETTERS

    def alternatives(self) -> list[list[str]]:
        """One of these must be there: of each all words, the last one being a beginning."""
        if self.is_phrase:
            return [sorted(words_of(self.plain))]
        word = self.plain[:LONGEST_WORD]
        found = [[word]]
        parts = parts_of(self.plain)
        if digits := digits_of(self.plain):
            if digits != word:
                found.append([digits])
        elif len(parts) > 1:
            found.append([each[:LONGEST_WORD] for each in parts])
        return found


@dataclass(frozen=True, slots=True)
class Query:
    """`groups`: of each, one term must be there; `excluded`: none of these may be.

    `is_cut`: there was more than is looked for.
    """

    groups: tuple[tuple[Term, ...], ...] = ()
    excluded: tuple[Term, ...] = ()
    is_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.groups or self.excluded)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All that must or may be there."""
        return tuple(term for group in self.groups for term in group)


@dataclass(slots=True)
class _Reading:
    groups: list[list[Term]] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)
    is_after_or: bool = False


def read_query(typed: str) -> Query:
    """Never raises, whatever was typed; empty where there is nothing to look for."""
    is_cut = len(typed) > LONGEST_QUERY
    reading = _Reading()
    count = 0
    for text in _TYPED.findall(on_one_line(typed[:LONGEST_QUERY])):
        if text == "OR":
            reading.is_after_or = bool(reading.groups)
            continue
        term = _term(text)
        if term is None:
            continue
        if count == MOST_WORDS:
            is_cut = True
            break
        count += 1
        _add(reading, term, is_excluded=text.startswith("-") and len(text) > 1)
    groups = tuple(tuple(group) for group in reading.groups)
    return Query(groups, tuple(reading.excluded), is_cut)


def _add(reading: _Reading, term: Term, *, is_excluded: bool) -> None:
    if is_excluded:
        reading.excluded.append(term)
    elif reading.is_after_or:
        reading.groups[-1].append(term)
    else:
        reading.groups.append([term])
    reading.is_after_or = False


def _term(text: str) -> Term | None:
    typed = text.removeprefix("-")
    if typed.startswith('"'):
        plain = on_one_line(plain_text(typed.strip('"')))
        if len(plain.split()) > 1:
            return Term(plain, is_phrase=True) if words_of(plain) else None
        typed = plain
    found = _NUMBER.fullmatch(typed)
    plain = without_edges(plain_text(typed))
    if not plain:
        return None
    return Term(plain, number=int(found[1]) if found else None)

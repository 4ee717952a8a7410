"""What a regular expression costs, read off its text before it is compiled.

A repetition that counts is compiled as often as it counts, a class of Unicode such as ``\\p{L}``
takes hundreds of states each time. Where the text is not a regular expression, what is found is
a number too: compiling says what is wrong with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Bytes that a compiled pattern may take, by the estimate.
MOST_BYTES_OF_PATTERN: Final = 10_000_000
MOST_BYTES_OF_FORM: Final = 30_000_000
MOST_BYTES_OF_DOCUMENT: Final = 60_000_000
# Positions of a pattern times characters of a text, of which 20 million take about a second.
MOST_STEPS: Final = 20_000_000
_LITERAL: Final = 300
_UNICODE_LITERAL: Final = 900
_SMALL_CLASS: Final = 700
_ANY_CHARACTER: Final = 3_000
_LARGE_CLASS: Final = 8_000
_UNICODE_CLASS: Final = 110_000
_REPEATED: Final = 300
_CASE_INSENSITIVE: Final = 3
_COUNTED: Final = re.compile(r"\{([0-9]+)(,?)([0-9]*)\}")
_GROUP: Final = re.compile(r"\?(?:<?[=!:]|P?<[^>]*>|[a-zA-Z-]*:?)")
_UNICODE: Final = re.compile(r"[pP](?:\{[^}]*\}|.)?")


@dataclass(frozen=True, slots=True)
class PatternCost:
    """`size` in bytes once compiled; `positions` in which a match can be at a time."""

    size: int
    positions: int


@lru_cache(maxsize=2_000)  # of patterns of at most 500 characters
def pattern_cost(pattern: str) -> PatternCost:
    """An upper bound, in time linear in the pattern."""
    size, positions = _Reader(pattern).read()
    factor = _CASE_INSENSITIVE if re.search(r"\(\?[a-zA-Z]*i", pattern) else 1
    return PatternCost(size * factor + 5_000, positions)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        # Sums of the groups that are open; the last is the innermost.
        self.open: list[list[int]] = [[0, 0]]

    def read(self) -> tuple[int, int]:
        while self.at < len(self.pattern):
            self._next()
        while len(self.open) > 1:
            self._close()
        return self.open[0][0], self.open[0][1]

    def _next(self) -> None:
        character = self.pattern[self.at]
        self.at += 1
        if character == "(":
            self.open.append([0, 0])
            if found := _GROUP.match(self.pattern, self.at):
                self.at = found.end()
        elif character == ")":
            self._close()
        elif character == "[":
            self._add(self._class(), 1)
        elif character == "\\":
            self._add(self._escaped(), 1)
        elif character == ".":
            self._add(_ANY_CHARACTER, 1)
        else:
            self._add(_LITERAL if character.isascii() else _UNICODE_LITERAL, 1)

    def _close(self) -> None:
        if len(self.open) == 1:
            return
        size, positions = self.open.pop()
        self._add(size + _LITERAL, positions + 1)

    def _add(self, size: int, positions: int) -> None:
        times = self._times()
        self.open[-1][0] += times * (size + (_REPEATED if times != 1 else 0))
        self.open[-1][1] += times * positions

    def _times(self) -> int:
        """How often what stands before is compiled, for all that repeats it."""
        times = 1
        while self.at < len(self.pattern):
            found = _COUNTED.match(self.pattern, self.at)
            if found:
                least, comma, most = found.groups()
                counted = int(most) if most else int(least) + (1 if comma else 0)
                times *= max(counted, int(least), 1)
                self.at = found.end()
            elif self.pattern[self.at] in "*+?":
                times *= 1
                self.open[-1][0] += _REPEATED
                self.at += 1
            else:
                break
        return times

    def _escaped(self) -> int:
        if found := _UNICODE.match(self.pattern, self.at):
            self.at = found.end()
            return _UNICODE_CLASS
        character = self.pattern[self.at : self.at + 1]
        self.at += 1
        if character in ("D", "W", "S", "s"):
            return _LARGE_CLASS
        return _SMALL_CLASS

    def _class(self) -> int:
        size, depth = _SMALL_CLASS, 1
        if self.pattern[self.at : self.at + 1] == "^":
            size += _ANY_CHARACTER
        while self.at < len(self.pattern) and depth:
            character = self.pattern[self.at]
            self.at += 1
            if character == "\\":
                size += self._escaped()
            elif character == "]":
                depth -= 1
            elif not character.isascii():
                size += _ANY_CHARACTER
        return size


def most_characters(pattern: str) -> int:
    """How long a text may be for its match with this pattern not to take too long."""
    return MOST_STEPS // max(pattern_cost(pattern).positions, 1)

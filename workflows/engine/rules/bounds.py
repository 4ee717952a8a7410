"""What is known of a value before it is there: how large it is at most, and what is in it.

Each size is an upper bound, in characters of JSON; a loop counts as often as its list can be long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from workflows.engine.process import Json

# How many levels a rule may put around what it reads: what is deeper cannot be kept.
MOST_LEVELS: Final = 100
_MOST_SHAPE: Final = 5
_MOST_VALUES: Final = 200
SIZE_OF_A_NUMBER: Final = 40  # a number or a point in time, as it is written
SIZE_OF_A_BOOLEAN: Final = 5
_WRITTEN_OUT: Final = 340  # a number inside a text, where 1e-300 has all its zeros
SPARE: Final = 2


class TooLargeError(Exception):
    """More would be made than is allowed. Never leaves the engine."""


class Bound:
    """What is known of a value before it is there.

    `size` is the most characters that it can have as JSON. `values` are all that it can be, where
    they are known; `parts` the bounds of the values of an object, `item` that of each entry of a
    list, of which there are at most `count`. `is_text`: it can be nothing but text. `levels` are
    those that the rule puts around what it reads.
    """

    __slots__ = (
        "_as_text",
        "_count",
        "_found",
        "_size",
        "is_text",
        "item",
        "levels",
        "parts",
        "shape",
        "values",
    )

    def __init__(
        self,
        size: int | None = None,
        *,
        count: int | None = None,
        item: Bound | None = None,
        parts: Mapping[str, Bound] | None = None,
        values: Sequence[Json] | None = None,
        is_text: bool = False,
        levels: int = 0,
    ) -> None:
        if levels > MOST_LEVELS:
            raise TooLargeError
        self.levels: int = levels
        self._as_text: int | None = None
        self._found: dict[tuple[str, ...], Bound] = {}
        self._size = size
        self._count = count
        inner = [*(parts or {}).values(), *([item] if item is not None else [])]
        # How far down something is known of its parts. Parts share parts: without an end to it,
        # going through them could take for ever.
        self.shape: int = 1 + max((each.shape for each in inner), default=0)
        if self.shape > _MOST_SHAPE and not isinstance(self, Turn):
            item = parts = None
            self.shape = 1
        self.item = item
        self.parts = parts
        self.values = values
        self.is_text: bool = is_text or (
            values is not None and bool(values) and all(isinstance(each, str) for each in values)
        )

    @property
    def size(self) -> int:
        if self._size is None:
            self._size = max(map(size_of, self.values or ()), default=4)
        return self._size

    @property
    def count(self) -> int:
        """How often a loop over it goes round."""
        if self._count is None:
            if self.values is not None:
                self._count = max(map(_length, self.values), default=0)
            elif self.parts is not None:
                self._count = max(len(self.parts), 1)
            else:
                self._count = self.size // 2 + 1
        return self._count

    @property
    def as_text(self) -> int:
        """How long it is inside a text."""
        if self.is_text:
            return self.size
        if self._as_text is None:
            if self.values is not None:
                self._as_text = max(map(_value_as_text, self.values), default=SIZE_OF_A_BOOLEAN)
            else:
                self._as_text = 2 * self.size + self.count * _WRITTEN_OUT
        return self._as_text

    def entry(self) -> Bound:
        """What each of its entries can be."""
        if self.item is None:
            if self.values is not None:
                self.item = Bound(values=[one for each in self.values for one in _entries(each)])
            elif self.parts is not None:
                self.item = joined(self.parts.values())
            else:
                return Bound(self.size, levels=self.levels)
        return self.item

    def beneath(self, steps: tuple[str, ...]) -> Bound:
        """What stands at this path in it; null where nothing does."""
        found = self
        for number, step in enumerate(steps):
            if found.values is not None:
                rest = steps[number:]
                if rest not in found._found:
                    inner = list(_looked_up(found.values, rest))
                    if len(inner) < len(found.values):
                        inner.append(None)  # where nothing stands
                    found._found[rest] = Bound(values=inner)
                return found._found[rest]
            if found.parts is not None:
                found = found.parts.get(step, NOTHING)
            elif found.item is not None:
                found = found.item
            else:
                return Bound(found.size, levels=found.levels)
        return found

    @property
    def is_list(self) -> bool:
        if self.values is not None:
            return all(isinstance(each, list) for each in self.values)
        return self.item is not None

    def equals(self, other: Bound) -> bool:
        """Whether the same is known of both."""
        if self is other:
            return True
        mine = (self.size, self.count, self.is_text, self.levels, self.values is None)
        theirs = (other.size, other.count, other.is_text, other.levels, other.values is None)
        return mine == theirs and _same_parts(self, other)


def _same_parts(one: Bound, other: Bound) -> bool:
    if (one.item is None) != (other.item is None) or (one.parts is None) != (other.parts is None):
        return False
    if one.item is not None and other.item is not None and not one.item.equals(other.item):
        return False
    mine, theirs = one.parts or {}, other.parts or {}
    return mine.keys() == theirs.keys() and all(mine[each].equals(theirs[each]) for each in mine)


def size_of(value: Json) -> int:
    """The characters of a value as compact JSON, or a few more."""
    if isinstance(value, str):
        return len(json.dumps(value, ensure_ascii=False))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return SIZE_OF_A_NUMBER
    if isinstance(value, dict | list):
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + SPARE
    return SIZE_OF_A_BOOLEAN


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list | dict) else 1


def _entries(value: Json) -> Iterable[Json]:
    if isinstance(value, list):
        return value
    return value.values() if isinstance(value, dict) else (value,)


def _looked_up(values: Iterable[Json], steps: Sequence[str]) -> Iterable[Json]:
    for value in values:
        found = value
        for step in steps:
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdecimal() and len(step) < 10:
                index = int(step)
                if index >= len(found):
                    break
                found = found[index]
            else:
                break
        else:
            yield found


def joined(bounds: Iterable[Bound]) -> Bound:
    """What can be any of these."""
    several = list({id(each): each for each in bounds}.values())
    if not several:
        return NOTHING
    if len(several) == 1:
        return several[0]
    values = None
    known = sum(len(each.values or ()) for each in several)
    if known <= _MOST_VALUES and all(each.values is not None for each in several):
        values = [value for each in several for value in each.values or ()]
    parts = None
    if values is None and all(each.parts is not None for each in several):
        names = {name for each in several for name in each.parts or ()}
        parts = {
            name: joined((each.parts or {}).get(name, NOTHING) for each in several)
            for name in names
        }
    item = None
    if values is None and parts is None:
        lists = [each for each in several if each is not NOTHING]
        if lists and all(each.is_list for each in lists):
            item = joined(each.entry() for each in lists)
    return Bound(
        max(each.size for each in several),
        count=max(each.count for each in several),
        values=values,
        parts=parts,
        item=item,
        is_text=all(each.is_text for each in several),
        levels=max(each.levels for each in several),
    )


NOTHING: Final = Bound(SIZE_OF_A_BOOLEAN, count=1, values=[None])


class Turn(Bound):
    """The scope of one turn of `reduce`: what it names directly is looked for in the entry."""

    __slots__ = ()

    def beneath(self, steps: tuple[str, ...]) -> Bound:
        parts = self.parts or {}
        if not steps or steps[0] in parts:
            return super().beneath(steps)
        return joined(each.beneath(steps) for each in parts.values())


class Assumed(Bound):
    """Data of which nothing is known: whatever stands in them is as large, and as long a list."""

    __slots__ = ()

    def entry(self) -> Bound:
        return self

    def beneath(self, _steps: tuple[str, ...]) -> Bound:
        return self


def assumed(size: int, count: int | None = None) -> Bound:
    """Data of which nothing is known but how large, and how long a list, each value is."""
    return Bound(size) if count is None else Assumed(size, count=count)


def _value_as_text(value: Json) -> int:
    if isinstance(value, str):
        return size_of(value)
    if isinstance(value, list):
        return sum(map(_value_as_text, value)) + len(value) + SPARE
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A float is written out: 1e-300 has all its zeros.
        return SIZE_OF_A_NUMBER + (
            _WRITTEN_OUT if isinstance(value, float) and abs(value) < 1 else 0
        )
    return 2 * size_of(value) + SPARE

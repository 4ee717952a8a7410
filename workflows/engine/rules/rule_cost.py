"""How large what a rule makes can become, found out before it is evaluated.

The evaluator bounds the operations of an evaluation, and not what comes out of them: a read
costs one operation whatever its size, a value that stands in the result twice is written twice,
and a comparison of two long texts is one operation, too. So the rule is gone through with sizes
in place of values. Each size is an upper bound, in characters of JSON; a loop counts as often as
its list can be long.

What a rule reads is looked up in the data, where the data are known. Without data, a check of a
definition takes every value for a small one (`ASSUMED_SIZE`): what is too large even then is
wrong for all data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workflows.engine.evaluating.days import WORKING_DAYS
from workflows.engine.evaluating.operators import OPERATORS, Makes, that_make
from workflows.engine.process import Json

# The most characters of JSON that a rule may make.
MOST_OUTPUT: Final = 10_000_000
# The most characters that the steps of one evaluation may go over together.
MOST_WORK: Final = 200_000_000
# What a check without data takes each value for.
ASSUMED_SIZE: Final = 64
ASSUMED_ITEMS: Final = 8
# How many parts of a rule are gone through, loops that collect counted anew for each item.
MOST_VISITS: Final = 20_000
# How many levels a rule may put around what it reads: what is deeper cannot be kept.
MOST_LEVELS: Final = 100
_MOST_IN_BETWEEN: Final = 4 * MOST_OUTPUT
# What an operation, and a part of a rule gone through here, takes in place of characters.
_WORK_OF_AN_OPERATION: Final = 500
_WORK_OF_A_VISIT: Final = 1_000
_WORK_OF_WORKING_DAYS: Final = 50_000  # counted one by one, and bounded by the operations
_MOST_SHAPE: Final = 5
_MOST_VALUES: Final = 200
_NUMBER: Final = 40  # a number or a point in time, as it is written
_BOOLEAN: Final = 5
_WRITTEN_OUT: Final = 340  # a number inside a text, where 1e-300 has all its zeros
_NAME_OF_A_TYPE: Final = 16
_DATE_DIRECTIVE: Final = 64  # what two characters of a date format can become
_SPARE: Final = 2

_READS: Final = that_make(Makes.WHAT_IS_READ)
_YES_OR_NO: Final = that_make(Makes.YES_OR_NO)
_NUMBERS: Final = that_make(Makes.NUMBER)
_ONE_OF: Final = that_make(Makes.ONE_OF_ITS_ARGUMENTS)
_MOMENTS: Final = that_make(Makes.MOMENT)
_OF_DAYS: Final = frozenset(("date_add", "date_diff"))
_QUANTIFIERS: Final = frozenset(("all", "some", "none"))


class TooLargeError(Exception):
    """More would be made than is allowed. Never leaves the engine."""


class TooMuchWorkError(TooLargeError):
    """More would be gone through than is allowed."""


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
        if self.shape > _MOST_SHAPE and not isinstance(self, _Turn):
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
                self._as_text = max(map(_value_as_text, self.values), default=_BOOLEAN)
            else:
                self._as_text = 2 * self.size + self.count * _WRITTEN_OUT
        return self._as_text

    def entry(self) -> Bound:
        """What each of its entries can be."""
        if self.item is None:
            if self.values is not None:
                self.item = Bound(values=[one for each in self.values for one in _entries(each)])
            elif self.parts is not None:
                self.item = _joined(self.parts.values())
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
        return _NUMBER
    if isinstance(value, dict | list):
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + _SPARE
    return _BOOLEAN


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


def _joined(bounds: Iterable[Bound]) -> Bound:
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
            name: _joined((each.parts or {}).get(name, NOTHING) for each in several)
            for name in names
        }
    item = None
    if values is None and parts is None:
        lists = [each for each in several if each is not NOTHING]
        if lists and all(each.is_list for each in lists):
            item = _joined(each.entry() for each in lists)
    return Bound(
        max(each.size for each in several),
        count=max(each.count for each in several),
        values=values,
        parts=parts,
        item=item,
        is_text=all(each.is_text for each in several),
        levels=max(each.levels for each in several),
    )


NOTHING: Final = Bound(_BOOLEAN, count=1, values=[None])
_YES: Final = Bound(_BOOLEAN, count=1)
_ANY_NUMBER: Final = Bound(_NUMBER, count=1)


class _Turn(Bound):
    """The scope of one turn of `reduce`: what it names directly is looked for in the entry."""

    __slots__ = ()

    def beneath(self, steps: tuple[str, ...]) -> Bound:
        parts = self.parts or {}
        if not steps or steps[0] in parts:
            return super().beneath(steps)
        return _joined(each.beneath(steps) for each in parts.values())


class _Assumed(Bound):
    """Data of which nothing is known: whatever stands in them is as large, and as long a list."""

    __slots__ = ()

    def entry(self) -> Bound:
        return self

    def beneath(self, _steps: tuple[str, ...]) -> Bound:
        return self


def assumed(size: int, count: int | None = None) -> Bound:
    """Data of which nothing is known but how large, and how long a list, each value is."""
    return Bound(size) if count is None else _Assumed(size, count=count)


@dataclass(frozen=True, slots=True)
class RuleCost:
    """The most characters that a rule makes, and that it goes over on the way."""

    size: int
    work: int


def check_cost(rule: Json, data: Bound, *, most_visits: int = MOST_VISITS) -> RuleCost:
    """The most characters that the rule makes of the data.

    Raises TooLargeError where these are too many, TooMuchWorkError where the way there is too long.
    """
    walk = _Walk(data, most_visits)
    made = walk.bound(rule)
    if made.size > MOST_OUTPUT:
        raise TooLargeError
    walk.charge(made.size)
    return RuleCost(made.size, walk.work + walk.visits * _WORK_OF_A_VISIT)


class _Walk:
    """One way through a rule, with the scopes that it is in: the data, and an item per loop."""

    def __init__(self, data: Bound, most_visits: int) -> None:
        self.most_visits = most_visits
        self.scopes = [data]
        self.collections: list[Bound] = []
        self.work = 0
        self.times = 1
        self.visits = 0

    def charge(self, size: int) -> None:
        self.work += size * self.times
        if self.work > MOST_WORK:
            raise TooMuchWorkError

    def bound(self, rule: Json) -> Bound:
        self.visits += 1
        if self.visits > self.most_visits:
            raise TooMuchWorkError
        self.charge(_WORK_OF_AN_OPERATION)
        if isinstance(rule, list):
            return self._list(rule)
        if not isinstance(rule, dict):
            return Bound(values=[rule])
        if len(rule) == 1:
            [(name, given)] = rule.items()
            if name in OPERATORS:
                arguments = given if isinstance(given, list) else [given]
                made = self._operation(name, arguments)
                if made.size > _MOST_IN_BETWEEN and name not in _READS:
                    raise TooLargeError
                return made
        parts = {_unescaped(name): self.bound(each) for name, each in rule.items()}
        size = sum(each.size + len(json.dumps(name)) + 2 for name, each in parts.items()) + 2
        levels = 1 + max((each.levels for each in parts.values()), default=0)
        return Bound(size, count=max(len(parts), 1), parts=parts, levels=levels)

    def _list(self, rule: list[Json]) -> Bound:
        entries = [self.bound(each) for each in rule]
        # What is read is never put together here: it could be large many times.
        is_constant = not any(isinstance(each, dict) for each in rule)
        if is_constant and all(each.values is not None for each in entries):
            values: list[Json] = [each.values[0] for each in entries if each.values]
            return Bound(values=[values])
        size = sum(each.size + 1 for each in entries) + 2
        item = _joined(entries)
        return Bound(size, count=len(entries), item=item, levels=item.levels + 1)

    def _operation(self, name: str, arguments: list[Json]) -> Bound:
        if name in _READS:
            return self._read(name, arguments)
        if name in _LOOPS:
            return _LOOPS[name](self, name, arguments)
        given = [self.bound(each) for each in arguments]
        total = sum(each.size for each in given)
        self.charge(total)
        if name in _YES_OR_NO:
            return _YES
        unit = arguments[-1] if name in _OF_DAYS and arguments else None
        if unit == WORKING_DAYS or isinstance(unit, dict | list):
            self.charge(_WORK_OF_WORKING_DAYS)
        if name in _NUMBERS:
            return _ANY_NUMBER
        if name in _ONE_OF:
            return _joined([*given, *(each.entry() for each in given), _ANY_NUMBER])
        if name in _MOMENTS:
            return Bound(_NUMBER + total, count=1, is_text=True)
        first = given[0] if given else NOTHING
        return _MADE[name](given, first, total)

    def _read(self, name: str, arguments: list[Json]) -> Bound:
        for each in arguments:
            if isinstance(each, dict):
                self.bound(each)
        if name == "exists":
            return _YES
        fallback = [self.bound(each) for each in arguments[1:]] if name == "var" else []
        path, is_above = _path(name, arguments)
        if path is None:
            return _joined([_largest(self.scopes), *fallback])
        if not is_above:
            return _joined([self.scopes[-1].beneath(path), *fallback])
        above = [each.beneath(path) for each in self.scopes]
        above += [
            Bound(each.size, levels=each.levels)
            for each in self.collections
            if path in (("key",), ())
        ]
        return _joined([*above, _ANY_NUMBER, *fallback])

    # Loops

    def _inside(self, collection: Bound, scope: Bound, body: Json, times: int) -> Bound:
        before = self.times
        self.scopes.append(scope)
        self.collections.append(collection)
        self.times *= times
        self.charge(1)
        try:
            return self.bound(body)
        finally:
            self.times = before
            self.scopes.pop()
            self.collections.pop()

    def loop(self, name: str, arguments: list[Json]) -> Bound:
        collection = self.bound(arguments[0]) if arguments else NOTHING
        self.charge(collection.size)
        body = arguments[1] if len(arguments) > 1 else None
        made = self._inside(collection, collection.entry(), body, collection.count)
        if name == "map":
            size = collection.count * (made.size + 1) + 2
            levels = made.levels + 1
            return Bound(size, count=collection.count, item=made, levels=levels)
        if name in _QUANTIFIERS:
            return _YES
        if name == "group_by":
            groups = collection.count * (2 * made.size + _NUMBER)
            levels = collection.levels + 3
            return Bound(3 * collection.size + groups, count=collection.count, levels=levels)
        return collection  # filter, distinct

    def sort(self, _name: str, arguments: list[Json]) -> Bound:
        collection = self.bound(arguments[0]) if arguments else NOTHING
        self.charge(collection.size * (collection.count.bit_length() + 1))
        for each in arguments[1:]:
            self._inside(collection, collection.entry(), each, collection.count)
        return collection

    def reduce(self, _name: str, arguments: list[Json]) -> Bound:
        collection = self.bound(arguments[0]) if arguments else NOTHING
        self.charge(collection.size)
        body = arguments[1] if len(arguments) > 1 else None
        kept = self.bound(arguments[2]) if len(arguments) > 2 else NOTHING
        current = collection.entry()
        for turn in range(collection.count):
            scope = _Turn(
                current.size + kept.size + _NUMBER,
                parts={"current": current, "accumulator": kept},
                levels=max(current.levels, kept.levels),
            )
            following = self._inside(collection, scope, body, 1)
            if following.size > _MOST_IN_BETWEEN:
                raise TooLargeError
            joined = _without_values(_joined([kept, following]))
            if joined.equals(kept):
                self.charge(following.size * (collection.count - turn))
                break
            kept = joined
        return kept


def _without_values(bound: Bound) -> Bound:
    """What the next turn may start from: it can be more than the values that were seen."""
    if isinstance(bound, _Assumed) or (bound.values is not None and not bound.values):
        return bound
    item = bound.entry() if bound.is_list else None
    parts = bound.parts
    return Bound(
        bound.size,
        count=bound.count,
        item=None if item is None else _without_values(item),
        parts=None if parts is None else {name: _without_values(parts[name]) for name in parts},
        is_text=bound.is_text,
        levels=bound.levels,
    )


def _largest(bounds: Iterable[Bound]) -> Bound:
    several = list(bounds)
    levels = max(each.levels for each in several)
    return Bound(max(each.size for each in several), levels=levels)


def _unescaped(name: str) -> str:
    return name[1:] if name.startswith("$") else name


def _path(name: str, arguments: list[Json]) -> tuple[tuple[str, ...] | None, bool]:
    """The steps that a read names, and whether they begin in a scope further out."""
    if name == "var":
        first = arguments[0] if arguments else ""
        if isinstance(first, dict | list):
            return None, False
        return _steps(first), False
    is_above = bool(arguments) and isinstance(arguments[0], list)
    rest = arguments[1:] if is_above else arguments
    if any(isinstance(each, dict | list) for each in rest):
        return None, is_above
    if len(rest) == 1 and not is_above:
        return (str(rest[0]),) if rest[0] not in (None, "") else (), False
    return tuple(map(str, rest)), is_above


def _steps(name: Json) -> tuple[str, ...]:
    if name is None or name == "":
        return ()
    return tuple(str(name).split("."))


def _value_as_text(value: Json) -> int:
    if isinstance(value, str):
        return size_of(value)
    if isinstance(value, list):
        return sum(map(_value_as_text, value)) + len(value) + _SPARE
    if isinstance(value, int | float) and not isinstance(value, bool):
        # A float is written out: 1e-300 has all its zeros.
        return _NUMBER + (_WRITTEN_OUT if isinstance(value, float) and abs(value) < 1 else 0)
    return 2 * size_of(value) + _SPARE


def _text(size: int) -> Bound:
    return Bound(size + _SPARE, count=1, is_text=True)


type _Maker = Callable[[list[Bound], Bound, int], Bound]


def _merged(given: list[Bound], _first: Bound, total: int) -> Bound:
    item = _joined([each.entry() if each.is_list else each for each in given])
    count = sum(each.count for each in given)
    levels = max((each.levels + (not each.is_list) for each in given), default=1)
    return Bound(total + len(given) + 2, count=max(count, len(given)), item=item, levels=levels)


def _split(_given: list[Bound], first: Bound, _total: int) -> Bound:
    length = first.as_text
    return Bound(4 * length + 8, count=length + 1, item=_text(length))


def _entries_of(_given: list[Bound], first: Bound, _total: int) -> Bound:
    item = Bound(first.size + _NUMBER, levels=first.levels + 1)
    size = first.size + first.count * _NUMBER + 2
    return Bound(size, count=first.count, item=item, levels=first.levels + 2)


def _missing(given: list[Bound], _first: Bound, total: int) -> Bound:
    return Bound(total + len(given) + 2, item=_largest([*given, NOTHING]))


def _shortened(_given: list[Bound], first: Bound, _total: int) -> Bound:
    return _text(first.as_text)


_MADE: Final[Mapping[str, _Maker]] = {
    "cat": lambda given, _first, _total: _text(sum(each.as_text for each in given)),
    "merge": _merged,
    "split": _split,
    "substr": _shortened,
    "trim": _shortened,
    "upper": lambda _given, first, _total: _text(3 * first.as_text),
    "lower": lambda _given, first, _total: _text(3 * first.as_text),
    "slice": lambda _given, first, _total: (
        _joined([first, _text(first.as_text)]) if not first.is_text else first
    ),
    "keys": lambda _given, first, _total: Bound(first.size + 2, count=first.count),
    "values": lambda _given, first, _total: Bound(
        first.size + 2, count=first.count, item=first.entry(), levels=first.levels + 1
    ),
    "entries": _entries_of,
    "missing": _missing,
    "missing_some": _missing,
    "type": lambda _given, _first, _total: _text(_NAME_OF_A_TYPE),
    "format_date": lambda _given, _first, total: _text(_DATE_DIRECTIVE * total + _NUMBER),
}
type _Loop = Callable[[_Walk, str, list[Json]], Bound]
_LOOPS: Final[Mapping[str, _Loop]] = {
    **dict.fromkeys(("map", "filter", "group_by", "distinct", *_QUANTIFIERS), _Walk.loop),
    "sort": _Walk.sort,
    "reduce": _Walk.reduce,
}

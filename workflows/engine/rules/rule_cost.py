"""How large what a rule makes can become, found out before it is evaluated.

The evaluator bounds the operations of an evaluation, and not what comes out of them: a read
costs one operation whatever its size, a value that stands in the result twice is written twice,
and a comparison of two long texts is one operation, too. So the rule is gone through with sizes
in place of values (bounds.py).

What a rule reads is looked up in the data, where the data are known. Without data, a check of a
definition takes every value for a small one (`ASSUMED_SIZE`): what is too large even then is
wrong for all data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from workflows.engine.evaluating.days import WORKING_DAYS
from workflows.engine.evaluating.operators import OPERATORS, Makes, that_make
from workflows.engine.process import Json

from .bounds import (
    NOTHING,
    SIZE_OF_A_BOOLEAN,
    SIZE_OF_A_NUMBER,
    SPARE,
    Assumed,
    Bound,
    TooLargeError,
    Turn,
    joined,
)

# The most characters of JSON that a rule may make.
MOST_OUTPUT: Final = 10_000_000
# The most characters that the steps of one evaluation may go over together.
MOST_WORK: Final = 200_000_000
# What a check without data takes each value for.
ASSUMED_SIZE: Final = 64
ASSUMED_ITEMS: Final = 8
# How many parts of a rule are gone through, loops that collect counted anew for each item.
MOST_VISITS: Final = 20_000
_MOST_IN_BETWEEN: Final = 4 * MOST_OUTPUT
# What an operation, and a part of a rule gone through here, takes in place of characters.
_WORK_OF_AN_OPERATION: Final = 500
_WORK_OF_A_VISIT: Final = 1_000
_WORK_OF_WORKING_DAYS: Final = 50_000  # counted one by one, and bounded by the operations
_NAME_OF_A_TYPE: Final = 16
_DATE_DIRECTIVE: Final = 64  # what two characters of a date format can become
_READS: Final = that_make(Makes.WHAT_IS_READ)
_YES_OR_NO: Final = that_make(Makes.YES_OR_NO)
_NUMBERS: Final = that_make(Makes.NUMBER)
_ONE_OF: Final = that_make(Makes.ONE_OF_ITS_ARGUMENTS)
_MOMENTS: Final = that_make(Makes.MOMENT)
_OF_DAYS: Final = frozenset(("date_add", "date_diff"))
_QUANTIFIERS: Final = frozenset(("all", "some", "none"))


class TooMuchWorkError(TooLargeError):
    """More would be gone through than is allowed."""


_YES: Final = Bound(SIZE_OF_A_BOOLEAN, count=1)
_ANY_NUMBER: Final = Bound(SIZE_OF_A_NUMBER, count=1)


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
        item = joined(entries)
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
            return joined([*given, *(each.entry() for each in given), _ANY_NUMBER])
        if name in _MOMENTS:
            return Bound(SIZE_OF_A_NUMBER + total, count=1, is_text=True)
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
            return joined([_largest(self.scopes), *fallback])
        if not is_above:
            return joined([self.scopes[-1].beneath(path), *fallback])
        above = [each.beneath(path) for each in self.scopes]
        above += [
            Bound(each.size, levels=each.levels)
            for each in self.collections
            if path in (("key",), ())
        ]
        return joined([*above, _ANY_NUMBER, *fallback])

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
            groups = collection.count * (2 * made.size + SIZE_OF_A_NUMBER)
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
            scope = Turn(
                current.size + kept.size + SIZE_OF_A_NUMBER,
                parts={"current": current, "accumulator": kept},
                levels=max(current.levels, kept.levels),
            )
            following = self._inside(collection, scope, body, 1)
            if following.size > _MOST_IN_BETWEEN:
                raise TooLargeError
            both = _without_values(joined([kept, following]))
            if both.equals(kept):
                self.charge(following.size * (collection.count - turn))
                break
            kept = both
        return kept


def _without_values(bound: Bound) -> Bound:
    """What the next turn may start from: it can be more than the values that were seen."""
    if isinstance(bound, Assumed) or (bound.values is not None and not bound.values):
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


def _text(size: int) -> Bound:
    return Bound(size + SPARE, count=1, is_text=True)


type _Maker = Callable[[list[Bound], Bound, int], Bound]


def _merged(given: list[Bound], _first: Bound, total: int) -> Bound:
    item = joined([each.entry() if each.is_list else each for each in given])
    count = sum(each.count for each in given)
    levels = max((each.levels + (not each.is_list) for each in given), default=1)
    return Bound(total + len(given) + 2, count=max(count, len(given)), item=item, levels=levels)


def _split(_given: list[Bound], first: Bound, _total: int) -> Bound:
    length = first.as_text
    return Bound(4 * length + 8, count=length + 1, item=_text(length))


def _entries_of(_given: list[Bound], first: Bound, _total: int) -> Bound:
    item = Bound(first.size + SIZE_OF_A_NUMBER, levels=first.levels + 1)
    size = first.size + first.count * SIZE_OF_A_NUMBER + 2
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
        joined([first, _text(first.as_text)]) if not first.is_text else first
    ),
    "keys": lambda _given, first, _total: Bound(first.size + 2, count=first.count),
    "values": lambda _given, first, _total: Bound(
        first.size + 2, count=first.count, item=first.entry(), levels=first.levels + 1
    ),
    "entries": _entries_of,
    "missing": _missing,
    "missing_some": _missing,
    "type": lambda _given, _first, _total: _text(_NAME_OF_A_TYPE),
    "format_date": lambda _given, _first, total: _text(_DATE_DIRECTIVE * total + SIZE_OF_A_NUMBER),
}
type _Loop = Callable[[_Walk, str, list[Json]], Bound]
_LOOPS: Final[Mapping[str, _Loop]] = {
    **dict.fromkeys(("map", "filter", "group_by", "distinct", *_QUANTIFIERS), _Walk.loop),
    "sort": _Walk.sort,
    "reduce": _Walk.reduce,
}

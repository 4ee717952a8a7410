"""What a JSON Schema costs: to compile, and to check data against.

The library finds every error before it gives the first, and each error holds a copy of what it is
about. So what is checked is gone through here first, with numbers in place of checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.bounds import size_of

from .pattern_cost import MOST_STEPS, pattern_cost

MOST_PARTS: Final = 5_000
# How many parts of a schema meet parts of the data before it is too much.
MOST_VISITS: Final = 200_000
# The bytes that the errors of one check may hold.
MOST_BYTES_OF_ERRORS: Final = 50_000_000
# Parts times characters up to which nothing needs to be looked at.
SAFE_PRODUCT: Final = 5_000_000
# What each error takes besides its copies, for parts times characters.
BYTES_OF_ERRORS_A_CHARACTER: Final = 500
# How far one part leads to the next, references followed: the library goes down as deep.
MOST_LEVELS: Final = 200
_CHARACTERS_OF_A_PART: Final = 50
_BYTES_OF_A_PART: Final = 2_000
_BYTES_OF_AN_ERROR: Final = 1_000
# A schema under “unevaluated…” is gone through again, for each of them around it.
_UNEVALUATED: Final = frozenset({"unevaluatedProperties", "unevaluatedItems"})
_AGAIN: Final = 4
MANY: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLE: Final = frozenset(
    {
        "items",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "additionalProperties",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    }
)
_OF_THE_SAME: Final = ("not", "if", "then", "else")


class TooMuchToCheckError(Exception):
    """Checking would take too long. Never leaves the engine."""


class TooDeepError(Exception):
    """One part leads to the next too often. Never leaves the engine."""


@dataclass(frozen=True, slots=True)
class SchemaCost:
    """Once references are followed: its parts, its bytes compiled, what each character meets.

    `positions` are those of all patterns, and values to compare with, in characters / 50.
    """

    parts: int
    size: int
    positions: int
    levels: int = 1


def subschemas(part: JsonObject) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """The schemas right beneath a schema, with their paths."""
    for key, value in part.items():
        if key in SINGLE:
            yield (key,), value
        elif key in MANY and isinstance(value, dict):
            yield from (((key, name), each) for name, each in value.items())
        elif key in LISTS and isinstance(value, list):
            yield from (((key, index), each) for index, each in enumerate(value))


def patterns_of(part: JsonObject) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The regular expressions of this part itself, with their paths."""
    pattern, groups = part.get("pattern"), part.get("patternProperties")
    if isinstance(pattern, str):
        yield ("pattern",), pattern
    for name in groups if isinstance(groups, dict) else ():
        yield ("patternProperties", name), name


def target_of(reference: str, root: JsonObject) -> Json:
    """What a reference leads to, where it leads to a definition of this schema."""
    steps = reference.split("/", 2)
    if len(steps) != 3 or steps[0] != "#":
        return None
    found = root.get(steps[1])
    plain = steps[2].replace("~1", "/").replace("~0", "~")
    return found.get(plain) if isinstance(found, dict) else None


def schema_cost(schema: JsonObject) -> SchemaCost:
    """What a schema costs; each reference as if its definition stood there, a circle once.

    Raises TooDeepError.
    """
    known: dict[str, SchemaCost] = {}

    def cost(part: Json, level: int) -> SchemaCost:
        if level > MOST_LEVELS:
            raise TooDeepError
        if not isinstance(part, dict):
            return SchemaCost(1, _BYTES_OF_A_PART, 0)
        found = [cost(inner, level + 1) for _path, inner in subschemas(part)]
        if isinstance(target := part.get("$ref"), str):
            if target not in known:
                known[target] = SchemaCost(1, _BYTES_OF_A_PART, 0)  # where it leads in a circle
                known[target] = cost(target_of(target, schema), level + 1)
            found.append(known[target])
        made = _together(part, found)
        if made.levels > MOST_LEVELS:
            raise TooDeepError
        return made

    return cost(schema, 1)


def _together(part: JsonObject, found: Sequence[SchemaCost]) -> SchemaCost:
    """The cost of a part and of what stands beneath it."""
    patterns = [pattern_cost(each) for _path, each in patterns_of(part)]
    again = _AGAIN if _UNEVALUATED & part.keys() else 1
    compared = sum(size_of(part[key]) for key in ("enum", "const") if key in part)
    return SchemaCost(
        parts=1 + again * sum(each.parts for each in found),
        size=_BYTES_OF_A_PART
        + sum(each.size for each in patterns)
        + again * sum(each.size for each in found),
        positions=sum(each.positions for each in patterns)
        + compared // _CHARACTERS_OF_A_PART
        + sum(each.positions for each in found),
        levels=1 + max((each.levels for each in found), default=0),
    )


def count_parts(schema: object, most: int = MOST_PARTS) -> int:
    """How many parts are written in it, up to one more than `most`."""
    waiting: list[object] = [schema]
    count = 0
    while waiting and count <= most:
        part = waiting.pop()
        count += 1
        if isinstance(part, dict):
            waiting.extend(inner for _path, inner in subschemas(part))
    return count


def check_visits(schema: JsonObject, data: Json) -> None:
    """Raises TooMuchToCheckError: checking these data would take too long."""
    _Meeting(schema, most_bytes=None).meet(schema, data)


def are_errors_small(schema: JsonObject, data: Json) -> bool:
    """Whether all errors that there can be about these data take little memory together."""
    try:
        _Meeting(schema, most_bytes=MOST_BYTES_OF_ERRORS).meet(schema, data)
    except (TooMuchToCheckError, RecursionError):
        return False
    return True


class _Meeting:
    def __init__(self, root: JsonObject, most_bytes: int | None) -> None:
        self.root = root
        self.most_bytes = most_bytes
        self.visits = 0
        self.bytes = 0
        self.steps = 0
        self._sizes: dict[int, int] = {}

    def _size(self, value: Json) -> int:
        if not isinstance(value, dict | list):
            return size_of(value)
        if id(value) not in self._sizes:
            self._sizes[id(value)] = size_of(value)
        return self._sizes[id(value)]

    def meet(self, part: Json, data: Json) -> None:
        self.visits += 1
        if self.visits > MOST_VISITS or (
            self.most_bytes is not None and self.bytes > self.most_bytes
        ):
            raise TooMuchToCheckError
        self.bytes += _BYTES_OF_AN_ERROR + self._size(data)
        if not isinstance(part, dict):
            return
        self.bytes += len(part) * self._size(data)
        self._scan(part, data)
        again = _AGAIN if _UNEVALUATED & part.keys() else 1
        for _time in range(again):
            self._same(part, data)
            if isinstance(data, dict):
                self._object(part, data)
            elif isinstance(data, list):
                self._list(part, data)

    def _scan(self, part: JsonObject, data: Json) -> None:
        """What looks at each character of a text, or compares with each of many values."""
        for key in ("enum", "const"):
            if key in part:
                options = self._size(part[key])
                self.bytes += options
                self.steps += options
        texts = [data] if isinstance(data, str) else list(data) if isinstance(data, dict) else []
        length = sum(map(len, texts))
        for path, pattern in patterns_of(part):
            if isinstance(data, str) == (path == ("pattern",)):
                self.steps += length * pattern_cost(pattern).positions
        if self.steps > MOST_STEPS:
            raise TooMuchToCheckError

    def _same(self, part: JsonObject, data: Json) -> None:
        target = part.get("$ref")
        if isinstance(target, str):
            self.meet(target_of(target, self.root), data)
        for key in _OF_THE_SAME:
            if key in part:
                self.meet(part[key], data)
        for key in ("allOf", "anyOf", "oneOf"):
            inner = part.get(key)
            for each in inner if isinstance(inner, list) else ():
                self.meet(each, data)
        inner = part.get("dependentSchemas")
        for each in inner.values() if isinstance(inner, dict) else ():
            self.meet(each, data)

    def _object(self, part: JsonObject, data: JsonObject) -> None:
        properties, groups = part.get("properties"), part.get("patternProperties")
        known = properties if isinstance(properties, dict) else {}
        for name in known.keys() & data.keys():
            self.meet(known[name], data[name])
        patterns = groups if isinstance(groups, dict) else {}
        others = [
            part[key]
            for key in ("additionalProperties", "unevaluatedProperties")
            if isinstance(part.get(key), dict)
        ]
        if "propertyNames" in part:
            others.append(part["propertyNames"])
            self.bytes += len(data) * self._size(data)
        for value in data.values() if patterns or others else ():
            for each in (*patterns.values(), *others):
                self.meet(each, value)

    def _list(self, part: JsonObject, data: list[Json]) -> None:
        every = [part[key] for key in ("items", "contains", "unevaluatedItems") if key in part]
        first = part.get("prefixItems")
        for index, value in enumerate(data if every or first else ()):
            for each in every:
                self.meet(each, value)
            if isinstance(first, list) and index < len(first):
                self.meet(first[index], value)

"""How values compare, sort and are written inside texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, Final

from .failures import Reason, Unfit
from .moments import meant
from .numbers import (
    Number,
    comparable,
    is_number,
    kept,
    number_of,
    number_text,
    same_number,
    text_number,
)

type GoOver = Callable[[int], None]


def loosely_equal(one: Any, other: Any, go_over: GoOver) -> bool:
    """`==`: a text that is written as a number equals it, null equals 0, no and the empty text.

    `go_over` is told of each list how many entries are compared, before they are.
    """
    kind, other_kind = type(one), type(other)
    if kind is other_kind:
        if kind is str:
            return one == other or same_times(one, other)
        if kind is int or kind is bool:
            return bool(one == other)
    if is_number(one):
        return _number_equals(one, other)
    if is_number(other):
        return _number_equals(other, one)
    if one is None or other is None:
        given = other if one is None else one
        return given is None or given is False or given == ""
    if kind is bool and other_kind is str:
        return _is_said(one, other)
    if kind is str and other_kind is bool:
        return _is_said(other, one)
    return strictly_equal(one, other, go_over)


def _is_said(value: bool, text: str) -> bool:
    return text == "true" if value else text in ("false", "")


def strictly_equal(one: Any, other: Any, go_over: GoOver) -> bool:
    """`===`: of one type and of one value; lists and objects by what stands in them."""
    if one is other:
        return True
    if isinstance(one, str):
        return isinstance(other, str) and (one == other or same_times(one, other))
    if is_number(one):
        return is_number(other) and same_number(one, other)
    if isinstance(one, list):
        if not isinstance(other, list) or len(one) != len(other):
            return False
        go_over(len(one))
        return all(
            strictly_equal(mine, theirs, go_over) for mine, theirs in zip(one, other, strict=True)
        )
    if isinstance(one, dict):
        if not isinstance(other, dict) or len(one) != len(other):
            return False
        go_over(len(one))
        return one.keys() == other.keys() and all(
            strictly_equal(value, other[name], go_over) for name, value in one.items()
        )
    return one is other


def same_times(one: str, other: str) -> bool:
    """Whether two texts name one moment, time or duration."""
    mine = meant(one)
    return mine is not None and mine == meant(other)


def ordered(one: Any, other: Any, less: Callable[[Any, Any], bool]) -> bool:
    """Whether two values stand in an order, such as `operator.lt`; Unfit where none is."""
    if isinstance(one, str) and isinstance(other, str):
        mine, theirs = meant(one), meant(other)
        if mine is not None and theirs is not None and mine[0] == theirs[0]:
            return less(mine[1], theirs[1])
        return less(one, other)
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        raise Unfit(Reason.NOT_A_NUMBER)
    mine_number, their_number = number_of(one), number_of(other)
    if mine_number is not None and their_number is not None:
        return less(comparable(mine_number), comparable(their_number))
    if is_number(one) or is_number(other):
        raise Unfit(Reason.NOT_A_NUMBER)
    return False


def text_of(value: Any) -> str:
    """A value inside a text; null is empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number_text(value)
    return compact(value)


def compact(value: Any) -> str:
    """As JSON, on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain_number)


def plain(value: Any) -> Any:
    """What a rule made as JSON of one's own, which shares nothing with the data."""
    if value is None or isinstance(value, bool | str):
        return value
    if is_number(value):
        return value if isinstance(value, float) else kept(value)
    return json.loads(compact(value))


def count_of_parts(value: Any) -> int:
    """How many values a list or an object has."""
    return len(value) if isinstance(value, list | dict) else 1


def identity(value: Any, go_over: GoOver) -> Hashable:
    """Equal for values that `===` takes as equal, but for how moments are written.

    `go_over` is told of each list, as in `strictly_equal`.
    """
    if isinstance(value, bool):
        return ("yes or no", value)
    if is_number(value):
        return _compared_number(value)
    if isinstance(value, list):
        go_over(len(value))
        return ("list", tuple(identity(each, go_over) for each in value))
    if isinstance(value, dict):
        go_over(len(value))
        parts = ((name, identity(each, go_over)) for name, each in value.items())
        return ("object", frozenset(parts))
    hashable: Hashable = value
    return hashable


def sort_key(value: Any) -> tuple[int, Any]:
    """Null, yes and no, numbers, texts, lists, objects; lists among themselves stay as they are."""
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return 1, value
    if is_number(value):
        return 2, _compared_number(value)
    if isinstance(value, str):
        return 3, value
    return (4, 0) if isinstance(value, list) else (5, 0)


_NULL: Final = (0, 0)


def _compared_number(value: Any) -> Number:
    number = number_of(value)
    return comparable(0 if number is None else number)


def _number_equals(number: Any, other: Any) -> bool:
    if is_number(other):
        return same_number(number, other)
    if isinstance(other, str):
        read = text_number(other) if other else 0
        return read is not None and same_number(number, read)
    if other is None or isinstance(other, bool):
        return same_number(number, int(bool(other)))
    return False


def _plain_number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return kept(value)
    raise TypeError(type(value).__name__)

"""Each operator of a rule, declared once: its arguments, what it makes, and how it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from . import choosing, days, functions, loops, reading
from .steps import Call, Compiler, Step


class Makes(Enum):
    """What an operator makes, as far as it says how large that can be."""

    YES_OR_NO = auto()
    NUMBER = auto()
    ONE_OF_ITS_ARGUMENTS = auto()
    MOMENT = auto()
    WHAT_IS_READ = auto()
    A_LOOP = auto()
    ITS_OWN = auto()


type Build = Callable[[Compiler, Call], Step]


@dataclass(frozen=True, slots=True)
class Operator:
    """`most` is None where it takes any number of arguments; more than that are not read.

    Either `function` takes the values of all arguments, or `build` makes the step of a call.
    `is_open`: a rule may use it. One that is not would make a decision depend on the clock.
    """

    name: str
    makes: Makes
    least: int = 0
    most: int | None = None
    function: functions.Function | None = None
    build: Build | None = None
    refuses_more: bool = False
    is_open: bool = True


def _declared(*operators: Operator) -> Mapping[str, Operator]:
    return {each.name: each for each in operators}


_READ, _YES, _NUMBER = Makes.WHAT_IS_READ, Makes.YES_OR_NO, Makes.NUMBER
_ONE, _MOMENT, _LOOP, _OWN = (
    *(Makes.ONE_OF_ITS_ARGUMENTS, Makes.MOMENT),
    *(Makes.A_LOOP, Makes.ITS_OWN),
)
_equality = choosing.equality
_same, _differs = _equality(is_strict=False), _equality(is_strict=False, is_negated=True)
_exactly = _equality(is_strict=True)
_not_exactly = _equality(is_strict=True, is_negated=True)
_all = loops.quantifier(stops_at=False, then=False, otherwise=True, of_nothing=False)
_some = loops.quantifier(stops_at=True, then=True, otherwise=False, of_nothing=False)
_none = loops.quantifier(stops_at=True, then=False, otherwise=True, of_nothing=True)

OPERATORS: Final = _declared(
    # The data
    Operator("var", _READ, 0, 2, build=reading.compile_var),
    Operator("val", _READ, 0, None, build=reading.compile_val),
    Operator("exists", _READ, 0, None, build=reading.compile_exists),
    Operator("missing", _OWN, 0, None, build=reading.compile_missing),
    Operator("missing_some", _OWN, 0, 2, build=reading.compile_missing_some),
    # Yes or no
    Operator("==", _YES, 2, None, build=_same),
    Operator("===", _YES, 2, None, build=_exactly),
    Operator("!=", _YES, 2, 2, build=_differs),
    Operator("!==", _YES, 2, 2, build=_not_exactly),
    Operator("<", _YES, 2, None, build=choosing.LESS),
    Operator("<=", _YES, 2, None, build=choosing.AT_MOST),
    Operator(">", _YES, 2, None, build=choosing.MORE),
    Operator(">=", _YES, 2, None, build=choosing.AT_LEAST),
    Operator("!", _YES, 0, 1, functions.negate),
    Operator("!!", _YES, 0, 1, functions.is_truthy),
    Operator("in", _YES, 0, 2, functions.is_in),
    Operator("starts_with", _YES, 2, 2, functions.starts_with),
    Operator("ends_with", _YES, 2, 2, functions.ends_with),
    # One of several
    Operator("and", _ONE, 0, None, build=choosing.compile_and),
    Operator("or", _ONE, 0, None, build=choosing.compile_or),
    Operator("if", _ONE, 0, None, build=choosing.compile_if),
    Operator("?:", _ONE, 0, None, build=choosing.compile_if),
    Operator("??", _ONE, 0, None, build=choosing.compile_coalesce),
    Operator("switch", _ONE, 0, 3, build=choosing.compile_switch),
    Operator("match", _ONE, 0, 3, build=choosing.compile_switch),
    Operator("max", _ONE, 1, None, functions.largest),
    Operator("min", _ONE, 1, None, functions.smallest),
    # Numbers
    Operator("+", _NUMBER, 0, None, functions.add),
    Operator("-", _NUMBER, 1, None, functions.subtract),
    Operator("*", _NUMBER, 0, None, functions.multiply),
    Operator("/", _NUMBER, 1, None, functions.divide),
    Operator("%", _NUMBER, 1, None, functions.modulo),
    Operator("abs", _NUMBER, 1, None, functions.absolute),
    Operator("ceil", _NUMBER, 1, None, functions.ceil),
    Operator("floor", _NUMBER, 1, None, functions.floor),
    Operator("round", _NUMBER, 1, 2, functions.round_half_up),
    Operator("length", _NUMBER, 1, 1, functions.length, refuses_more=True),
    # Texts
    Operator("cat", _OWN, 0, None, functions.concatenate),
    Operator("substr", _OWN, 0, 3, functions.substring),
    Operator("upper", _OWN, 1, 1, functions.upper),
    Operator("lower", _OWN, 1, 1, functions.lower),
    Operator("trim", _OWN, 1, 1, functions.trim),
    Operator("split", _OWN, 2, 2, functions.split),
    Operator("type", _OWN, 0, 1, functions.type_name),
    # Lists and objects
    Operator("merge", _OWN, 0, None, functions.merge),
    Operator("slice", _OWN, 1, 4, functions.cut),
    Operator("keys", _OWN, 1, 1, functions.keys),
    Operator("values", _OWN, 1, 1, functions.values_of),
    Operator("entries", _OWN, 1, 1, functions.entries),
    # Loops
    Operator("map", _LOOP, 2, 2, build=loops.compile_map, refuses_more=True),
    Operator("filter", _LOOP, 2, 2, build=loops.compile_filter, refuses_more=True),
    Operator("reduce", _LOOP, 2, 3, build=loops.compile_reduce, refuses_more=True),
    Operator("all", _LOOP, 2, 2, build=_all, refuses_more=True),
    Operator("some", _LOOP, 2, 2, build=_some, refuses_more=True),
    Operator("none", _LOOP, 2, 2, build=_none, refuses_more=True),
    Operator("sort", _LOOP, 1, 3, build=loops.compile_sort),
    Operator("group_by", _LOOP, 2, 2, build=loops.compile_group_by),
    Operator("distinct", _LOOP, 1, 2, build=loops.compile_distinct),
    # Times
    Operator("datetime", _MOMENT, 1, 1, functions.moment),
    Operator("timestamp", _MOMENT, 1, 1, functions.duration),
    Operator("parse_date", _MOMENT, 2, 2, functions.read_date),
    Operator("format_date", _OWN, 2, 2, functions.write_date),
    Operator("date_diff", _NUMBER, 3, 3, days.difference),
    Operator("date_add", _MOMENT, 3, 3, days.shifted),
    Operator("now", _MOMENT, 0, 0, is_open=False),
)


def that_make(makes: Makes) -> frozenset[str]:
    return frozenset(name for name, each in OPERATORS.items() if each.makes is makes)

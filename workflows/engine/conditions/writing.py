"""Writing a condition: from its JsonLogic to the text; see text.py."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from workflows.engine.evaluating.days import UNITS
from workflows.engine.process import Json
from workflows.engine.values.number_text import write_number

from .words import (
    CALLED,
    COMPARED,
    COUNTING,
    MAX_NESTING,
    OUTSIDE,
    SUMMED,
    Names,
    rows_in,
    words_of_unit,
)

_WRITABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_CALLS: Final = frozenset({*CALLED, "date_add", "date_diff"})
_FUNCTIONS: Final[Mapping[str, str]] = {unit: name for name, unit in COUNTING.items()}


def write_text(rule: Json, names: Names) -> str:
    """The rule as text; raise UnwritableError where the language has no words for it.

    Nothing says yet that it is read as the same rule.
    """
    return _Writer(names).at(rule, 0, 0)


class UnwritableError(Exception):
    """The language has no words for this rule. Never leaves the engine."""


_OR, _AND, _NOT, _COMPARISON, _JOIN, _SUM, _PRODUCT, _ATOM = range(1, 9)
_LEVELS: Final[Mapping[str, tuple[int, str]]] = {
    "or": (_OR, " or "),
    "and": (_AND, " and "),
    "cat": (_JOIN, " & "),
    "+": (_SUM, " + "),
    "*": (_PRODUCT, " * "),
    "-": (_SUM, " - "),
    "/": (_PRODUCT, " / "),
}


class _Writer:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.rows: str | None = None

    def at(self, rule: Json, level: int, depth: int) -> str:
        """The rule, in brackets where what stands around it is tighter."""
        if depth > MAX_NESTING:
            raise UnwritableError
        own, text = self.written(rule, depth + 1)
        return f"({text})" if own < level else text

    def written(self, rule: Json, depth: int) -> tuple[int, str]:
        if not isinstance(rule, dict):
            return _ATOM, _literal(rule)
        if len(rule) != 1:
            raise UnwritableError
        ((operator, arguments),) = rule.items()
        if operator == "var":
            return _ATOM, self.variable(arguments, depth)
        if operator == "val":
            return _ATOM, self.outside(arguments)
        if (over := rows_in(rule)) is not None:
            return _ATOM, self.over_rows(*over, depth)
        if operator in {"!", "!!"}:
            return self.negation(operator, arguments, depth)
        if operator in _CALLS and isinstance(arguments, list):
            return self.call(operator, arguments, depth)
        if not isinstance(arguments, list) or len(arguments) < 2:
            raise UnwritableError
        if operator in _LEVELS:
            level, sign = _LEVELS[operator]
            return level, sign.join(self.at(each, level + 1, depth) for each in arguments)
        if operator == "in" and len(arguments) == 2:
            return _COMPARISON, self.membership(arguments, "in", "contains", depth)
        if operator in COMPARED:
            sign = f" {'=' if operator == '==' else operator} "
            return _COMPARISON, sign.join(self.at(each, _JOIN, depth) for each in arguments)
        raise UnwritableError

    def call(self, operator: str, arguments: list[Json], depth: int) -> tuple[int, str]:
        if operator in CALLED:
            inner = ", ".join(self.at(each, _JOIN, depth) for each in arguments)
            return _ATOM, f"{operator}({inner})"
        if len(arguments) != 3:
            raise UnwritableError
        if operator == "date_add":
            date, count, counted_in = arguments
            return _SUM, self.shifted(date, count, counted_in, depth)
        unit = arguments[2]
        if not isinstance(unit, str) or unit not in _FUNCTIONS:
            raise UnwritableError
        last, first = (self.at(each, _JOIN, depth) for each in arguments[:2])
        return _ATOM, f"{_FUNCTIONS[unit]}({first}, {last})"

    def shifted(self, date: Json, count: Json, unit: Json, depth: int) -> str:
        """`today + 2 working days`, `until - 1 month`."""
        if not isinstance(unit, str) or unit not in UNITS:
            raise UnwritableError
        sign = "+"
        if isinstance(count, dict) and list(count) == ["-"]:
            subtracted = count["-"]
            if isinstance(subtracted, list) and len(subtracted) == 1:
                sign, count = "-", subtracted[0]
        elif isinstance(count, int | float) and not isinstance(count, bool) and count < 0:
            sign, count = "-", -count
        is_one = count == 1 and not isinstance(count, bool)
        words = words_of_unit(unit, is_one=is_one)
        return f"{self.at(date, _SUM, depth)} {sign} {self.at(count, _PRODUCT, depth)} {words}"

    def negation(self, operator: str, argument: Json, depth: int) -> tuple[int, str]:
        inner, arguments = "", None
        if isinstance(argument, dict) and len(argument) == 1:
            ((inner, arguments),) = argument.items()
        if inner == "missing" and isinstance(arguments, list) and len(arguments) == 1:
            name = self.variable(arguments[0], depth)
            return _COMPARISON, f"{name} is {'not ' if operator == '!' else ''}empty"
        if operator == "!!":
            raise UnwritableError
        if inner == "in" and isinstance(arguments, list) and len(arguments) == 2:
            return _COMPARISON, self.membership(arguments, "not in", "does not contain", depth)
        return _NOT, f"not {self.at(argument, _ATOM, depth)}"

    def membership(self, arguments: list[Json], among: str, has: str, depth: int) -> str:
        item, group = arguments
        if isinstance(group, list):
            items = ", ".join(self.at(each, _JOIN, depth) for each in group)
            return f"{self.at(item, _JOIN, depth)} {among} ({items})"
        return f"{self.at(group, _JOIN, depth)} {has} {self.at(item, _JOIN, depth)}"

    def variable(self, arguments: Json, depth: int) -> str:
        if isinstance(arguments, list) and len(arguments) == 2:
            path, otherwise = arguments
            if not isinstance(path, str):
                raise UnwritableError
            return f"{self.variable(path, depth)} (or {self.at(otherwise, _JOIN, depth)})"
        if not isinstance(arguments, str):
            raise UnwritableError
        return self.name(arguments if self.rows is None else f"{self.rows}.{arguments}")

    def outside(self, arguments: Json) -> str:
        """A name inside a function of rows that is none of a row."""
        if self.rows is None or not isinstance(arguments, list) or arguments[:1] != [OUTSIDE]:
            raise UnwritableError
        return self.name(".".join(map(str, arguments[1:])))

    def over_rows(self, function: str, rows: str, body: Json, depth: int) -> str:
        if self.rows is not None:
            raise UnwritableError
        if body is None:
            return f"{function}({self.name(rows)})"
        self.rows = rows
        text = self.at(body, _JOIN if function == SUMMED else 0, depth + 2)
        self.rows = None
        return f"{function}({text})"

    def name(self, path: str) -> str:
        name = self.names.shortest(path)
        if not _WRITABLE_NAME.fullmatch(name):
            raise UnwritableError
        return name


def _literal(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        # As JSON, but with other letters as they are; NBSP and such stay as \u escapes.
        return "".join(map(_shown, json.dumps(value, ensure_ascii=False)))
    if isinstance(value, float) and not value.is_integer():
        return write_number(value)
    if isinstance(value, int | float):
        return json.dumps(value)
    raise UnwritableError


def _shown(character: str) -> str:
    return character if character == " " or character.isprintable() else _escaped(character)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]

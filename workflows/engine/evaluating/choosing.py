"""Operators that evaluate only as many of their arguments as they need."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from .steps import Call, Compiler, Scope, Step
from .values import loosely_equal, ordered, strictly_equal


def compile_and(compiler: Compiler, call: Call) -> Step:
    return _first(compiler, call, wanted=False)


def compile_or(compiler: Compiler, call: Call) -> Step:
    return _first(compiler, call, wanted=True)


def compile_if(compiler: Compiler, call: Call) -> Step:
    steps = _arguments(compiler, call)
    branches = list(zip(steps[0::2], steps[1::2], strict=False))
    otherwise = steps[-1] if len(steps) % 2 else None

    def chosen(scope: Scope) -> Any:
        for condition, value in branches:
            if condition(scope):
                return value(scope)
        return None if otherwise is None else otherwise(scope)

    return chosen


def compile_coalesce(compiler: Compiler, call: Call) -> Step:
    steps = _arguments(compiler, call)

    def first_there(scope: Scope) -> Any:
        for step in steps:
            if (value := step(scope)) is not None:
                return value
        return None

    return first_there


def compile_switch(compiler: Compiler, call: Call) -> Step:
    """`[value, [[case, result], ...], otherwise]`; cases are equal as `===` says."""
    if len(call.arguments) < 2:
        return lambda _scope: None
    given = compiler.argument(call, 0)
    listed = call.arguments[1]
    place = call.place(1)
    cases = []
    # Each part once: of nested ones all else would be compiled twice as often at each level.
    if not isinstance(listed, list):
        compiler.argument(call, 1)  # for what it reads
    for n, case in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(case, list) and len(case) > 1:
            steps = [compiler.step(part, f"{place}/{n}/{m}") for m, part in enumerate(case)]
            cases.append((steps[0], steps[1]))
        else:
            compiler.step(case, f"{place}/{n}")
    otherwise = compiler.argument(call, 2) if len(call.arguments) > 2 else None

    def chosen(scope: Scope) -> Any:
        value = given(scope)
        for case, result in cases:
            if strictly_equal(value, case(scope), scope.run.go_over):
                return result(scope)
        return None if otherwise is None else otherwise(scope)

    return chosen


def equality(*, is_strict: bool, is_negated: bool = False) -> Callable[[Compiler, Call], Step]:
    """`==` and its like: whether the first argument equals each of the others."""
    equal = strictly_equal if is_strict else loosely_equal

    def compile_equality(compiler: Compiler, call: Call) -> Step:
        first, *others = _arguments(compiler, call)
        if len(others) == 1:
            other = others[0]

            def compared(scope: Scope) -> bool:
                found = equal(first(scope), other(scope), scope.run.go_over)
                return found is not is_negated

            return compared

        def chained(scope: Scope) -> bool:
            value = first(scope)
            return all(equal(value, step(scope), scope.run.go_over) for step in others)

        return chained

    return compile_equality


def order(less: Callable[[Any, Any], bool]) -> Callable[[Compiler, Call], Step]:
    """`<` and its like: whether each argument stands so to the next."""

    def compile_order(compiler: Compiler, call: Call) -> Step:
        first, *others = _arguments(compiler, call)
        if len(others) == 1:
            other = others[0]

            def compared(scope: Scope) -> bool:
                one, two = first(scope), other(scope)
                if type(one) is int and type(two) is int:
                    return less(one, two)
                return ordered(one, two, less)

            return compared

        def chained(scope: Scope) -> bool:
            before = first(scope)
            for step in others:
                value = step(scope)
                if not ordered(before, value, less):
                    return False
                before = value
            return True

        return chained

    return compile_order


LESS, AT_MOST, MORE, AT_LEAST = map(order, (operator.lt, operator.le, operator.gt, operator.ge))


def _first(compiler: Compiler, call: Call, *, wanted: bool) -> Step:
    steps = _arguments(compiler, call)

    def first(scope: Scope) -> Any:
        value = None
        for step in steps:
            value = step(scope)
            if bool(value) is wanted:
                return value
        return value

    return first


def _arguments(compiler: Compiler, call: Call) -> list[Step]:
    return [compiler.argument(call, index) for index in range(len(call.arguments))]

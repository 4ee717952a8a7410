"""Operators that evaluate a part of the rule for each entry of a list."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from .failures import Failed, Reason, Unfit
from .steps import Call, Compiler, Scope, Step, inside
from .values import identity, sort_key


def compile_map(compiler: Compiler, call: Call) -> Step:
    collection, body = _parts(compiler, call)

    def mapped(scope: Scope) -> list[Any]:
        given = collection(scope)
        if given is not None and not isinstance(given, list | dict):
            given = [given]
        return [body(at) for at in _each(scope, given)]

    return mapped


def compile_filter(compiler: Compiler, call: Call) -> Step:
    """Of an object, its values with their names."""
    collection, body = _parts(compiler, call)

    def filtered(scope: Scope) -> Any:
        given = collection(scope)
        if isinstance(given, dict):
            return {str(at.key): at.value for at in _each(scope, given) if body(at)}
        _must_be_list(given)
        return [at.value for at in _each(scope, given) if body(at)]

    return filtered


def quantifier(
    *, stops_at: bool, then: bool, otherwise: bool, of_nothing: bool
) -> Callable[[Compiler, Call], Step]:
    """`all`, `some` and `none`: which answer of an entry decides, and what it decides."""

    def compile_quantifier(compiler: Compiler, call: Call) -> Step:
        collection, body = _parts(compiler, call)

        def decided(scope: Scope) -> bool:
            given = collection(scope)
            if not given or not isinstance(given, list | dict):
                return of_nothing
            for at in _each(scope, given):
                if bool(body(at)) is stops_at:
                    return then
            return otherwise

        return decided

    return compile_quantifier


def compile_reduce(compiler: Compiler, call: Call) -> Step:
    """`current` is the entry, `accumulator` what came of the entries before."""
    collection = compiler.argument(call, 0)
    start = compiler.argument(call, 2) if len(call.arguments) > 2 else None
    with inside(compiler, call):
        body = compiler.argument(call, 1)

    def reduced(scope: Scope) -> Any:
        so_far = None if start is None else start(scope)
        given = collection(scope)
        if not isinstance(given, list | dict):
            return so_far
        at = Scope(None, scope.run, scope)
        for entry in given.values() if isinstance(given, dict) else given:
            _turn(scope)
            at.value, at.accumulator = entry, so_far
            so_far = body(at)
        return so_far

    return reduced


def compile_group_by(compiler: Compiler, call: Call) -> Step:
    """Groups in the order of their first entries, each with its key."""
    collection, body = _parts(compiler, call)

    def grouped(scope: Scope) -> list[Any]:
        given = collection(scope)
        _must_be_list(given)
        groups: dict[Hashable, dict[str, Any]] = {}
        for at in _each(scope, given):
            key = body(at)
            group = groups.setdefault(identity(key, scope.run.go_over), {"key": key, "items": []})
            group["items"].append(at.value)
        return list(groups.values())

    return grouped


def compile_distinct(compiler: Compiler, call: Call) -> Step:
    """The first of all that are equal, or equal in what the second argument makes of them."""
    collection = compiler.argument(call, 0)
    with inside(compiler, call):
        body = compiler.argument(call, 1) if len(call.arguments) > 1 else None

    def distinct(scope: Scope) -> list[Any]:
        given = collection(scope)
        _must_be_list(given)
        found: dict[Hashable, Any] = {}
        for at in _each(scope, given):
            key = at.value if body is None else body(at)
            found.setdefault(identity(key, scope.run.go_over), at.value)
        return list(found.values())

    return distinct


def compile_sort(compiler: Compiler, call: Call) -> Step:
    """Upwards, or downwards where the second argument is false; by the third, if there is one."""
    collection = compiler.argument(call, 0)
    upwards = compiler.argument(call, 1) if len(call.arguments) > 1 else None
    with inside(compiler, call):
        body = compiler.argument(call, 2) if len(call.arguments) > 2 else None
    is_nothing = call.arguments[:1] == [None]

    def sort(scope: Scope) -> Any:
        given = collection(scope)
        if given is None and not is_nothing:
            return None
        if not isinstance(given, list):
            raise Unfit
        if not given:
            return []
        downwards = upwards is not None and upwards(scope) is False
        scope.run.go_over(len(given) * len(given).bit_length())
        if body is None:
            return sorted(given, key=sort_key, reverse=downwards)
        keyed = [(sort_key(body(at)), at.value) for at in _each(scope, given)]
        keyed.sort(key=lambda each: each[0], reverse=downwards)
        return [value for _key, value in keyed]

    return sort


def _parts(compiler: Compiler, call: Call) -> tuple[Step, Step]:
    collection = compiler.argument(call, 0)
    with inside(compiler, call):
        return collection, compiler.argument(call, 1)


def _each(scope: Scope, given: Any) -> Iterator[Scope]:
    """One scope, at each entry in turn."""
    at = Scope(None, scope.run, scope)
    entries: Iterable[Any] = given or ()
    if isinstance(given, dict):
        for index, (key, value) in enumerate(given.items()):
            _turn(scope)
            at.value, at.index, at.key = value, index, key
            yield at
        return
    for index, value in enumerate(entries):
        _turn(scope)
        at.value, at.index = value, index
        yield at


def _turn(scope: Scope) -> None:
    scope.run.left -= 1
    if scope.run.left < 0:
        raise Failed(Reason.TOO_MUCH_WORK)


def _must_be_list(given: Any) -> None:
    if given is not None and not isinstance(given, list):
        raise Unfit

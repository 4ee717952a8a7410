"""Operators that read the data: `var`, `val`, `exists`, `missing` and `missing_some`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from .failures import Failed, Reason
from .numbers import is_number, whole_number
from .steps import Call, Compiler, Scope, Step
from .values import text_of

type Path = tuple[str, ...]

_NOTHING: Final = object()
_OF_A_TURN: Final = ("current", "accumulator")


def beneath(value: Any, path: Sequence[str]) -> Any:
    """What stands at a path; `_NOTHING` where nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, _NOTHING)
        elif isinstance(value, list) and len(step) < 10 and step.isascii() and step.isdigit():
            index = int(step)
            value = value[index] if index < len(value) else _NOTHING
        else:
            return _NOTHING
    return value


_MOST_STEPS: Final = 200


def dotted_path(name: str) -> Path:
    """The steps of a name; what is deeper than any data is one last step, which is not there."""
    return tuple(name.split(".", _MOST_STEPS)) if name else ()


def compile_var(compiler: Compiler, call: Call) -> Step:
    """`{"var": "a.b"}`, or with what counts where it is missing: `{"var": ["a.b", 0]}`."""
    arguments = call.arguments
    name = arguments[0] if arguments else None
    fallback = compiler.argument(call, 1) if len(arguments) > 1 else None
    if compiler.is_rule(name) or isinstance(name, list | bool):
        return _computed(compiler, call, [compiler.argument(call, 0)], fallback)
    text = "" if name is None else _as_step(name)
    path = dotted_path(text)
    return _read(compiler, call, 0, path, fallback)


def compile_val(compiler: Compiler, call: Call) -> Step:
    """`{"val": ["a", "b"]}`, and `{"val": [[2], "a"]}` outside of the loop that it stands in.

    Levels count two for each loop: the entry, and which one it is (`[[1], "index"]`, or "key").
    """
    arguments = call.arguments
    level, rest = 0, arguments
    if arguments and isinstance(arguments[0], list) and len(arguments[0]) == 1:
        given = whole_number(arguments[0][0])
        if given is not None:
            level, rest = abs(given), arguments[1:]
    if not all(_is_step(each) for each in rest):
        return _computed(
            compiler, call, [compiler.argument(call, n) for n in range(len(arguments))]
        )
    if rest == [""]:
        rest = []
    is_marked = rest is not arguments and (level % 2 == 1 or not level)
    if is_marked and compiler.loops and len(rest) == 1 and rest[0] in {"index", "key"}:
        return _which_entry(compiler, call, level // 2, rest[0])
    return _read(compiler, call, level, tuple(map(_as_step, rest)))


def compile_exists(compiler: Compiler, call: Call) -> Step:
    arguments = call.arguments
    if len(arguments) == 1 and isinstance(arguments[0], list):
        arguments = arguments[0]
    if all(isinstance(each, str) for each in arguments):
        path = tuple(arguments)
        _note(compiler, path)
        return lambda scope: beneath(scope.value, path) is not _NOTHING
    compiler.computes_names = True
    steps = [compiler.argument(call, index) for index in range(len(call.arguments))]

    def exists(scope: Scope) -> bool:
        names = _flat([step(scope) for step in steps])
        if not names or not all(isinstance(each, str) for each in names):
            return False
        return beneath(scope.value, names) is not _NOTHING

    return exists


def compile_missing(compiler: Compiler, call: Call) -> Step:
    if all(map(_are_names, call.arguments)):
        names = [each for each in _flat(call.arguments) if isinstance(each, str)]
        paths = _noted(compiler, names)
        return lambda scope: [name for name, path in paths if _lacks(scope, path)]
    compiler.computes_names = True
    steps = [compiler.argument(call, index) for index in range(len(call.arguments))]

    def missing(scope: Scope) -> list[str]:
        names = _flat([step(scope) for step in steps])
        scope.run.go_over(len(names))
        return [
            name for name in names if isinstance(name, str) and _lacks(scope, dotted_path(name))
        ]

    return missing


def compile_missing_some(compiler: Compiler, call: Call) -> Step:
    """Those of the names that are missing, where fewer than so many are there."""
    if len(call.arguments) < 2:
        return lambda _scope: []
    least = compiler.argument(call, 0)
    given = call.arguments[1]
    if _are_names(given) and isinstance(given, list):
        _noted(compiler, [each for each in given if isinstance(each, str)])
    elif compiler.is_rule(given):
        compiler.computes_names = True
    names = compiler.argument(call, 1)

    def missing_some(scope: Scope) -> list[str]:
        needed = whole_number(least(scope))
        found = names(scope)
        asked = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
        scope.run.go_over(len(asked))
        lacking = [each for each in asked if _lacks(scope, dotted_path(each))]
        is_enough = len(asked) - len(lacking) >= max(1 if needed is None else needed, 0)
        return [] if is_enough else lacking

    return missing_some


def _read(
    compiler: Compiler, call: Call, level: int, path: Path, fallback: Step | None = None
) -> Step:
    loops = compiler.loops
    up = (level + 1) // 2
    if not level and loops and loops[-1] == "reduce" and path and path[0] in _OF_A_TURN:
        return _of_a_turn(compiler, call, path, fallback)
    if up >= len(loops):
        compiler.reads.add(path)
    elif not up and path and (rows := compiler.rows[-1]) is not None:
        compiler.reads_of_rows.add((rows, path))
    absent = _absent(compiler, call, path, fallback)

    def read(scope: Scope) -> Any:
        found = _outer(scope, up).value if up else scope.value
        for step in path:
            if isinstance(found, dict) and step in found:
                found = found[step]
            else:
                found = beneath(found, (step,))
                if found is _NOTHING:
                    return absent(scope)
        return found

    return read


def _of_a_turn(compiler: Compiler, call: Call, path: Path, fallback: Step | None) -> Step:
    is_current, rest = path[0] == "current", path[1:]
    if is_current and rest and (rows := compiler.rows[-1]) is not None:
        compiler.reads_of_rows.add((rows, rest))
    absent = _absent(compiler, call, path, fallback)

    def read(scope: Scope) -> Any:
        found = beneath(scope.value if is_current else scope.accumulator, rest)
        return absent(scope) if found is _NOTHING else found

    return read


def _which_entry(compiler: Compiler, call: Call, up: int, name: str) -> Step:
    absent = _absent(compiler, call, (name,), None)

    def read(scope: Scope) -> Any:
        at = _outer(scope, up)
        found = at.index if name == "index" else at.key
        if found is not None:
            return found
        value = beneath(_outer(scope, 1).value, (name,))
        return absent(scope) if value is _NOTHING else value

    return read


def _computed(
    compiler: Compiler, call: Call, steps: list[Step], fallback: Step | None = None
) -> Step:
    """A name that is known only when the rule runs."""
    compiler.computes_names = True
    in_turn = bool(compiler.loops) and compiler.loops[-1] == "reduce"

    def read(scope: Scope) -> Any:
        parts = [step(scope) for step in steps]
        if len(parts) == 1 and isinstance(parts[0], list):
            parts = parts[0]
            if not parts and fallback is not None:
                return fallback(scope)
        start, name = scope.value, [each for each in parts if each is not None]
        if name and isinstance(name[0], list) and name[0]:
            level = whole_number(name[0][0])
            start = start if level is None else _outer(scope, (abs(level) + 1) // 2).value
            name = name[1:]
        path = tuple(_path_of(name))
        if path == ("",):
            path = ()
        if not all(isinstance(each, str) or is_number(each) for each in name):
            found = _NOTHING
        elif in_turn and path and path[0] in _OF_A_TURN and start is scope.value:
            start = scope.value if path[0] == "current" else scope.accumulator
            found = beneath(start, path[1:])
        else:
            found = beneath(start, path)
        return _absent(compiler, call, path, fallback)(scope) if found is _NOTHING else found

    return read


def _path_of(parts: Sequence[Any]) -> Iterator[str]:
    for each in parts:
        if isinstance(each, str):
            yield from dotted_path(each) or ("",)
        elif is_number(each):
            yield _as_step(each)
        else:
            yield text_of(each)


def _absent(compiler: Compiler, call: Call, path: Path, fallback: Step | None) -> Step:
    if fallback is not None:
        return fallback
    if compiler.missing_is_null:
        return lambda _scope: None
    name, pointer, in_loop = ".".join(path), call.pointer, bool(compiler.loops)

    def fail(_scope: Scope) -> Any:
        raise Failed(
            Reason.MISSING, operator=call.name, pointer=pointer, variable=name, in_loop=in_loop
        )

    return fail


def _outer(scope: Scope, up: int) -> Scope:
    while up and scope.parent is not None:
        scope = scope.parent
        up -= 1
    return scope


def _lacks(scope: Scope, path: Path) -> bool:
    return beneath(scope.value, path) is _NOTHING


def _noted(compiler: Compiler, names: Sequence[str]) -> list[tuple[str, Path]]:
    paths = [(name, dotted_path(name)) for name in names]
    for _name, path in paths:
        _note(compiler, path)
    return paths


def _note(compiler: Compiler, path: Path) -> None:
    if not compiler.loops:
        compiler.reads.add(path)
    elif path and (rows := compiler.rows[-1]) is not None:
        compiler.reads_of_rows.add((rows, path))


def _are_names(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(each, dict | list) for each in value)
    return not isinstance(value, dict)


def _flat(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for each in values:
        found.extend(each) if isinstance(each, list) else found.append(each)
    return found


def _is_step(value: Any) -> bool:
    return isinstance(value, str) or (is_number(value) and whole_number(value) is not None)


def _as_step(value: Any) -> str:
    return str(whole) if (whole := whole_number(value)) is not None else str(value)

"""What a compiled rule is made of: steps, each of which gives a value where it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, Final, Protocol

from .failures import Failed, Reason, Unfit

OPERATION_BUDGET: Final = 50_000
# So many entries of a list count as one operation, where all that is done with each is little.
_ENTRIES_OF_AN_OPERATION: Final = 4
_CHARACTERS_OF_AN_OPERATION: Final = 1_024


class WorkingDays(Protocol):
    """Which days are working days, and what the clocks show there."""

    @property
    def zone(self) -> tzinfo: ...

    def day_after(self, day: date, days: int) -> date | None:
        """So many working days after a day; before it where negative. None: there is none."""

    def days_between(self, first: date, last: date) -> int:
        """How many working days follow on the first day, up to the last one and with it."""


class Run:
    """One evaluation; `left` are the operations that it may still do.

    `working_time` says which days are working days; Monday to Friday where nobody is asked.
    """

    __slots__ = ("left", "working_time")

    def __init__(
        self, left: int = OPERATION_BUDGET, working_time: WorkingDays | None = None
    ) -> None:
        self.left = left
        self.working_time = working_time

    def go_over(self, entries: int) -> None:
        """Count the entries of a list, before something is done with each."""
        self.left -= 1 + entries // _ENTRIES_OF_AN_OPERATION
        if self.left < 0:
            raise Failed(Reason.TOO_MUCH_WORK)

    def write(self, characters: int) -> None:
        """Count the characters of a text, before or as soon as it is written anew."""
        self.left -= characters // _CHARACTERS_OF_AN_OPERATION
        if self.left < 0:
            raise Failed(Reason.TOO_MUCH_WORK)


class Scope:
    """Where variables are read: the data, or the entry that a loop is at.

    `accumulator` is what `reduce` has so far; `index` and `key` say which entry it is.
    """

    __slots__ = ("accumulator", "index", "key", "parent", "run", "value")

    def __init__(self, value: Any, run: Run, parent: Scope | None = None) -> None:
        self.value = value
        self.run = run
        self.parent = parent
        self.index: int | None = None
        self.key: str | None = None
        self.accumulator: Any = None


type Step = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """An operator with its arguments as they stand in the rule."""

    name: str
    arguments: list[Any]
    pointer: str
    is_listed: bool

    def place(self, index: int) -> str:
        """The JSON Pointer of an argument."""
        base = f"{self.pointer}/{escaped(self.name)}"
        return f"{base}/{index}" if self.is_listed else base


class Compiler(Protocol):
    """What an operator asks for when it is compiled."""

    missing_is_null: bool
    reads: set[tuple[str, ...]]
    reads_of_rows: set[tuple[tuple[str, ...], tuple[str, ...]]]
    computes_names: bool

    @property
    def loops(self) -> list[str]:
        """The names of the loops around, the outermost first."""
        ...

    @property
    def rows(self) -> list[tuple[str, ...] | None]:
        """What these loops go over, where that is an answer of the data."""
        ...

    def argument(self, call: Call, index: int) -> Step: ...

    def step(self, rule: Any, pointer: str) -> Step: ...

    def is_rule(self, value: Any) -> bool:
        """Whether it is more than a value: an operation, or a list or template with one in it."""
        ...


@contextmanager
def inside(compiler: Compiler, call: Call) -> Iterator[None]:
    """What is compiled inside is evaluated for each entry of the call's first argument."""
    compiler.rows.append(None if compiler.loops else _answer(call.arguments[0]))
    compiler.loops.append(call.name)
    try:
        yield
    finally:
        compiler.loops.pop()
        compiler.rows.pop()


def _answer(rule: Any) -> tuple[str, ...] | None:
    given = rule.get("var") if isinstance(rule, dict) and len(rule) == 1 else None
    name = given[0] if isinstance(given, list) and given else given
    return tuple(name.split(".")) if isinstance(name, str) and name else None


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def counted(call: Call, work: Step) -> Step:
    """The step of a call: counted before it is done, and its failure says where it stands."""
    name, pointer = call.name, call.pointer

    def step(scope: Scope) -> Any:
        run = scope.run
        run.left -= 1
        if run.left < 0:
            raise Failed(Reason.TOO_MUCH_WORK)
        try:
            return work(scope)
        except Unfit as error:
            raise Failed(error.reason, operator=name, pointer=pointer) from error

    return step

"""Makes steps of a rule, and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from .failures import Reason, Unfit
from .functions import OF_MANY, Function
from .numbers import number_of
from .operators import OPERATORS, Operator
from .steps import Call, Run, Scope, Step, WorkingDays, counted, escaped


class Form(Enum):
    """What an object is that calls no operator: wrong in a rule, in a template output."""

    RULE = auto()
    TEMPLATE = auto()


class Wrong(Enum):
    UNKNOWN = auto()  # no operator of this name
    SEVERAL_NAMES = auto()  # an object that calls nothing
    TOO_FEW = auto()  # arguments
    TOO_MANY = auto()  # arguments
    CLOCK = auto()  # an operator that reads the clock


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a rule, at this JSON Pointer. `given` counts arguments or names."""

    wrong: Wrong
    pointer: str
    operator: str = ""
    given: int = 0


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that can be evaluated.

    `reads` are the paths in the data that it may read; what is read of the entries of a list is
    not among them, nor are names that are known only when it runs (`computes_names`).
    `reads_of_rows` are the paths in the entries of an answer, each with that of the answer.
    """

    step: Step
    reads: frozenset[tuple[str, ...]]
    computes_names: bool
    reads_of_rows: frozenset[tuple[tuple[str, ...], tuple[str, ...]]] = frozenset()

    def evaluate(self, data: Any, working_time: WorkingDays | None = None) -> Any:
        """What the rule makes of the data; it may share parts with them, and hold Decimals."""
        return self.step(Scope(data, Run(working_time=working_time)))


def mistakes_in(rule: Any, form: Form) -> Iterator[Mistake]:
    """Everything that is wrong with a rule whatever the data are, in its order."""
    waiting = [("", rule)]
    while waiting:
        pointer, value = waiting.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(value, list):
            inner = [(f"{pointer}/{index}", each) for index, each in enumerate(value)]
        elif isinstance(value, dict) and value:
            inner = [(f"{pointer}/{escaped(name)}", each) for name, each in value.items()]
            call = call_in(value, pointer)
            operator = OPERATORS.get(call.name) if call is not None else None
            if call is None and form is Form.RULE:
                yield Mistake(Wrong.SEVERAL_NAMES, pointer, given=len(value))
            elif call is not None and operator is None and form is Form.RULE:
                yield Mistake(Wrong.UNKNOWN, pointer, call.name)
            elif call is not None and operator is not None:
                yield from _mistakes_of(operator, call)
        waiting.extend(reversed(inner))


def compile_rule(rule: Any, form: Form, *, missing_is_null: bool = False) -> CompiledRule:
    """The steps of a rule in which `mistakes_in` finds nothing."""
    compiler = _Compiler(form, missing_is_null)
    step = compiler.step(rule, "")
    return CompiledRule(
        step,
        frozenset(compiler.reads),
        compiler.computes_names,
        frozenset(compiler.reads_of_rows),
    )


def call_in(value: Any, pointer: str) -> Call | None:
    """The call that an object may be; whether there is such an operator is another question."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((name, given),) = value.items()
    is_listed = isinstance(given, list)
    return Call(name, given if is_listed else [given], pointer, is_listed)


def _mistakes_of(operator: Operator, call: Call) -> Iterator[Mistake]:
    if not operator.is_open:
        yield Mistake(Wrong.CLOCK, call.pointer, call.name)
    elif len(call.arguments) < operator.least:
        yield Mistake(Wrong.TOO_FEW, call.pointer, call.name, len(call.arguments))
    elif operator.refuses_more and len(call.arguments) > (operator.most or 0):
        yield Mistake(Wrong.TOO_MANY, call.pointer, call.name, len(call.arguments))


@dataclass(slots=True)
class _Compiler:
    form: Form
    missing_is_null: bool
    reads: set[tuple[str, ...]] = field(default_factory=set)
    computes_names: bool = False
    reads_of_rows: set[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=set)
    loops: list[str] = field(default_factory=list)
    rows: list[tuple[str, ...] | None] = field(default_factory=list)

    def argument(self, call: Call, index: int) -> Step:
        return self.step(call.arguments[index], call.place(index))

    def is_rule(self, value: Any) -> bool:
        if isinstance(value, list):
            return any(map(self.is_rule, value))
        return isinstance(value, dict) and bool(value)

    def step(self, rule: Any, pointer: str) -> Step:
        if isinstance(rule, list) and self.is_rule(rule):
            steps = [self.step(each, f"{pointer}/{n}") for n, each in enumerate(rule)]
            return lambda scope: [step(scope) for step in steps]
        if not isinstance(rule, dict) or not rule:
            return _constant(rule)
        call = call_in(rule, pointer)
        operator = OPERATORS.get(call.name) if call is not None else None
        if call is None or operator is None:
            return self._output(rule, pointer)
        return self._call(operator, call)

    def _call(self, operator: Operator, call: Call) -> Step:
        if operator.most is not None and len(call.arguments) > operator.most:
            call = Call(call.name, call.arguments[: operator.most], call.pointer, call.is_listed)
        if operator.build is not None:
            return counted(call, operator.build(self, call))
        if operator.function is None:
            raise Unfit
        steps = [self.argument(call, index) for index in range(len(call.arguments))]
        if call.name in OF_MANY and [type(each) for each in call.arguments] == [list]:
            return counted(call, _refused)
        return counted(call, _applied(operator.function, steps))

    def _output(self, template: dict[str, Any], pointer: str) -> Step:
        """An object of a template; a `$` before a name keeps it from being an operator."""
        steps = {
            name[1:] if name.startswith("$") else name: self.step(
                each, f"{pointer}/{escaped(name)}"
            )
            for name, each in template.items()
        }
        return lambda scope: {name: step(scope) for name, step in steps.items()}


def _applied(function: Function, steps: list[Step]) -> Step:
    if len(steps) == 1:
        [only] = steps
        return lambda scope: function([only(scope)], scope.run)
    if len(steps) == 2:
        one, other = steps
        return lambda scope: function([one(scope), other(scope)], scope.run)
    return lambda scope: function([step(scope) for step in steps], scope.run)


def _constant(value: Any) -> Step:
    exact = number_of(value) if isinstance(value, float) else value
    return lambda _scope: exact


def _refused(_scope: Scope) -> Any:
    raise Unfit(Reason.NOT_A_NUMBER)

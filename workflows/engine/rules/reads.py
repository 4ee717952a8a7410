"""What a rule reads, as far as it can be told before it runs."""

from __future__ import annotations

from workflows.engine.evaluating.compiled import CompiledRule
from workflows.engine.evaluating.days import WORKING_DAYS
from workflows.engine.evaluating.operators import OPERATORS
from workflows.engine.process import Json

from .compiling import compile_condition, compile_template, is_empty


def is_call(value: Json) -> bool:
    """Whether this is the call of an operator, and not a value that is written out."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in OPERATORS


def reads_working_days(rule: Json) -> bool:
    """Whether it counts in working days somewhere; it may be any JSON."""
    waiting: list[Json] = [rule]
    while waiting:
        value = waiting.pop()
        if value == WORKING_DAYS:
            return True
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
    return False


def variables_read(rule: Json) -> frozenset[str]:
    """The variables that a condition may read, dotted; also those with a fallback.

    An empty name stands for the whole context. What is read from the items of a list is not
    listed, nor are computed names: see has_computed_names.
    """
    if is_empty(rule):
        return frozenset()
    return frozenset(".".join(path) for path in compile_condition(rule).reads)


def columns_read(rule: Json) -> frozenset[tuple[str, str]]:
    """What a condition may read of the rows of an answer: the answer and the column, dotted."""
    return frozenset() if is_empty(rule) else _columns(compile_condition(rule))


def columns_of_template(template: Json) -> frozenset[tuple[str, str]]:
    """The same for a transform."""
    return frozenset() if is_empty(template) else _columns(compile_template(template))


def _columns(rule: CompiledRule) -> frozenset[tuple[str, str]]:
    return frozenset((".".join(rows), ".".join(path)) for rows, path in rule.reads_of_rows)


def has_computed_names(rule: Json) -> bool:
    """Whether a condition reads variables whose names are known only when it runs."""
    return not is_empty(rule) and compile_condition(rule).computes_names

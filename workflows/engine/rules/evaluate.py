"""Rules are evaluated: conditions, formulas and templates."""

from __future__ import annotations

from typing import Any

from workflows.engine.errors import ConditionError
from workflows.engine.evaluating import values
from workflows.engine.evaluating.failures import Failed, Reason, Unfit
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext as _

from .bounds import TooLargeError
from .budget import WORK_OF_A_REFUSAL
from .compiling import (
    Compiled,
    compiled_condition,
    compiled_lenient,
    compiled_template,
    is_empty,
    rule_text,
)
from .data import PreparedData, prepare
from .refusals import failed, needs_memory, shortened, too_much
from .rule_cost import TooMuchWorkError, check_cost


def evaluate_condition(
    rule: Json, context: JsonObject | PreparedData, *, missing_is_null: bool = False
) -> bool:
    """Decide a condition; raise ConditionError where it yields neither true nor false.

    ``missing_is_null`` is for forms, where a variable is missing because nobody answered yet:
    a rule that yields null then is about a question without an answer, and not true.
    """
    if is_empty(rule) or rule is True:
        return True
    text = rule_text(rule)
    compiled = compiled_condition(text)
    prepared = context if isinstance(context, PreparedData) else prepare(context)
    result = _run(compiled_lenient(text) if missing_is_null else compiled, prepared)
    if result is None and missing_is_null:
        return False
    if not isinstance(result, bool):
        message = _(
            "The condition yields %(value)s, where it must yield true or false. Compare the value "
            "with something, for example with ==."
        )
        raise ConditionError(message % {"value": shortened(_shown(result))})
    return result


def evaluate(rule: Json, data: Json) -> Json:
    """Evaluate JsonLogic as its official test suite defines it: a missing variable is null."""
    return _kept(_run(compiled_lenient(rule_text(rule)), prepare(data)))


def evaluate_template(template: Json, context: JsonObject | PreparedData) -> Json:
    """Fill a template; raise ConditionError or RuleFailedError, never anything else."""
    compiled = compiled_template(rule_text(template))
    data = context if isinstance(context, PreparedData) else prepare(context)
    return _kept(_run(compiled, data))


def evaluate_formula(rule: Json, context: JsonObject | PreparedData) -> Json:
    """The value of a rule; strict, as conditions are.

    Raises ConditionError; a RuleFailedError names the variable where one is missing.
    """
    data = context if isinstance(context, PreparedData) else prepare(context)
    return _kept(_run(compiled_condition(rule_text(rule)), data))


def _run(compiled: Compiled, data: PreparedData) -> Any:
    """The one place where a rule is evaluated: what would be too much is not begun.

    What comes of it may share parts with the data: see `_kept`.
    """
    _spend(compiled, data)
    try:
        return compiled.rule.evaluate(data.value, data.working_time)
    except Failed as error:
        raise failed(error) from error
    except ArithmeticError as error:
        raise failed(Failed(Reason.TOO_LARGE)) from error
    except RecursionError as error:
        raise ConditionError(_("The rule is nested too deeply. Use fewer levels.")) from error
    except MemoryError as error:
        raise needs_memory() from error


def _kept(value: Any) -> Json:
    """What a rule made, as JSON of its own."""
    try:
        made: Json = values.plain(value)
    except Unfit as error:
        raise failed(Failed(error.reason)) from error
    except ArithmeticError as error:
        raise failed(Failed(Reason.TOO_LARGE)) from error
    except MemoryError as error:
        raise needs_memory() from error
    return made


def _shown(result: Any) -> str:
    try:
        return values.compact(result)
    except (Unfit, ArithmeticError):
        return str(result)


def _spend(compiled: Compiled, data: PreparedData) -> None:
    """Take the rule's work from the budget of the data; raise RuleFailedError if there is none."""
    spending = data.spending
    work = compiled.work_of(data.size)
    if work is not None and spending.roughly + work + spending.exactly <= spending.most:
        spending.roughly += work
        return
    try:
        spending.exactly += check_cost(compiled.source, data.bound).work
        if spending.roughly + spending.exactly > spending.most:
            raise TooMuchWorkError
    except TooLargeError as error:
        spending.exactly += WORK_OF_A_REFUSAL
        raise too_much(error) from error

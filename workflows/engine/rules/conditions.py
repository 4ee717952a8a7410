"""JsonLogic: the one module that asks the evaluator (`evaluating`).

Strict, where JsonLogic is lenient (design.md, section 4):

- A condition must yield exactly true or false. The empty condition is true.
- Reading a variable that is not in the data is an error that names it, never null. The check
  happens when the variable is *read*: a branch that ``and``, ``or`` or ``if`` does not reach
  reads nothing, so ``{"if": [{"missing": ["a"]}, false, {"<": [{"var": "a"}, 1]}]}`` works.
  Guards are a default (``{"var": ["a", 0]}``), ``missing``, ``missing_some`` and ``exists``.
  A variable that is there with the value null has been read, and ``??`` replaces only nulls.
- Inside ``map``, ``filter``, ``reduce``, ``all``, ``some`` and ``none`` variables are those of
  the item, and one that the item lacks is an error too.
- Names that are computed (``{"var": {"cat": [...]}}``) follow the same rule when they are read.
- ``try`` and ``throw`` would hide errors, the operator ``now`` would make a decision depend on
  the clock: they are not available. The variables ``today`` and ``now`` are given (clock.py).
- Work is bounded before it is done: the depth and size of a rule, the depth and size of the data,
  the operations of one evaluation, and, by arithmetic (rule_cost.py), how much it makes and
  goes over.
- ``merge`` keeps nulls, as lists do everywhere else.

Comparisons between unlike types are JsonLogic's: ``"10" == 10`` is true, ``"x" == 10`` is
false, null counts as 0 in ``<`` and ``>`` (a variable that is *missing* never does), and is
``==`` to 0, false and ``""``: ``===`` tells them apart. Ordering a text that is not a number
against a number is an error. Numbers are decimals (evaluating/numbers.py), times are compared by
what they mean (evaluating/moments.py), other texts character by character, so that ISO dates
compare as dates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from workflows.engine.errors import ConditionError
from workflows.engine.evaluating import values
from workflows.engine.evaluating.compiled import (
    CompiledRule,
    Form,
    Mistake,
    Wrong,
    compile_rule,
    mistakes_in,
)
from workflows.engine.evaluating.days import WORKING_DAYS
from workflows.engine.evaluating.failures import Failed, Reason, Unfit
from workflows.engine.evaluating.operators import OPERATORS
from workflows.engine.problems import did_you_mean, nearest, place
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.values.composed import composed, is_composed
from workflows.engine.values.frozen import FrozenDict
from workflows.engine.values.kept_by_size import KeptBySize
from workflows.engine.values.storable import unstorable

from .rule_cost import (
    ASSUMED_ITEMS,
    ASSUMED_SIZE,
    MOST_OUTPUT,
    Bound,
    TooLargeError,
    TooMuchWorkError,
    assumed,
    check_cost,
)

MAX_RULE_CHARACTERS = 50_000
MOST_WORK_TOGETHER: Final = 1_000_000_000  # characters that all rules over the same data go over
_WORK_OF_A_REFUSAL: Final = 5_000_000
_WORK_OF_A_CHECK: Final = 200_000
_MOST_VISITS_OF_A_CHECK: Final = 5_000
_MOST_VISITS_OF_A_TRY: Final = 1_000
MAX_DATA_CHARACTERS = 50_000_000
_MOST_KEPT: Final = 32 * 1024 * 1024  # bytes, of compiled rules of each kind
_BYTES_A_CHARACTER: Final = 120  # of a rule, once it is compiled
# Sizes of data for which a rule is tried once: below the largest that it stands, none is looked at.
_SIZES: Final = (250, 1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000)
_LONG_INTEGER: Final = re.compile(r"[0-9]{19}")
_BROKEN: Final = re.compile("[\ud800-\udfff]")
_MOST_DEPTH: Final = 120  # of data; what is kept has fewer levels (storable.py)
_USABLE: Final = frozenset(name for name, each in OPERATORS.items() if each.is_open)


@dataclass(slots=True)
class _Spending:
    """What rules have gone over together. `roughly`: where it was enough not to look closer."""

    most: int
    roughly: int = 0
    exactly: int = 0


_shared: Final[ContextVar[_Spending | None]] = ContextVar("spending of rules", default=None)


@contextmanager
def one_budget(most_work: int = MOST_WORK_TOGETHER) -> Iterator[None]:
    """All rules that are checked or evaluated inside have one budget.

    One that is there already holds.
    """
    if _shared.get() is not None:
        yield
        return
    token = _shared.set(_Spending(most_work))
    try:
        yield
    finally:
        _shared.reset(token)


def is_budget_spent() -> bool:
    """Whether the budget around is spent: each rule that follows is refused."""
    spending = _shared.get()
    return spending is not None and spending.roughly + spending.exactly > spending.most


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Data that was checked once, for many rules.

    `size` are its characters as JSON; `value` must not be changed as long as this is used.
    Rules that read the same data have one budget. By `working_time` they count working days:
    Monday to Friday where it is None.
    """

    value: Json
    size: int
    spending: _Spending
    bound: Bound  # what is found out about them once, for all rules
    working_time: WorkingTime | None = None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule that may be run, and for data of how many characters nothing needs to be counted."""

    rule: CompiledRule
    source: Json
    # Such sizes of data, smaller ones first, each with what it goes over then at most.
    safe: tuple[tuple[int, int], ...]

    def work_of(self, size: int) -> int | None:
        """What it goes over at most with data of this size; None: that must be counted."""
        return next((work for most, work in self.safe if size <= most), None)


class RuleFailedError(ConditionError):
    """A rule failed while it ran.

    ``variable`` is the missing variable, where that was the reason; ``pointer`` is the JSON
    Pointer of the failing part, empty where the rule as a whole failed.
    """

    message = gettext_noop("The rule failed while it ran.")

    def __init__(self, said: str, *, variable: str = "", pointer: str = "") -> None:
        super().__init__(said)
        self.variable = variable
        self.pointer = pointer


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


def is_empty(rule: Json) -> bool:
    """Whether this is the empty condition, which is always true."""
    return rule is None or rule == {} or rule == ""


def evaluate_condition(
    rule: Json, context: JsonObject | PreparedData, *, missing_is_null: bool = False
) -> bool:
    """Decide a condition; raise ConditionError where it yields neither true nor false.

    ``missing_is_null`` is for forms, where a variable is missing because nobody answered yet:
    a rule that yields null then is about a question without an answer, and not true.
    """
    if is_empty(rule) or rule is True:
        return True
    text = _rule_text(rule)
    compiled = _compile_condition(text)
    prepared = context if isinstance(context, PreparedData) else prepare(context)
    result = _run(_compile_lenient(text) if missing_is_null else compiled, prepared)
    if result is None and missing_is_null:
        return False
    if not isinstance(result, bool):
        message = _(
            "The condition yields %(value)s, where it must yield true or false. Compare the value "
            "with something, for example with ==."
        )
        raise ConditionError(message % {"value": _shortened(_shown(result))})
    return result


def compile_condition(rule: Json) -> CompiledRule:
    """The compiled rule; compiled once for equal rules. Raise ConditionError if it is wrong."""
    return _compile_condition(_rule_text(rule)).rule


def check_condition(rule: Json) -> tuple[str, ...]:
    """Everything that is wrong with a condition before it runs, a sentence each."""
    if is_empty(rule):
        return ()
    try:
        text = _rule_text(rule)
    except ConditionError as error:
        return (str(error),)
    if found := tuple(map(_sentence_of, mistakes_in(json.loads(text), Form.RULE))):
        return found
    try:
        _compile_condition(text)
    except ConditionError as error:
        return (str(error),)
    return ()


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


def evaluate(rule: Json, data: Json) -> Json:
    """Evaluate JsonLogic as its official test suite defines it: a missing variable is null."""
    return _kept(_run(_compile_lenient(_rule_text(rule)), prepare(data)))


def compile_template(template: Json) -> CompiledRule:
    """The compiled template of a transform; compiled once for equal templates."""
    return _compile_template(_rule_text(template)).rule


def evaluate_template(template: Json, context: JsonObject | PreparedData) -> Json:
    """Fill a template; raise ConditionError or RuleFailedError, never anything else."""
    compiled = _compile_template(_rule_text(template))
    data = context if isinstance(context, PreparedData) else prepare(context)
    return _kept(_run(compiled, data))


def evaluate_formula(rule: Json, context: JsonObject | PreparedData) -> Json:
    """The value of a rule; strict, as conditions are.

    Raises ConditionError; a RuleFailedError names the variable where one is missing.
    """
    data = context if isinstance(context, PreparedData) else prepare(context)
    return _kept(_run(_compile_condition(_rule_text(rule)), data))


def prepare(data: Json, *, working_time: WorkingTime | None = None) -> PreparedData:
    """Check data, for rules that read them as long as nobody changes them."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if not is_composed(text):
            data = composed(data)
            text = compact(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConditionError(_data_message(data)) from error
    except MemoryError as error:
        raise _needs_memory() from error
    if len(text) > MAX_DATA_CHARACTERS:
        raise ConditionError(_data_too_large())
    if _may_be_unfit(text) and any(unstorable(data, max_depth=_MOST_DEPTH)):
        raise ConditionError(_data_message(data))
    spending = _shared.get() or _Spending(MOST_WORK_TOGETHER)
    return PreparedData(data, len(text), spending, Bound(values=[data]), working_time)


def compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _may_be_unfit(text: str) -> bool:
    """Whether it is worth while to look at each value: see `unstorable`."""
    return (
        _LONG_INTEGER.search(text) is not None
        or text.count("[") + text.count("{") > _MOST_DEPTH
        or not (text.isascii() or _BROKEN.search(text) is None)
    )


def _data_message(data: object) -> str:
    found = unstorable(data, max_depth=_MOST_DEPTH)
    path, problem = next(found, ((), _("It is not plain JSON.")))
    message = _("The data that the rule reads cannot be used at “%(place)s”: %(problem)s")
    return message % {"place": _shortened(place(path)), "problem": problem}


def _rule_text(rule: object) -> str:
    """A rule as canonical JSON text, checked for what could not be kept."""
    return rule.once(_checked_text) if isinstance(rule, FrozenDict) else _checked_text(rule)


def _checked_text(rule: object) -> str:
    path, problem = next(unstorable(rule), ((), ""))
    if problem:
        message = _("The rule cannot be used at “%(place)s”: %(problem)s")
        raise ConditionError(message % {"place": _shortened(place(path)), "problem": problem})
    text = json.dumps(composed(rule), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(text) > MAX_RULE_CHARACTERS:
        message = _("The rule is longer than %(most)d characters. Make it shorter.")
        raise ConditionError(message % {"most": MAX_RULE_CHARACTERS})
    return text


_conditions: Final = KeptBySize[str, _Compiled](_MOST_KEPT)
_lenient: Final = KeptBySize[str, _Compiled](_MOST_KEPT)
_templates: Final = KeptBySize[str, _Compiled](_MOST_KEPT)


def _compile_condition(text: str) -> _Compiled:
    return _conditions.get_or_make(text, lambda: _compile(text, Form.RULE))


def _compile_lenient(text: str) -> _Compiled:
    return _lenient.get_or_make(text, lambda: _compile(text, Form.RULE, missing_is_null=True))


def _compile_template(text: str) -> _Compiled:
    return _templates.get_or_make(text, lambda: _compile(text, Form.TEMPLATE))


def _compile(text: str, form: Form, *, missing_is_null: bool = False) -> tuple[_Compiled, int]:
    """The one place where a rule is compiled: what is too much for small data is refused first."""
    source: Json = json.loads(text)
    check_cost_of_rule(source)
    for mistake in mistakes_in(source, form):
        raise ConditionError(_sentence_of(mistake))
    rule = compile_rule(source, form, missing_is_null=missing_is_null)
    size = len(text) * _BYTES_A_CHARACTER + 2_000
    return _Compiled(rule, source, tuple(_safe_sizes(source))), size


def check_cost_of_rule(rule: Json) -> None:
    """Refuse a rule that makes too much of small data; raise ConditionError."""
    spending = _shared.get()
    try:
        cost = check_cost(
            rule, assumed(ASSUMED_SIZE, ASSUMED_ITEMS), most_visits=_MOST_VISITS_OF_A_CHECK
        )
        if spending is not None:
            spending.exactly += cost.work + _WORK_OF_A_CHECK
            if spending.exactly > spending.most:
                raise TooMuchWorkError
    except TooLargeError as error:
        if spending is not None:
            spending.exactly += _WORK_OF_A_REFUSAL
        raise _too_much(error) from error


def _safe_sizes(rule: Json) -> Iterator[tuple[int, int]]:
    """How large the data may be, whatever stands in them, for the rule to stay in its bounds.

    Each with what it goes over then at most.
    """
    for size in _SIZES:
        try:
            cost = check_cost(rule, assumed(size), most_visits=_MOST_VISITS_OF_A_TRY)
        except TooLargeError:
            break
        yield size, cost.work


def _sentence_of(mistake: Mistake) -> str:
    message = _("The rule is wrong at “%(pointer)s”: %(problem)s")
    words = {"pointer": mistake.pointer or "/", "problem": _problem(mistake)}
    return message % words


def _problem(mistake: Mistake) -> str:
    operator = OPERATORS.get(mistake.operator)
    words = {
        "operator": _shortened(mistake.operator),
        "least": operator.least if operator else 0,
        "most": operator.most if operator else 0,
        "given": mistake.given,
    }
    match mistake.wrong:
        case Wrong.UNKNOWN:
            meant = did_you_mean(nearest(mistake.operator, _USABLE))
            return _("There is no operator “%(operator)s”.") % words + meant
        case Wrong.SEVERAL_NAMES:
            return _("An object that calls an operator has one name, not %(given)d.") % words
        case Wrong.TOO_FEW:
            return (
                _("“%(operator)s” has %(given)d of the values that it takes: it needs %(least)d.")
                % words
            )
        case Wrong.TOO_MANY:
            return (
                _("“%(operator)s” has %(given)d values, where it takes %(most)d at most.") % words
            )
        case Wrong.CLOCK:
            message = _(
                "The rule reads the clock with “%(operator)s”. Read the variable “now” or “today” "
                "in its place: they are kept with what was decided."
            )
            return message % words


def _run(compiled: _Compiled, data: PreparedData) -> Any:
    """The one place where a rule is evaluated: what would be too much is not begun.

    What comes of it may share parts with the data: see `_kept`.
    """
    _spend(compiled, data)
    try:
        return compiled.rule.evaluate(data.value, data.working_time)
    except Failed as error:
        raise _failure(error) from error
    except ArithmeticError as error:
        raise _failure(Failed(Reason.TOO_LARGE)) from error
    except RecursionError as error:
        raise ConditionError(_("The rule is nested too deeply. Use fewer levels.")) from error
    except MemoryError as error:
        raise _needs_memory() from error


def _kept(value: Any) -> Json:
    """What a rule made, as JSON of its own."""
    try:
        made: Json = values.plain(value)
    except Unfit as error:
        raise _failure(Failed(error.reason)) from error
    except ArithmeticError as error:
        raise _failure(Failed(Reason.TOO_LARGE)) from error
    except MemoryError as error:
        raise _needs_memory() from error
    return made


def _shown(result: Any) -> str:
    try:
        return values.compact(result)
    except (Unfit, ArithmeticError):
        return str(result)


def _needs_memory() -> ConditionError:
    return ConditionError(
        _("The rule could not be carried out: it needs too much memory. Make it simpler.")
    )


def _spend(compiled: _Compiled, data: PreparedData) -> None:
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
        spending.exactly += _WORK_OF_A_REFUSAL
        raise _too_much(error) from error


def _too_much(error: TooLargeError) -> RuleFailedError:
    if isinstance(error, TooMuchWorkError):
        return RuleFailedError(_("The rule does too much work and was stopped. Make it simpler."))
    message = _(
        "The rule does too much work: what it makes could have more than %(most)d million "
        "characters, or too many levels. Make it simpler, or let it read less."
    )
    return RuleFailedError(message % {"most": MOST_OUTPUT // 1_000_000})


def _data_too_large() -> str:
    message = _(
        "The data that the rule reads have more than %(most)d million characters. Keep less of "
        "them in the ticket."
    )
    return message % {"most": MAX_DATA_CHARACTERS // 1_000_000}


def _failure(error: Failed) -> RuleFailedError:
    words = {"operator": error.operator, "name": _shortened(error.variable)}
    sentence = _REASONS[error.reason]
    if error.reason is Reason.MISSING and error.in_loop:
        sentence = _NOT_IN_ITEM
    return RuleFailedError(_(sentence) % words, variable=error.variable, pointer=error.pointer)


_NOT_IN_ITEM: Final = gettext_noop(
    "The rule reads “%(name)s”, which an item of the list does not have. Correct the "
    "name, or give a default."
)
_REASONS: Final[Mapping[Reason, str]] = {
    Reason.MISSING: gettext_noop(
        "The rule reads “%(name)s”, which is not in the data. Correct the name, give a "
        "default, or ask with “missing” first."
    ),
    Reason.NOT_A_NUMBER: gettext_noop(
        "The rule uses “%(operator)s” with a value that is not a number."
    ),
    Reason.UNFIT: gettext_noop("The rule uses “%(operator)s” with a value that it cannot handle."),
    Reason.DIVISION_BY_ZERO: gettext_noop(
        "The rule divides by zero. Ask first whether the number is 0."
    ),
    Reason.TOO_LARGE: gettext_noop("What the rule calculates is too large a number."),
    Reason.TOO_MUCH_WORK: gettext_noop(
        "The rule does too much work and was stopped. Make it simpler."
    ),
}


def _shortened(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

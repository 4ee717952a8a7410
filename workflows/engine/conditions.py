"""JsonLogic: the one module that talks to the rule library.

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
- ``try`` and ``throw`` would hide errors, ``now`` would make a decision depend on the clock:
  they are not available. Tensors and feature flags are left out as well.
- Work is bounded before it is done: the depth and size of a rule, the depth and size of the data,
  the operations of one evaluation, and, by arithmetic (rule_cost.py), how much it makes and
  goes over.
- ``merge`` keeps nulls, as lists do everywhere else; the library alone drops them.

Comparisons between unlike types are JsonLogic's: ``"10" == 10`` is true, ``"x" == 10`` is
false, null counts as 0 in ``<`` and ``>`` (a variable that is *missing* never does). The library
also takes null as ``==`` to 0, false and ``""``: ``===`` tells them apart. Ordering a
text that is not a number against a number is an error. Two texts that are both ISO dates with
a time are compared as moments, other texts character by character, so that ISO dates compare
as dates.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from datalogic_py import DataHandle, DataLogicError, Engine, Rule

from .composed import composed, is_composed
from .errors import ConditionError
from .frozen import FrozenDict
from .kept_by_size import KeptBySize
from .problems import place, quoted
from .process import Json, JsonObject
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
from .storable import unstorable
from .texts import gettext as _
from .texts import gettext_noop

MAX_RULE_CHARACTERS = 50_000
MOST_WORK_TOGETHER: Final = 1_000_000_000  # characters that all rules over the same data go over
_WORK_OF_A_REFUSAL: Final = 5_000_000
_WORK_OF_A_CHECK: Final = 200_000
_MOST_VISITS_OF_A_CHECK: Final = 5_000
_MOST_VISITS_OF_A_TRY: Final = 1_000
MAX_DATA_CHARACTERS = 50_000_000
OPERATION_BUDGET = 50_000
_MOST_KEPT: Final = 32 * 1024 * 1024  # bytes, of compiled rules of each kind
_BYTES_A_CHARACTER: Final = 60  # of a rule, once it is compiled
# Sizes of data for which a rule is tried once: below the largest that it stands, none is looked at.
_SIZES: Final = (1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000)
_CONFIG: Final = {
    "ops_budget": OPERATION_BUDGET,
    "max_recursion_depth": 64,
    "loose_equality_errors": False,
}
_FAMILIES: Final = ("ExtString", "ExtArray", "ExtObject", "ExtMath", "ExtControl", "DateTime")
_MERGE: Final = "merge_with_nulls"


def _merge(arguments: str) -> str:
    """What `merge` makes, nulls and all; the library's own drops them."""
    entries: list[Json] = []
    for each in json.loads(arguments):
        entries += each if isinstance(each, list) else [each]
    return compact(entries)


def _engine(*, is_strict: bool = True, is_template: bool = False) -> Engine:
    return Engine(
        config={**_CONFIG, "missing_var": "error"} if is_strict else _CONFIG,
        families=_FAMILIES if is_strict else None,
        templating=is_template,
        template_key_escape="$" if is_template else None,
        custom_operators={_MERGE: _merge},
    )


_LENIENT: Final = _engine(is_strict=False)
_STRICT: Final = _engine()
_TEMPLATE: Final = _engine(is_template=True)
_LOOPS: Final = frozenset({"map", "filter", "reduce", "all", "some", "none", "sort", "group_by"})
_QUOTED: Final = re.compile(r"`([^`]*)`")
_LONG_INTEGER: Final = re.compile(r"[0-9]{19}")


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


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Data that was checked and handed to the rule library once, for many rules.

    `size` are its characters as JSON; `value` must not be changed as long as this is used.
    Rules that read the same data have one budget.
    """

    handle: DataHandle
    value: Json
    size: int
    has_null: bool
    spending: _Spending


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule that may be run, and for data of how many characters nothing needs to be counted."""

    rule: Rule
    source: Json
    safe_size: int
    # What it goes over then, at most.
    safe_work: int
    # The same with a `merge` that keeps nulls; asked only where there is a null.
    keeping_nulls: Rule | None


class RuleFailedError(ConditionError):
    """A rule failed while it ran.

    ``variable`` is the missing variable, where that was the reason; ``pointer`` is the JSON
    Pointer of the failing part, as far as the library knows it.
    """

    message = gettext_noop("The rule failed while it ran.")

    def __init__(self, said: str, *, variable: str = "", pointer: str = "") -> None:
        super().__init__(said)
        self.variable = variable
        self.pointer = pointer


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
        raise ConditionError(message % {"value": _shortened(compact(result))})
    return result


def compile_condition(rule: Json) -> Rule:
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
    found = _problems(_STRICT, text, "strict")
    if found:
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
    return frozenset(".".join(path) for path in compile_condition(rule).facts()["reads"])


def has_computed_names(rule: Json) -> bool:
    """Whether a condition reads variables whose names are known only when it runs."""
    return not is_empty(rule) and compile_condition(rule).facts()["computed_reads"]


def evaluate(rule: Json, data: Json) -> Json:
    """Evaluate JsonLogic as its official test suite defines it: a missing variable is null."""
    return _run(_compile_lenient(_rule_text(rule)), prepare(data))


def compile_template(template: Json) -> Rule:
    """The compiled template of a transform; compiled once for equal templates."""
    return _compile_template(_rule_text(template)).rule


def evaluate_template(template: Json, context: JsonObject | PreparedData) -> Json:
    """Fill a template; raise ConditionError or RuleFailedError, never anything else."""
    compiled = _compile_template(_rule_text(template))
    return _run(compiled, context if isinstance(context, PreparedData) else prepare(context))


def prepare(data: Json) -> PreparedData:
    """Check data and hand it to the library, which copies it: later changes do not count."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if not is_composed(text):
            text = compact(composed(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConditionError(_data_message(data)) from error
    if len(text) > MAX_DATA_CHARACTERS:
        raise ConditionError(_data_too_large())
    if _LONG_INTEGER.search(text) and any(unstorable(data)):
        raise ConditionError(_data_message(data))
    try:
        spending = _shared.get() or _Spending(MOST_WORK_TOGETHER)
        return PreparedData(DataHandle(text), data, len(text), "null" in text, spending)
    except (DataLogicError, UnicodeEncodeError) as error:
        raise ConditionError(_data_message(data)) from error
    except BaseException as error:
        raise _given_up(error) from error


def compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _data_message(data: object) -> str:
    path, problem = next(unstorable(data), ((), _("It is not plain JSON.")))
    message = _("The data that the rule reads cannot be used at “%(place)s”: %(problem)s")
    return message % {"place": _shortened(place(path)), "problem": problem}


def _rule_text(rule: object) -> str:
    """A rule as canonical JSON text, checked for what would hurt the library."""
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
    return _conditions.get_or_make(text, lambda: _compile(_STRICT, text, "strict"))


def _compile_lenient(text: str) -> _Compiled:
    return _lenient.get_or_make(text, lambda: _compile(_LENIENT, text, ""))


def _compile_template(text: str) -> _Compiled:
    return _templates.get_or_make(text, lambda: _compile(_TEMPLATE, text, "template"))


def _compile(engine: Engine, text: str, mode: str) -> tuple[_Compiled, int]:
    """The one place where a rule is compiled: what is too much for small data is refused first."""
    source: Json = json.loads(text)
    check_cost_of_rule(source)
    if mode:
        for message in _problems(engine, text, mode):
            raise ConditionError(message)
    compiler = {"strict": engine.compile_strict, "template": engine.compile_template}.get(
        mode, engine.compile
    )
    rule = _compile_or_refuse(lambda: compiler(text))
    for message in _clock_problems(rule) if mode else ():
        raise ConditionError(message)
    keeping = None
    if "merge" in rule.facts()["operators"]:
        renamed = compact(_with_own_merge(source))
        keeping = _compile_or_refuse(lambda: compiler(renamed))
    size = len(text) * _BYTES_A_CHARACTER + 2_000
    return _Compiled(rule, source, *_safe_size(source), keeping), size


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


def _safe_size(rule: Json) -> tuple[int, int]:
    """The largest data that the rule can read, whatever stands in them, and stay in its bounds.

    With what it goes over then at most.
    """
    safe = (0, 0)
    for size in _SIZES:
        try:
            cost = check_cost(rule, assumed(size), most_visits=_MOST_VISITS_OF_A_TRY)
            safe = size, cost.work
        except TooLargeError:
            break
    return safe


def _with_own_merge(rule: Json) -> Json:
    if isinstance(rule, list):
        return [_with_own_merge(each) for each in rule]
    if not isinstance(rule, dict):
        return rule
    if len(rule) == 1 and "merge" in rule:
        return {_MERGE: _with_own_merge(rule["merge"])}
    return {name: _with_own_merge(each) for name, each in rule.items()}


def _problems(engine: Engine, text: str, mode: str) -> tuple[str, ...]:
    found = engine.check(text, "strict" if mode == "strict" else "template")
    return tuple(
        _("The rule is wrong at “%(pointer)s”: %(problem)s")
        % {"pointer": each["pointer"] or "/", "problem": _ended(each["message"])}
        for each in found
        if each["severity"] == "error"
    )


def _ended(text: str) -> str:
    """A library message as the end of a sentence."""
    text = _shortened(_QUOTED.sub(r"“\1”", text), 300)
    return text if text.endswith("?") else f"{text}."


def _clock_problems(rule: Rule) -> tuple[str, ...]:
    if rule.facts()["deterministic"]:
        return ()
    return (_("The rule reads the clock with “now”, which is not allowed. Remove it."),)


def _compile_or_refuse(compiler: Callable[[], Rule]) -> Rule:
    try:
        return compiler()
    except DataLogicError as error:
        raise ConditionError(_sentence(error)) from error
    except BaseException as error:
        raise _given_up(error) from error


def _run(compiled: _Compiled, data: PreparedData) -> Json:
    """The one place where a rule is evaluated: what would be too much is not begun."""
    _spend(compiled, data)
    # Where nothing is null, `merge` has nothing to drop, and the library's own is faster.
    rule = compiled.rule
    if compiled.keeping_nulls is not None and (data.has_null or _has_null(compiled.source)):
        rule = compiled.keeping_nulls
    try:
        text = rule.evaluate_data_str(data.handle)
        result: Json = json.loads(text)
    except DataLogicError as error:
        raise _failure(error) from error
    except RecursionError as error:
        raise ConditionError(_("The rule is nested too deeply. Use fewer levels.")) from error
    except BaseException as error:
        raise _given_up(error) from error
    return result


def _spend(compiled: _Compiled, data: PreparedData) -> None:
    """Take the rule's work from the budget of the data; raise RuleFailedError if there is none."""
    spending = data.spending
    roughly = spending.roughly + compiled.safe_work
    if data.size <= compiled.safe_size and roughly <= spending.most:
        spending.roughly = roughly
        return
    try:
        spending.exactly += check_cost(compiled.source, Bound(values=[data.value])).work
        if spending.exactly > spending.most:
            raise TooMuchWorkError
    except TooLargeError as error:
        spending.exactly += _WORK_OF_A_REFUSAL
        raise _too_much(error) from error


def _has_null(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    return value is None or (isinstance(value, list) and any(map(_has_null, value)))


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


def _given_up(error: BaseException) -> ConditionError:
    """The library's panic as an error of ours; whatever else ends a process goes on.

    A panic is no Exception, so that nothing else catches it. What raised it may be half done: all
    compiled rules are thrown away.
    """
    if not (isinstance(error, MemoryError) or type(error).__name__ == "PanicException"):
        raise error
    for each in (_conditions, _lenient, _templates):
        each.clear()
    return ConditionError(
        _("The rule could not be carried out: it needs too much memory. Make it simpler.")
    )


def _failure(error: DataLogicError) -> RuleFailedError:
    path = error.path or []
    pointer = str(path[-1]["json_pointer"] or "") if path else ""
    if error.error_type != "VariableNotFound":
        return RuleFailedError(_sentence(error), pointer=pointer)
    name = _missing_name(error)
    in_loop = any(
        step["operator"] in _LOOPS and following["arg_index"]
        for step, following in itertools.pairwise(path)
    )
    sentence = (
        _(
            "The rule reads “%(name)s”, which an item of the list does not have. Correct the "
            "name, or give a default."
        )
        if in_loop
        else _(
            "The rule reads “%(name)s”, which is not in the data. Correct the name, give a "
            "default, or ask with “missing” first."
        )
    )
    return RuleFailedError(sentence % {"name": _shortened(name)}, variable=name, pointer=pointer)


def _missing_name(error: DataLogicError) -> str:
    text = str(error).removeprefix("Variable not found: ")
    return text.rsplit(" (in operator: ", 1)[0]


def _sentence(error: DataLogicError) -> str:
    words = {"operator": error.operator or ""}
    if error.error_type == "BudgetExceeded":
        return _("The rule does too much work and was stopped. Make it simpler.")
    if error.error_type == "ConfigurationError":
        return _("The rule is nested too deeply. Use fewer levels.")
    if "NaN" in str(error):
        return _("The rule uses “%(operator)s” with a value that is not a number.") % words
    if error.error_type in {"InvalidArguments", "TypeError"}:
        return _("The rule uses “%(operator)s” with a value that it cannot handle.") % words
    return _("The rule cannot be run: %(reason)s.") % {"reason": _shortened(str(error), 200)}


def _shortened(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def describe_condition(rule: Json, labels: Mapping[str, str] | None = None) -> str:
    """The rule as one readable line in the language of whoever reads it now.

    People do not write conditions so: condition_text.py has the one language in which they do.

    ``labels`` names variables by their dotted path, and choices as `choice_labels` does. A
    variable of a task without a label loses its ``tasks.``. What cannot be phrased comes back as
    compact JSON. Never raises.
    """
    if is_empty(rule):
        return _("always")
    if any(unstorable(rule)):
        return _("a condition that cannot be shown")
    return _Description(labels or {}).clause(rule)


def choice_labels(specs: object, prefix: str = "") -> dict[str, str]:
    """What the choices of a form's fields are called, for `describe_condition`.

    `specs` may be wrong in any place; the names get the prefix.
    """
    labels = {}
    for spec in specs if isinstance(specs, list) else []:
        choices = spec.get("choices") if isinstance(spec, dict) else None
        for each in choices if isinstance(choices, list) else []:
            if isinstance(each, dict) and each.get("label"):
                labels[_choice(f"{prefix}{spec.get('name')}", each.get("value"))] = quoted(
                    str(each["label"])
                )
    return labels


def _choice(path: str, value: object) -> str:
    return f"{path} = {value}"


_LESS: Final = gettext_noop("%(left)s is less than %(right)s")
_AT_MOST: Final = gettext_noop("%(left)s is at most %(right)s")
_MORE: Final = gettext_noop("%(left)s is more than %(right)s")
_AT_LEAST: Final = gettext_noop("%(left)s is at least %(right)s")
# As it is written, and with the sides changed.
_ORDER: Final = {
    "<": (_LESS, _MORE),
    "<=": (_AT_MOST, _AT_LEAST),
    ">": (_MORE, _LESS),
    ">=": (_AT_LEAST, _AT_MOST),
}
_UPPER: Final = {
    "<": gettext_noop("%(clause)s and is less than %(value)s"),
    "<=": gettext_noop("%(clause)s and is at most %(value)s"),
}


class _Description:
    """Phrases one rule. Clauses stand for yes or no, operands for values."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels

    def clause(self, rule: Json, *, inside: bool = False) -> str:
        if isinstance(rule, bool):
            return _("always") if rule else _("never")
        operator, arguments = _call(rule)
        if operator in {"and", "or"} and len(arguments) > 1:
            word = _("and") if operator == "and" else _("or")
            text = f" {word} ".join(self.clause(each, inside=True) for each in arguments)
            return f"({text})" if inside else text
        if operator in {"and", "or"} and arguments:
            return self.clause(arguments[0], inside=inside)
        if operator in {"var", "val"}:
            return _("%(name)s is yes") % {"name": self.operand(rule)}
        phrase = self._phrase(operator, arguments)
        return phrase or compact(rule)

    def _phrase(self, operator: str, arguments: list[Json]) -> str:
        if operator in {"==", "===", "!=", "!=="} and len(arguments) == 2:
            return self._equality(arguments[0], arguments[1], negated=operator[0] == "!")
        if operator in _ORDER and len(arguments) == 2:
            return self._order(operator, arguments[0], arguments[1])
        if operator in {"<", "<="} and len(arguments) == 3:
            low, middle, high = arguments
            words = {"clause": self._order(operator, low, middle), "value": self.operand(high)}
            return _(_UPPER[operator]) % words
        if operator in {"!", "!!"} and len(arguments) == 1:
            return self._truth(arguments[0], negated=operator == "!")
        if operator == "in" and len(arguments) == 2:
            return self._membership(arguments[0], arguments[1])
        if operator == "missing" and arguments and all(isinstance(each, str) for each in arguments):
            names = f" {_('or')} ".join(self._name(str(each)) for each in arguments)
            return _("%(name)s is missing") % {"name": names}
        if operator in {"if", "?:"} and len(arguments) == 3:
            condition, then, otherwise = (self.clause(each, inside=True) for each in arguments)
            return _("if %(condition)s then %(then)s, otherwise %(otherwise)s") % {
                "condition": condition,
                "then": then,
                "otherwise": otherwise,
            }
        return ""

    def _equality(self, left: Json, right: Json, *, negated: bool) -> str:
        if not _is_variable(left) and _is_variable(right):
            left, right = right, left
        words = {"left": self.operand(left), "right": self._value(right, left)}
        return (_("%(left)s is not %(right)s") if negated else _("%(left)s is %(right)s")) % words

    def _order(self, operator: str, left: Json, right: Json) -> str:
        phrase, turned = _ORDER[operator]
        if not _is_variable(left) and _is_variable(right):
            left, right, phrase = right, left, turned
        return _(phrase) % {"left": self.operand(left), "right": self.operand(right)}

    def _truth(self, value: Json, *, negated: bool) -> str:
        if _is_variable(value):
            text = _("%(name)s is no or empty") if negated else _("%(name)s is yes or filled in")
            return text % {"name": self.operand(value)}
        inner = self.clause(value)
        return _("not (%(clause)s)") % {"clause": inner} if negated else inner

    def _membership(self, item: Json, group: Json) -> str:
        if isinstance(group, list) and group:
            options = ", ".join(self._value(each, item) for each in group)
            words = {"name": self.operand(item), "options": options}
            return _("%(name)s is one of %(options)s") % words
        words = {"name": self.operand(group), "value": self._value(item, group)}
        return _("%(name)s contains %(value)s") % words

    def _value(self, value: Json, variable: Json) -> str:
        """An operand next to a variable: where it is one of its choices, what that is called."""
        path = _path_of(variable)
        label = self.labels.get(_choice(path, value)) if path and isinstance(value, str) else None
        return label or self.operand(value)

    def operand(self, value: Json) -> str:
        if value is None:
            return _("empty")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        operator, arguments = _call(value)
        if operator == "var" and arguments and isinstance(arguments[0], str) and arguments[0]:
            name = self._name(arguments[0])
            if len(arguments) == 2:
                words = {"name": name, "otherwise": self.operand(arguments[1])}
                return _("%(name)s (or %(otherwise)s)") % words
            return name
        if (
            operator == "val"
            and arguments
            and all(isinstance(each, str) and each for each in arguments)
        ):
            return self._name(".".join(str(each) for each in arguments))
        if operator in {"+", "-", "*", "/"} and len(arguments) > 1:
            return "(" + f" {operator} ".join(self.operand(each) for each in arguments) + ")"
        return compact(value)

    def _name(self, path: str) -> str:
        return self.labels.get(path) or path.removeprefix("tasks.")


def _call(rule: Json) -> tuple[str, list[Json]]:
    """The operator and its arguments; an empty operator where this is no call."""
    if not isinstance(rule, dict) or len(rule) != 1:
        return "", []
    ((operator, arguments),) = rule.items()
    return operator, arguments if isinstance(arguments, list) else [arguments]


def _path_of(variable: Json) -> str:
    """The dotted path of a variable without a default; empty where this is none."""
    operator, arguments = _call(variable)
    names = [each for each in arguments if isinstance(each, str) and each]
    if len(names) != len(arguments) or operator not in {"var", "val"}:
        return ""
    return ".".join(names) if operator == "val" or len(names) == 1 else ""


def _is_variable(value: Json) -> bool:
    return _call(value)[0] in {"var", "val"}

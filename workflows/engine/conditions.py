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
- Work is bounded: the depth and size of a rule, the depth of the data, the operations of one
  evaluation.

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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from datalogic_py import DataHandle, DataLogicError, Engine, Rule

from .composed import composed, is_composed
from .errors import ConditionError
from .frozen import FrozenDict
from .problems import place
from .process import Json, JsonObject
from .storable import unstorable
from .texts import gettext as _
from .texts import gettext_noop

MAX_RULE_CHARACTERS = 50_000
OPERATION_BUDGET = 50_000
_CONFIG: Final = {
    "ops_budget": OPERATION_BUDGET,
    "max_recursion_depth": 64,
    "loose_equality_errors": False,
}
_FAMILIES: Final = ("ExtString", "ExtArray", "ExtObject", "ExtMath", "ExtControl", "DateTime")
_LENIENT: Final = Engine(config=_CONFIG)
_STRICT: Final = Engine(config={**_CONFIG, "missing_var": "error"}, families=_FAMILIES)
_TEMPLATE: Final = Engine(
    config={**_CONFIG, "missing_var": "error"},
    families=_FAMILIES,
    templating=True,
    template_key_escape="$",
)
_LOOPS: Final = frozenset({"map", "filter", "reduce", "all", "some", "none", "sort", "group_by"})
_QUOTED: Final = re.compile(r"`([^`]*)`")
_LONG_INTEGER: Final = re.compile(r"[0-9]{19}")


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Data that was checked and handed to the rule library once, for many rules."""

    handle: DataHandle


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
    compiled = compile_condition(rule)
    prepared = context if isinstance(context, PreparedData) else prepare(context)
    result = _run(_compile_lenient(_rule_text(rule)) if missing_is_null else compiled, prepared)
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
    return _compile_condition(_rule_text(rule))


def check_condition(rule: Json) -> tuple[str, ...]:
    """Everything that is wrong with a condition before it runs, a sentence each."""
    if is_empty(rule):
        return ()
    try:
        text = _rule_text(rule)
    except ConditionError as error:
        return (str(error),)
    return _problems(_STRICT, text, "strict") or _clock_problems(_STRICT.compile_strict(text))


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
    return _compile_template(_rule_text(template))


def evaluate_template(template: Json, context: JsonObject | PreparedData) -> Json:
    """Fill a template; raise ConditionError or RuleFailedError, never anything else."""
    compiled = compile_template(template)
    return _run(compiled, context if isinstance(context, PreparedData) else prepare(context))


def prepare(data: Json) -> PreparedData:
    """Check data and hand it to the library, which copies it: later changes do not count."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if not is_composed(text):
            text = compact(composed(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConditionError(_data_message(data)) from error
    if _LONG_INTEGER.search(text) and any(unstorable(data)):
        raise ConditionError(_data_message(data))
    try:
        return PreparedData(DataHandle(text))
    except (DataLogicError, UnicodeEncodeError) as error:
        raise ConditionError(_data_message(data)) from error


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


@lru_cache(maxsize=512)
def _compile_condition(text: str) -> Rule:
    return _compile(_STRICT, text, "strict", _STRICT.compile_strict)


@lru_cache(maxsize=512)
def _compile_lenient(text: str) -> Rule:
    return _compile_or_refuse(lambda: _LENIENT.compile(text))


@lru_cache(maxsize=512)
def _compile_template(text: str) -> Rule:
    return _compile(_TEMPLATE, text, "template", _TEMPLATE.compile_template)


def _compile(engine: Engine, text: str, mode: str, compiler: Callable[[str], Rule]) -> Rule:
    for message in _problems(engine, text, mode):
        raise ConditionError(message)
    rule = _compile_or_refuse(lambda: compiler(text))
    for message in _clock_problems(rule):
        raise ConditionError(message)
    return rule


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


def _run(rule: Rule, data: PreparedData) -> Json:
    try:
        text = rule.evaluate_data_str(data.handle)
    except DataLogicError as error:
        raise _failure(error) from error
    result: Json = json.loads(text)
    return result


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
    """The rule as one readable line, for the picture and the history.

    ``labels`` names variables by their dotted path, and choices as `choice_labels` does. A
    variable of a task without a label loses its ``tasks.``. What cannot be phrased comes back as
    compact JSON. Never raises.
    """
    if is_empty(rule):
        return "always"
    if any(unstorable(rule)):
        return "a condition that cannot be shown"
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
                labels[_choice(f"{prefix}{spec.get('name')}", each.get("value"))] = (
                    f"“{each['label']}”"
                )
    return labels


def _choice(path: str, value: object) -> str:
    return f"{path} = {value}"


_ORDER: Final = {
    "<": ("is less than", "is more than"),
    "<=": ("is at most", "is at least"),
    ">": ("is more than", "is less than"),
    ">=": ("is at least", "is at most"),
}


class _Description:
    """Phrases one rule. Clauses stand for yes or no, operands for values."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels

    def clause(self, rule: Json, *, inside: bool = False) -> str:
        if isinstance(rule, bool):
            return "always" if rule else "never"
        operator, arguments = _call(rule)
        if operator in {"and", "or"} and len(arguments) > 1:
            text = f" {operator} ".join(self.clause(each, inside=True) for each in arguments)
            return f"({text})" if inside else text
        if operator in {"and", "or"} and arguments:
            return self.clause(arguments[0], inside=inside)
        if operator in {"var", "val"}:
            return f"{self.operand(rule)} is yes"
        phrase = self._phrase(operator, arguments)
        return phrase or compact(rule)

    def _phrase(self, operator: str, arguments: list[Json]) -> str:
        if operator in {"==", "===", "!=", "!=="} and len(arguments) == 2:
            return self._equality(arguments[0], arguments[1], negated=operator[0] == "!")
        if operator in _ORDER and len(arguments) == 2:
            return self._order(operator, arguments[0], arguments[1])
        if operator in {"<", "<="} and len(arguments) == 3:
            low, middle, high = arguments
            upper = f"{_ORDER[operator][0]} {self.operand(high)}"
            return f"{self._order(operator, low, middle)} and {upper}"
        if operator in {"!", "!!"} and len(arguments) == 1:
            return self._truth(arguments[0], negated=operator == "!")
        if operator == "in" and len(arguments) == 2:
            return self._membership(arguments[0], arguments[1])
        if operator == "missing" and arguments and all(isinstance(each, str) for each in arguments):
            names = " or ".join(self._name(str(each)) for each in arguments)
            return f"{names} is missing"
        if operator in {"if", "?:"} and len(arguments) == 3:
            return "if {} then {}, otherwise {}".format(
                *tuple(self.clause(each, inside=True) for each in arguments)
            )
        return ""

    def _equality(self, left: Json, right: Json, *, negated: bool) -> str:
        if not _is_variable(left) and _is_variable(right):
            left, right = right, left
        return f"{self.operand(left)} is {'not ' if negated else ''}{self._value(right, left)}"

    def _order(self, operator: str, left: Json, right: Json) -> str:
        if not _is_variable(left) and _is_variable(right):
            return f"{self.operand(right)} {_ORDER[operator][1]} {self.operand(left)}"
        return f"{self.operand(left)} {_ORDER[operator][0]} {self.operand(right)}"

    def _truth(self, value: Json, *, negated: bool) -> str:
        if _is_variable(value):
            return f"{self.operand(value)} is {'no or empty' if negated else 'yes or filled in'}"
        inner = self.clause(value)
        return f"not ({inner})" if negated else inner

    def _membership(self, item: Json, group: Json) -> str:
        if isinstance(group, list) and group:
            options = ", ".join(self._value(each, item) for each in group)
            return f"{self.operand(item)} is one of {options}"
        return f"{self.operand(group)} contains {self._value(item, group)}"

    def _value(self, value: Json, variable: Json) -> str:
        """An operand next to a variable: where it is one of its choices, what that is called."""
        path = _path_of(variable)
        label = self.labels.get(_choice(path, value)) if path and isinstance(value, str) else None
        return label or self.operand(value)

    def operand(self, value: Json) -> str:
        if value is None:
            return "empty"
        if isinstance(value, bool):
            return "yes" if value else "no"
        operator, arguments = _call(value)
        if operator == "var" and arguments and isinstance(arguments[0], str) and arguments[0]:
            name = self._name(arguments[0])
            if len(arguments) == 2:
                return f"{name} (or {self.operand(arguments[1])})"
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

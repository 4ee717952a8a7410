"""Rules are checked and compiled, once for equal rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workflows.engine.errors import ConditionError
from workflows.engine.evaluating.compiled import CompiledRule, Form, compile_rule, mistakes_in
from workflows.engine.problems import place
from workflows.engine.process import Json
from workflows.engine.texts import gettext as _
from workflows.engine.values.composed import composed
from workflows.engine.values.frozen import FrozenDict
from workflows.engine.values.kept_by_size import KeptBySize
from workflows.engine.values.storable import unstorable

from .bounds import TooLargeError, assumed
from .budget import WORK_OF_A_REFUSAL, shared_spending
from .refusals import sentence_of, shortened, too_much
from .rule_cost import ASSUMED_ITEMS, ASSUMED_SIZE, TooMuchWorkError, check_cost

MAX_RULE_CHARACTERS = 50_000
_WORK_OF_A_CHECK: Final = 200_000
_MOST_VISITS_OF_A_CHECK: Final = 5_000
_MOST_VISITS_OF_A_TRY: Final = 1_000
_MOST_KEPT: Final = 32 * 1024 * 1024  # bytes, of compiled rules of each kind
_BYTES_A_CHARACTER: Final = 120  # of a rule, once it is compiled
# Sizes of data for which a rule is tried once: below the largest that it stands, none is looked at.
_SIZES: Final = (250, 1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule that may be run, and for data of how many characters nothing needs to be counted."""

    rule: CompiledRule
    source: Json
    # Such sizes of data, smaller ones first, each with what it goes over then at most.
    safe: tuple[tuple[int, int], ...]

    def work_of(self, size: int) -> int | None:
        """What it goes over at most with data of this size; None: that must be counted."""
        return next((work for most, work in self.safe if size <= most), None)


def is_empty(rule: Json) -> bool:
    """Whether this is the empty condition, which is always true."""
    return rule is None or rule == {} or rule == ""


def compile_condition(rule: Json) -> CompiledRule:
    """The compiled rule; compiled once for equal rules. Raise ConditionError if it is wrong."""
    return compiled_condition(rule_text(rule)).rule


def check_condition(rule: Json) -> tuple[str, ...]:
    """Everything that is wrong with a condition before it runs, a sentence each."""
    if is_empty(rule):
        return ()
    try:
        text = rule_text(rule)
    except ConditionError as error:
        return (str(error),)
    if found := tuple(map(sentence_of, mistakes_in(json.loads(text), Form.RULE))):
        return found
    try:
        compiled_condition(text)
    except ConditionError as error:
        return (str(error),)
    return ()


def compile_template(template: Json) -> CompiledRule:
    """The compiled template of a transform; compiled once for equal templates."""
    return compiled_template(rule_text(template)).rule


def rule_text(rule: object) -> str:
    """A rule as canonical JSON text, checked for what could not be kept."""
    return rule.once(_checked_text) if isinstance(rule, FrozenDict) else _checked_text(rule)


def _checked_text(rule: object) -> str:
    path, problem = next(unstorable(rule), ((), ""))
    if problem:
        message = _("The rule cannot be used at “%(place)s”: %(problem)s")
        raise ConditionError(message % {"place": shortened(place(path)), "problem": problem})
    text = json.dumps(composed(rule), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(text) > MAX_RULE_CHARACTERS:
        message = _("The rule is longer than %(most)d characters. Make it shorter.")
        raise ConditionError(message % {"most": MAX_RULE_CHARACTERS})
    return text


_conditions: Final = KeptBySize[str, Compiled](_MOST_KEPT)
_lenient: Final = KeptBySize[str, Compiled](_MOST_KEPT)
_templates: Final = KeptBySize[str, Compiled](_MOST_KEPT)


def compiled_condition(text: str) -> Compiled:
    return _conditions.get_or_make(text, lambda: _compile(text, Form.RULE))


def compiled_lenient(text: str) -> Compiled:
    return _lenient.get_or_make(text, lambda: _compile(text, Form.RULE, missing_is_null=True))


def compiled_template(text: str) -> Compiled:
    return _templates.get_or_make(text, lambda: _compile(text, Form.TEMPLATE))


def _compile(text: str, form: Form, *, missing_is_null: bool = False) -> tuple[Compiled, int]:
    """The one place where a rule is compiled: what is too much for small data is refused first."""
    source: Json = json.loads(text)
    check_cost_of_rule(source)
    for mistake in mistakes_in(source, form):
        raise ConditionError(sentence_of(mistake))
    rule = compile_rule(source, form, missing_is_null=missing_is_null)
    size = len(text) * _BYTES_A_CHARACTER + 2_000
    return Compiled(rule, source, tuple(_safe_sizes(source))), size


def check_cost_of_rule(rule: Json) -> None:
    """Refuse a rule that makes too much of small data; raise ConditionError."""
    spending = shared_spending.get()
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
            spending.exactly += WORK_OF_A_REFUSAL
        raise too_much(error) from error


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

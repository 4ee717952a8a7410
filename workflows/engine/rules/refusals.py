"""What is wrong with a rule, and why one failed, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workflows.engine.errors import ConditionError
from workflows.engine.evaluating.compiled import Mistake, Wrong
from workflows.engine.evaluating.failures import Failed, Reason
from workflows.engine.evaluating.operators import OPERATORS
from workflows.engine.problems import did_you_mean, nearest
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop

from .bounds import TooLargeError
from .rule_cost import MOST_OUTPUT, TooMuchWorkError

_USABLE: Final = frozenset(name for name, each in OPERATORS.items() if each.is_open)


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


def sentence_of(mistake: Mistake) -> str:
    message = _("The rule is wrong at “%(pointer)s”: %(problem)s")
    words = {"pointer": mistake.pointer or "/", "problem": _problem(mistake)}
    return message % words


def _problem(mistake: Mistake) -> str:
    operator = OPERATORS.get(mistake.operator)
    words = {
        "operator": shortened(mistake.operator),
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


def needs_memory() -> ConditionError:
    return ConditionError(
        _("The rule could not be carried out: it needs too much memory. Make it simpler.")
    )


def too_much(error: TooLargeError) -> RuleFailedError:
    if isinstance(error, TooMuchWorkError):
        return RuleFailedError(_("The rule does too much work and was stopped. Make it simpler."))
    message = _(
        "The rule does too much work: what it makes could have more than %(most)d million "
        "characters, or too many levels. Make it simpler, or let it read less."
    )
    return RuleFailedError(message % {"most": MOST_OUTPUT // 1_000_000})


def failed(error: Failed) -> RuleFailedError:
    words = {"operator": error.operator, "name": shortened(error.variable)}
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


def shortened(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

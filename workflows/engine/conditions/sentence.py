"""A condition as a sentence for people, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workflows.engine.problems import quoted
from workflows.engine.process import Json
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.data import compact
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop
from workflows.engine.values.storable import unstorable


def describe_condition(rule: Json, labels: Mapping[str, str] | None = None) -> str:
    """The rule as one readable line in the language of whoever reads it now.

    People do not write conditions so: text.py has the one language in which they do.

    ``labels`` names variables by their dotted path, and choices as `choice_labels` does. A
    variable of a task without a label loses its ``tasks.``. What cannot be phrased comes back as
    compact JSON. Never raises.
    """
    if is_empty(rule):
        return _("always")
    if any(unstorable(rule)):
        return _("a condition that cannot be shown")
    return _Description(labels or {}).clause(rule)


def describe_formula(rule: Json, labels: Mapping[str, str] | None = None) -> str:
    """A formula that gives a value as one readable line; as `describe_condition`. Never raises."""
    if any(unstorable(rule)):
        return _("a formula that cannot be shown")
    return _Description(labels or {}).operand(rule)


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


_ROWS: Final = {
    "some": gettext_noop("any row of %(rows)s: %(clause)s"),
    "all": gettext_noop("every row of %(rows)s: %(clause)s"),
    "none": gettext_noop("no row of %(rows)s: %(clause)s"),
}


# What days are counted in, as it stands behind a number.
_UNITS: Final = {
    "days": gettext_noop("days"),
    "weeks": gettext_noop("weeks"),
    "working_days": gettext_noop("working days"),
    "months": gettext_noop("months"),
    "years": gettext_noop("years"),
}
_TIMES: Final = {"today": gettext_noop("today"), "now": gettext_noop("now")}
_CALLED: Final = {
    "round": gettext_noop("rounded (%(values)s)"),
    "min": gettext_noop("the smallest of (%(values)s)"),
    "max": gettext_noop("the largest of (%(values)s)"),
}
_YES_OR_NO: Final = frozenset(
    {"==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "!", "!!", "and", "or", "some", "all"}
)


def _are_names(arguments: list[Json]) -> bool:
    return bool(arguments) and all(isinstance(each, str) for each in arguments)


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
        return f"({phrase})" if inside and phrase and operator in _ROWS else phrase or compact(rule)

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
        if operator == "missing" and _are_names(arguments):
            names = f" {_('or')} ".join(self._name(str(each)) for each in arguments)
            return _("%(name)s is missing") % {"name": names}
        if operator in _ROWS and len(arguments) == 2 and isinstance(arguments[1], dict):
            rows, clause = self._rows(arguments[0]), self.clause(arguments[1], inside=True)
            return _(_ROWS[operator]) % {"rows": rows, "clause": clause} if rows else ""
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
        operator, arguments = _call(value)
        if negated and operator == "missing" and _are_names(arguments):
            names = f" {_('and')} ".join(self._name(str(each)) for each in arguments)
            text = _("%(name)s is there") if len(arguments) == 1 else _("%(name)s are there")
            return text % {"name": names}
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
        if operator == "val" and arguments[:1] == [[2]]:
            return self._name(".".join(map(str, arguments[1:])))
        if operator in _YES_OR_NO:
            return self.clause(value, inside=True)
        return self._calculated(operator, arguments) or compact(value)

    def _calculated(self, operator: str, arguments: list[Json]) -> str:
        """What an operator makes; empty where there are no words for it."""
        if operator in {"+", "length"} and len(arguments) == 1:
            return self._over_rows(operator, arguments[0])
        if operator in {"+", "-", "*", "/"} and len(arguments) > 1:
            return "(" + f" {operator} ".join(self.operand(each) for each in arguments) + ")"
        if operator == "-" and len(arguments) == 1:
            return f"-{self.operand(arguments[0])}"
        if operator in {"date_add", "date_diff"} and len(arguments) == 3:
            return self._days(operator, *arguments)
        if operator in _CALLED and arguments:
            values = ", ".join(self.operand(each) for each in arguments)
            return _(_CALLED[operator]) % {"values": values}
        return ""

    def _days(self, operator: str, one: Json, other: Json, unit: Json) -> str:
        """A date that is moved, or what lies between two."""
        if not isinstance(unit, str) or unit not in _UNITS:
            return ""
        words = {"unit": _(_UNITS[unit])}
        if operator == "date_diff":
            words |= {"first": self.operand(other), "last": self.operand(one)}
            return _("%(unit)s from %(first)s to %(last)s") % words
        count, is_before = other, False
        inner, subtracted = _call(other)
        if isinstance(other, int | float) and other < 0:
            count, is_before = -other, True
        elif inner == "-" and len(subtracted) == 1:
            count, is_before = subtracted[0], True
        words |= {"date": self.operand(one), "count": self.operand(count)}
        if is_before:
            return _("%(date)s less %(count)s %(unit)s") % words
        return _("%(date)s and %(count)s %(unit)s") % words

    def _over_rows(self, operator: str, given: Json) -> str:
        """A sum over rows, or how many there are."""
        loop, parts = _call(given)
        rows = self._rows(parts[0] if loop in {"map", "filter"} and len(parts) == 2 else given)
        if not rows or (operator == "+") != (loop == "map"):
            return ""
        if loop == "map":
            words = {"rows": rows, "value": self.operand(parts[1])}
            return _("sum over the rows of %(rows)s of %(value)s") % words
        if loop == "filter":
            words = {"rows": rows, "clause": self.clause(parts[1], inside=True)}
            return _("number of rows of %(rows)s with %(clause)s") % words
        return _("number of rows of %(rows)s") % {"rows": rows}

    def _rows(self, given: Json) -> str:
        """The name of an answer with rows, where no answer is as good as none of them."""
        operator, arguments = _call(given)
        is_plain = operator == "var" and arguments[1:] in ([], [[]])
        name = arguments[0] if is_plain and arguments else ""
        return self._name(name) if isinstance(name, str) and name else ""

    def _name(self, path: str) -> str:
        if path in _TIMES and path not in self.labels:
            return _(_TIMES[path])
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

"""Comparisons of unlike types: a number with a text is never what was meant.

JsonLogic would turn one into the other and answer something; a person who wrote `"1000"` for
a number, or "yes" for a yes/no question, should hear of it before a ticket takes the wrong way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from workflows.bundles.canonical import free_form
from workflows.bundles.outline import Outline, readable_fields
from workflows.bundles.problems import Problem
from workflows.engine.conditions import is_empty
from workflows.engine.field_types import Field, FieldType
from workflows.engine.problems import Path, short
from workflows.engine.process import Json

COMPARE = {"==", "===", "!=", "!==", "<", "<=", ">", ">="}
NUMBER, TEXT, YES_NO = "number", "text", "yes/no"
KINDS = {
    FieldType.INTEGER: NUMBER,
    FieldType.NUMBER: NUMBER,
    FieldType.BOOLEAN: YES_NO,
    FieldType.TEXT: TEXT,
    FieldType.LONG_TEXT: TEXT,
    FieldType.CHOICE: TEXT,
    FieldType.EMAIL: TEXT,
    FieldType.URL: TEXT,
    FieldType.PHONE: TEXT,
    # Dates and times are texts, as JSON has them.
    FieldType.DATE: TEXT,
    FieldType.TIME: TEXT,
    FieldType.DATETIME: TEXT,
}


def comparison_problems(outline: Outline) -> Iterator[Problem]:
    """Conditions that compare unlike types, or are neither true nor false."""
    fields = fields_by_name(outline)
    for transition in outline.transitions:
        rule = transition.value.get("condition")
        path = (*transition.path, "condition")
        if not is_empty(rule) and not isinstance(rule, bool | dict):
            message = _("A condition must be true or false. This one is always %(value)s.")
            yield Problem(path, message % {"value": short(rule)}, rule)
        yield from _unlike(rule, fields, path)


def fields_by_name(outline: Outline) -> dict[str, Field]:
    """The fields that conditions can read, by their dotted names."""
    found = {f"ticket.{name}": field for name, field in (outline.fields or {}).items()}
    for key, task in outline.task_of.items():
        for name, field in (readable_fields(task) or {}).items():
            found[f"tasks.{key}.{name}"] = field
    return found


def variable_name(rule: Json) -> str:
    """The name in a plain {"var": name}; empty for anything else."""
    if not isinstance(rule, dict) or list(rule) != ["var"]:
        return ""
    name = rule["var"]
    if isinstance(name, list) and len(name) == 1:
        name = name[0]
    return name if isinstance(name, str) else ""


def _unlike(rule: Json, fields: Mapping[str, Field], path: Path) -> Iterator[Problem]:
    if isinstance(rule, list):
        for each in rule:
            yield from _unlike(each, fields, path)
    if not isinstance(rule, dict):
        return
    for operator, arguments in rule.items():
        operands = arguments if isinstance(arguments, list) else [arguments]
        if operator in COMPARE:
            yield from _compared(operands, fields, path)
        yield from _unlike(operands, fields, path)


def _compared(operands: list[Json], fields: Mapping[str, Field], path: Path) -> Iterator[Problem]:
    kinds = [(each, _kind(each, fields)) for each in operands]
    known = [(each, kind) for each, kind in kinds if kind]
    if len({kind for _each, kind in known}) < 2:
        return
    (first, kind), (second, other) = known[0], next(e for e in known if e[1] != known[0][1])
    message = _(
        "%(first)s is %(kind)s, but it is compared with %(second)s, which is %(other)s. "
        "Compare it with a value of its own type."
    )
    names = {NUMBER: _("a number"), TEXT: _("a text"), YES_NO: _("yes or no")}
    text = message % {
        "first": _shown(first),
        "kind": names[kind],
        "second": _shown(second),
        "other": names[other],
    }
    yield Problem(path, text, free_form(second), expected=names[kind])


def _kind(operand: Json, fields: Mapping[str, Field]) -> str:
    """The type of a literal or of a plain variable; empty where it is not known."""
    if isinstance(operand, bool):
        return YES_NO
    if isinstance(operand, int | float):
        return NUMBER
    if isinstance(operand, str):
        return TEXT
    name = variable_name(operand)
    if name == "number":
        return NUMBER
    if name.partition(".")[0] in {"submitter", "company"}:
        return TEXT
    field = fields.get(name)
    return KINDS.get(field.type, "") if field is not None else ""


def _shown(operand: Json) -> str:
    name = variable_name(operand)
    return f"“{name}”" if name else short(operand)

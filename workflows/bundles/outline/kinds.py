"""Of what kind each answer is that rules read, and what a rule yields, as far as it is certain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workflows.bundles.outline.failure_fields import failure_fields
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import output_fields, values_set
from workflows.bundles.outline.subtickets import subticket_fields
from workflows.engine.process import Json
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.fields.field import LIST, NUMBER, TEXT, YES_NO, Field
from workflows.fields.registry import TYPES

type Fields = Mapping[str, Field]
EQUAL: Final = frozenset({"==", "===", "!=", "!=="})
COMPARE: Final = EQUAL | {"<", "<=", ">", ">="}
# What operators give, whatever they are given. Those that are not here depend on it.
RESULTS: Final[Mapping[str, str]] = {
    **dict.fromkeys((*COMPARE, "!", "!!", "in", "all", "some", "none", "exists"), YES_NO),
    **dict.fromkeys(("starts_with", "ends_with"), YES_NO),
    **dict.fromkeys(("length", "abs", "ceil", "floor", "round", "%", "date_diff"), NUMBER),
    "date_add": TEXT,
    **dict.fromkeys(("cat", "substr", "upper", "lower", "trim", "type", "format_date"), TEXT),
    **dict.fromkeys(("missing", "missing_some", "filter", "map", "split", "keys"), LIST),
}
ARITHMETIC: Final = frozenset({"+", "-", "*", "/", "min", "max"})
LOOPS: Final = frozenset({"all", "some", "none", "filter", "map"})


def fields_by_name(outline: Outline) -> dict[str, Field]:
    """The fields that conditions can read, by their dotted names.

    With what the engine's own steps give, where its type is known.
    """
    found = {f"ticket.{name}": field for name, field in (outline.fields or {}).items()}
    for key, task in outline.task_of.items():
        outputs = output_fields(task) or {}
        for name, field in outputs.items():
            found[f"tasks.{key}.{name}"] = field
        rows = tuple(each for each in outputs.values() if not each.fields)
        found[f"earlier.{key}"] = Field(key, TYPES["records"], key, required=True, fields=rows)
        if task.can_fail:
            for name, field in failure_fields().items():
                found[f"failures.{key}.{name.partition('.')[2]}"] = field
    found |= subticket_fields(outline)
    for key, task in outline.task_of.items():
        for name, formula in (values_set(task) or {}).items():
            if type_key := _TYPE_OF_KIND.get(kind_of_rule(formula, found), ""):
                found[f"tasks.{key}.{name}"] = Field(name, TYPES[type_key], name, required=True)
    return found


# A question whose answers are of a kind.
_TYPE_OF_KIND: Final[Mapping[str, str]] = {
    NUMBER: "number",
    TEXT: "text",
    YES_NO: "boolean",
    LIST: "choices",
}


def variable_name(rule: Json) -> str:
    """The name in a plain {"var": name}; empty for anything else."""
    if not isinstance(rule, dict) or list(rule) != ["var"]:
        return ""
    name = rule["var"]
    if isinstance(name, list) and len(name) == 1:
        name = name[0]
    return name if isinstance(name, str) else ""


def name_of_list(rule: Json) -> str:
    """The same, also where no answer counts as an empty list."""
    name = rule.get("var") if isinstance(rule, dict) else None
    if isinstance(name, list) and name[1:] == [[]]:
        return variable_name({"var": name[0]})
    return variable_name(rule)


def field_named(name: str, fields: Fields) -> Field | None:
    """The field behind a name, also one of a record: `ticket.lines.0.amount`."""
    found, steps = None, name.split(".")
    for end in range(1, len(steps) + 1):
        found = fields.get(".".join(steps[:end]))
        if found is not None:
            return found if end == len(steps) else _inside(found, steps[end:])
    return None


def _inside(field: Field, steps: list[str]) -> Field | None:
    if field.fields and len(steps) == 2 and steps[0].isdecimal():
        return next((each for each in field.fields if each.name == steps[1]), None)
    return None


def kind_of(rule: Json, fields: Fields) -> str:
    """The type of what a rule gives, as `Field.type.kind`; empty where it is not known."""
    return kind_of_rule(rule, fields)


def kind_of_rule(rule: Json, fields: Fields) -> str:
    """The type of a literal, a variable or what an operator gives; empty where not known."""
    if isinstance(rule, bool):
        return YES_NO
    if isinstance(rule, int | float):
        return NUMBER
    if isinstance(rule, str):
        return TEXT
    if not isinstance(rule, dict) or len(rule) != 1:
        return LIST if isinstance(rule, list) else ""
    ((operator, arguments),) = rule.items()
    operands = arguments if isinstance(arguments, list) else [arguments]
    if operator == "var":
        return _kind_of_variable(operands, fields)
    if operator in RESULTS:
        return RESULTS[operator]
    if operator in {"and", "or"}:
        return _common_kind(operands, fields)
    if operator == "if":
        # Without a last branch it may give null.
        branches = operands[1::2] + (operands[-1:] if len(operands) % 2 else [None])
        return _common_kind(branches, fields)
    if operator in ARITHMETIC and _common_kind(operands, fields) == NUMBER:
        return NUMBER
    return ""


def _common_kind(operands: list[Json], fields: Fields) -> str:
    kinds = {kind_of_rule(each, fields) for each in operands}
    return kinds.pop() if len(kinds) == 1 else ""


def _kind_of_variable(operands: list[Json], fields: Fields) -> str:
    name = operands[0] if operands and isinstance(operands[0], str) else ""
    if name == "number" and not fields.get(name):
        return NUMBER
    if name in NAMES_OF_TIME and not fields.get(name):
        return TEXT
    field = field_named(name, fields)
    if name.startswith("visits.") and field is None:
        return NUMBER
    kind = field.type.kind if field is not None else ""
    if name.startswith("done.") and field is None and name.count(".") > 1:
        kind = TEXT
    if name.partition(".")[0] in {"submitter", "company"} and field is None and "." in name:
        kind = TEXT
    owner = field_named(name.rpartition(".")[0], fields) if field is None else None
    if owner is not None:
        part = owner.type.parts.get(name.rpartition(".")[2])
        kind = part.kind if part is not None else kind
    # A default that is of another type says what is meant where there is no answer.
    if len(operands) > 1 and kind_of_rule(operands[1], fields) != kind:
        return ""
    return kind

"""Comparisons of unlike types: a number with a text is never what was meant.

JsonLogic would turn one into the other and answer something; a person who wrote `"1000"` for
a number, or "yes" for a yes/no question, should hear of it before a ticket goes wrong.
So should one whose condition gives a text or a number: where neither true nor false comes out,
every ticket would stop with an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from workflows.bundles.document.canonical import free_form
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.approvals import approval_fields
from workflows.bundles.outline.blocks import block_fields, items_read
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.failure_fields import failure_fields
from workflows.bundles.outline.forms import readable_fields
from workflows.bundles.outline.kinds import (
    COMPARE,
    EQUAL,
    LOOPS,
    Fields,
    field_named,
    fields_by_name,
    kind_of_rule,
    name_of_list,
    variable_name,
)
from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.step_outputs import tables
from workflows.engine.problems import Path, did_you_mean, nearest, quoted, short
from workflows.engine.process import Json, objects_in
from workflows.engine.rules.compiling import check_condition, is_empty
from workflows.engine.rules.data import compact
from workflows.fields.field import LIST, TEXT, YES_NO, Field
from workflows.fields.registry import TYPES


def comparison_problems(outline: Outline) -> Iterator[Problem]:
    """Conditions and transforms that compare unlike types, or conditions of another type."""
    fields = {**fields_by_name(outline), **block_fields(outline), **approval_fields(outline)}
    for transition in outline.transitions:
        path = (*transition.path, "condition")
        known = {**fields, **items_read(outline, transition.text("from"))}
        if transition.is_on_failure:
            known |= failure_fields()
        yield from _condition_problems(transition.value.get("condition"), known, path)
    for branch in outline.branches.values():
        known = {**fields, **items_read(outline, branch.block)}
        path = (*branch.entry.path, "when")
        yield from _condition_problems(branch.entry.value.get("when"), known, path)
    for form in (outline.workflow, *outline.tasks):
        yield from _form_problems(form)
    for task in outline.tasks:
        known = {**fields, **items_read(outline, task.text("key"))}
        for name in ("input_transform", "output_transform", "for_each", "values"):
            yield from _type_mismatches(task.value.get(name), known, (*task.path, name))
    for task in tables(outline):
        known = {**fields, **items_read(outline, task.text("key"))}
        table = task.value.get("table")
        inputs = objects_in(table.get("inputs")) if isinstance(table, dict) else []
        for index, column in enumerate(inputs):
            path = (*task.path, "table", "inputs", index, "value")
            yield from _type_mismatches(column.get("value"), known, path)


def _condition_problems(rule: Json, fields: Fields, path: Path) -> Iterator[Problem]:
    if is_empty(rule):
        return
    if not isinstance(rule, bool | dict):
        message = _("A condition must be true or false. This one is always %(value)s.")
        yield Problem(path, message % {"value": short(rule)}, rule)
    else:
        yield from _non_boolean_results(rule, fields, path)
    yield from _type_mismatches(rule, fields, path)


def _non_boolean_results(rule: Json, fields: Fields, path: Path) -> Iterator[Problem]:
    """What the rule may give that is neither true nor false."""
    for result in _results(rule):
        kind = kind_of_rule(result, fields)
        if kind in {"", YES_NO}:
            continue
        if result is rule:
            message = _(
                "A condition must be true or false, but this one gives %(kind)s. Compare that with "
                "a value."
            )
        else:
            message = _(
                "A condition must be true or false, but this one may give %(value)s, which is "
                "%(kind)s. Compare that with a value, each time anew: a = 1 or a = 2."
            )
        text = message % {"kind": _(kind), "value": _shown(result)}
        yield Problem(path, text, free_form(result), expected=_(YES_NO))


def _results(rule: Json) -> Iterator[Json]:
    """The parts of a rule that can be its result, and values written where a condition stands.

    The latter are what comes of `kind = "a" or "b"`: a text counts as true.
    """
    if not isinstance(rule, dict) or len(rule) != 1:
        yield rule
        return
    ((operator, arguments),) = rule.items()
    operands = arguments if isinstance(arguments, list) else [arguments]
    if operator == "or":
        for each in operands:
            yield from _results(each)
    elif operator == "and":
        for each in operands[:-1]:
            yield from _written(each)
        for each in operands[-1:]:
            yield from _results(each)
    elif operator == "if":
        for each in operands[:-1:2]:
            yield from _written(each)
        for each in operands[1::2] + (operands[-1:] if len(operands) % 2 else []):
            yield from _results(each)
    else:
        yield rule
        if operator in {"!", "!!"}:
            for each in operands:
                yield from _written(each)


def _written(rule: Json) -> Iterator[Json]:
    """Those of the results that are written out."""
    return (each for each in _results(rule) if not isinstance(each, dict))


def _form_problems(form: Entry) -> Iterator[Problem]:
    """The rules of questions; they name the fields of their form, or their row, directly."""
    fields = readable_fields(form) or {}
    for index, spec in enumerate(fields.values()):
        path: Path = (*form.path, "fields", index)
        yield from _rules_of_question(spec, fields, path)
        columns = {**fields, **{each.name: each for each in spec.fields}}
        for number, column in enumerate(spec.fields):
            yield from _rules_of_question(column, columns, (*path, "fields", number))


def _rules_of_question(spec: Field, fields: Fields, path: Path) -> Iterator[Problem]:
    conditions: list[tuple[Path, Json]] = [
        (("visible_when",), spec.visible_when),
        (("required",), spec.required_when),
        *(
            (("checks", number, "condition"), check.condition)
            for number, check in enumerate(spec.checks)
        ),
    ]
    for steps, rule in conditions:
        if not is_empty(rule) and not check_condition(rule):
            yield from _condition_problems(rule, fields, (*path, *steps))
    formulas: dict[str, Json] = {**spec.limit_rules, "computed": spec.computed}
    for key, rule in {**formulas, "default": spec.default_rule}.items():
        if rule is not None and not check_condition(rule):
            yield from _formula_problems(rule, spec, fields, (*path, key))


def _formula_problems(rule: Json, spec: Field, fields: Fields, path: Path) -> Iterator[Problem]:
    """A formula that gives another kind of value than the answer to its question is."""
    kind = kind_of_rule(rule, fields)
    if kind and kind != spec.type.kind:
        message = _("“%(field)s” is %(kind)s, but this formula gives %(other)s.")
        names = {"field": _title(spec), "kind": _(spec.type.kind), "other": _(kind)}
        yield Problem(path, message % names, free_form(rule), expected=_(spec.type.kind))
    yield from _type_mismatches(rule, fields, path)


def _type_mismatches(rule: Json, fields: Fields, path: Path) -> Iterator[Problem]:
    if isinstance(rule, list):
        for each in rule:
            yield from _type_mismatches(each, fields, path)
    if not isinstance(rule, dict):
        return
    for operator, arguments in rule.items():
        operands = arguments if isinstance(arguments, list) else [arguments]
        # An object with several names is a part of a transform, and no rule.
        if len(rule) == 1 and operator in COMPARE:
            yield from _compared(operands, fields, path, is_equality=operator in EQUAL)
        elif len(rule) == 1 and operator == "in" and len(operands) == 2:
            yield from _contained(operands[0], operands[1], fields, path)
        if len(rule) == 1 and operator in LOOPS and len(operands) == 2:
            yield from _type_mismatches(operands[0], fields, path)
            yield from _item_comparison_problems(operands[0], operands[1], fields, path)
        else:
            yield from _type_mismatches(operands, fields, path)


def _compared(
    operands: list[Json], fields: Fields, path: Path, *, is_equality: bool
) -> Iterator[Problem]:
    kinds = [(each, kind_of_rule(each, fields)) for each in operands]
    known = [(each, kind) for each, kind in kinds if kind]
    if len({kind for _each, kind in known}) < 2:
        for each in operands:
            field = field_named(variable_name(each), fields)
            if field is not None:
                yield from _impossible_values(field, operands, path, is_equality=is_equality)
        return
    (first, kind), (second, other) = known[0], next(e for e in known if e[1] != known[0][1])
    message = _(
        "%(first)s is %(kind)s, but it is compared with %(second)s, which is %(other)s. "
        "Compare it with a value of its own type."
    )
    if LIST in {kind, other}:
        message = _(
            "%(first)s is %(kind)s, but it is compared with %(second)s, which is %(other)s. "
            "Ask whether the list contains it."
        )
    text = message % {
        "first": _shown(first),
        "kind": _(kind),
        "second": _shown(second),
        "other": _(other),
    }
    yield Problem(path, text, free_form(second), expected=_(kind))


def _impossible_values(
    field: Field, values: Iterable[Json], path: Path, *, is_equality: bool
) -> Iterator[Problem]:
    """Texts that this field is compared with, and that can never be its answer."""
    for value in values:
        if not isinstance(value, str) or not value:
            continue
        written = field.type.comparable
        if written is not None and not written.pattern.fullmatch(value):
            message = _(
                "“%(field)s” is compared with “%(value)s”, which is no date or time. Write it like "
                "%(example)s."
            )
            names = {"field": _title(field), "value": short(value)}
            text = message % {**names, "example": written.example}
            yield Problem(path, text, value, expected=written.example)
        elif is_equality and field.choices:
            choices = [choice for choice, _label in field.choices]
            if value not in choices:
                message = _("“%(value)s” is not among the choices of “%(field)s”.")
                text = message % {"value": short(value), "field": _title(field)}
                meant = nearest(value, choices)
                yield Problem(
                    path,
                    text + did_you_mean(meant),
                    value,
                    ", ".join(choices),
                    meant,
                    Severity.WARNING,
                )


def _title(field: Field) -> str:
    return short(field.label or field.name)


def _contained(item: Json, container: Json, fields: Fields, path: Path) -> Iterator[Problem]:
    """`item in container`, where the container is a list of texts, a text or written out."""
    kind, field = kind_of_rule(item, fields), field_named(variable_name(container), fields)
    if isinstance(container, list):
        answers = field_named(variable_name(item), fields)
        for each in container:
            yield from _compared([item, each], fields, path, is_equality=False)
        if answers is not None and answers.choices and answers.type.kind == TEXT:
            yield from _impossible_values(answers, container, path, is_equality=True)
    elif kind_of_rule(container, fields) not in {"", TEXT, LIST}:
        message = _("%(name)s is %(kind)s: nothing can be in it. Name a list or a text.")
        names = {"name": _shown(container), "kind": _(kind_of_rule(container, fields))}
        yield Problem(path, message % names, free_form(container), expected=_(LIST))
    elif kind not in {"", TEXT} and (
        kind_of_rule(container, fields) == TEXT or (field and _has_chosen_values(field))
    ):
        message = _("%(item)s is %(kind)s, but what %(name)s holds is text.")
        names = {"item": _shown(item), "kind": _(kind), "name": _shown(container)}
        yield Problem(path, message % names, free_form(item), expected=_(TEXT))
    elif field is not None and _has_chosen_values(field):
        yield from _impossible_values(field, [item], path, is_equality=True)


def _item_comparison_problems(
    items: Json, rule: Json, fields: Fields, path: Path
) -> Iterator[Problem]:
    """A rule about each item of a list: it reads the item's own fields."""
    field = field_named(name_of_list(items), fields)
    inner = {each.name: each for each in field.fields} if field else {}
    if field is not None and _has_chosen_values(field):
        inner = {"": Field("", TYPES["text"], "")}
    if field is not None and field.fields:
        for name in sorted(set(_names_read(rule))):
            if name and name.partition(".")[0] not in inner:
                message = _("The records of “%(field)s” have no column “%(name)s”.")
                meant = nearest(name, inner)
                text = message % {"field": _title(field), "name": short(name)}
                yield Problem(path, text + did_you_mean(meant), name, ", ".join(inner), meant)
    yield from _type_mismatches(rule, inner, path)


def _has_chosen_values(field: Field) -> bool:
    """Whether its answer is a list of some of its choices."""
    return bool(field.choices) and field.type.kind == LIST


def _names_read(rule: Json) -> Iterator[str]:
    """The variables of a rule, without those of loops inside it and without computed ones."""
    if isinstance(rule, list):
        for each in rule:
            yield from _names_read(each)
    elif isinstance(rule, dict):
        for operator, arguments in rule.items():
            if operator == "var":
                name = arguments[0] if isinstance(arguments, list) and arguments else arguments
                if isinstance(name, str):
                    yield name
            elif operator in LOOPS | {"reduce", "sort", "group_by"}:
                yield from _names_read(arguments[:1] if isinstance(arguments, list) else arguments)
            else:
                yield from _names_read(arguments)


def _shown(operand: Json) -> str:
    name = variable_name(operand)
    if name:
        return quoted(name)
    return short(compact(operand)) if isinstance(operand, dict | list) else short(operand)

"""The rules of a form: what of a question may be a formula, and what each may read.

A formula is JsonLogic over the names of the form's questions, with `today` and `now`. In records
a rule reads the columns of its own row by their names, and beside them the questions of the form
that are no records. These may be formulas: `computed`, `required`, the limits of numbers, dates
and times, `default`, and the conditions of `checks`, as `visible_when` is one. Specs may be any
JSON: nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workflows.engine.problems import Path, Problem, did_you_mean, nearest, quoted, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.rules.compiling import check_condition, is_empty
from workflows.engine.rules.reads import columns_read, has_computed_names, is_call, variables_read
from workflows.engine.texts import gettext
from workflows.fields.field import LIMIT_KEYS, Check, Field, FieldType
from workflows.fields.shared.spec_values import is_absent

MAX_CHECKS: Final = 20
LONGEST_MESSAGE: Final = 500
_CHECK_KEYS: Final = ("condition", "message")


@dataclass(frozen=True, slots=True)
class Readable:
    """The names that the rules of a question may read, and its own.

    `tables` are those of questions that ask for records.
    """

    names: frozenset[str]
    own: object = None
    tables: frozenset[str] = frozenset()


def is_rule(value: Json) -> bool:
    return isinstance(value, dict) and bool(value)


def checks_in(value: Json) -> Iterator[Check]:
    """The checks of a spec that was checked."""
    for each in value if isinstance(value, list) else []:
        if isinstance(each, dict):
            yield Check(each.get("condition"), str(each.get("message", "")))


def rules_in(spec: Mapping[str, Json]) -> Iterator[tuple[Path, Json]]:
    """Every rule of a question with its place in the spec, which may be wrong in any place."""
    for key in ("computed", "visible_when", "required", *LIMIT_KEYS):
        if is_rule(rule := spec.get(key)):
            yield (key,), rule
    if is_call(default := spec.get("default")):
        yield ("default",), default
    checks = spec.get("checks")
    for index, each in enumerate(checks if isinstance(checks, list) else []):
        if isinstance(each, dict) and not is_empty(each.get("condition")):
            yield ("checks", index, "condition"), each.get("condition")


# What is wrong with them


def rule_problems(
    rule: Json, place: Path, readable: Readable, *, may_read_itself: bool = False
) -> Iterator[Problem]:
    """Whether a rule compiles, and reads only what there is."""
    if found := check_condition(rule):
        yield from (Problem(place, message, rule) for message in found)
        return
    if has_computed_names(rule):
        message = gettext("The rule computes the name of a field. Name the field directly.")
        yield Problem(place, message, rule)
    for variable in sorted(variables_read(rule)):
        name, _dot, inner = variable.partition(".")
        if name == readable.own and not may_read_itself:
            message = gettext("A field cannot depend on its own answer. Name another field.")
            yield Problem(place, message, rule)
        elif name in readable.tables and inner and not inner.partition(".")[0].isdecimal():
            message = gettext(
                "The rule reads “%(name)s” as one value, but each row has its own. Write sum(…), "
                "any(…), all(…) or count(…) around it."
            )
            yield Problem(place, message % {"name": short(variable)}, rule)
        elif name not in readable.names and name not in NAMES_OF_TIME:
            meant = nearest(name, readable.names)
            message = gettext("The rule reads “%(name)s”, but there is no such field.") % {
                "name": short(name)
            }
            yield Problem(place, message + did_you_mean(meant), name, meant)


def formula_problems(
    spec: JsonObject, path: Path, field_type: FieldType, readable: Readable
) -> Iterator[Problem]:
    """What is wrong with the formulas of a question, but for `visible_when`."""
    if is_rule(rule := spec.get("required")):
        yield from rule_problems(rule, (*path, "required"), readable)
    for key in LIMIT_KEYS:
        if key in field_type.keys and field_type.has_limit_rules and is_rule(rule := spec.get(key)):
            yield from rule_problems(rule, (*path, key), readable)
    if "default" in field_type.keys and is_call(rule := spec.get("default")):
        yield from rule_problems(rule, (*path, "default"), readable)
    yield from _computed_problems(spec, path, field_type, readable)
    yield from _check_problems(spec.get("checks"), (*path, "checks"), readable)


def _computed_problems(
    spec: JsonObject, path: Path, field_type: FieldType, readable: Readable
) -> Iterator[Problem]:
    rule, place = spec.get("computed"), (*path, "computed")
    if is_absent(rule):
        return
    if not field_type.may_be_computed:
        message = gettext("An answer of type %(type)s cannot be calculated. Remove “computed”.")
        yield Problem(place, message % {"type": field_type}, rule)
    elif not isinstance(rule, dict):
        message = gettext(
            'Give the formula as JsonLogic, such as {"+": [{"var": "one"}, {"var": "two"}]}.'
        )
        yield Problem(place, message, rule)
    else:
        yield from rule_problems(rule, place, readable)
    if not is_absent(spec.get("default")):
        message = gettext("It is calculated, so that it has no default. Remove one of the two.")
        yield Problem((*path, "default"), message, spec.get("default"))


def _check_problems(checks: Json, path: Path, readable: Readable) -> Iterator[Problem]:
    if is_absent(checks):
        return
    if not isinstance(checks, list) or len(checks) > MAX_CHECKS:
        message = gettext("Give “checks” as a list of at most %(most)d.") % {"most": MAX_CHECKS}
        yield Problem(path, message, checks)
        return
    for index, check in enumerate(checks):
        place: Path = (*path, index)
        if not isinstance(check, dict):
            message = gettext("Give a check as an object with “condition” and “message”.")
            yield Problem(place, message, check)
            continue
        for key in check:
            if key not in _CHECK_KEYS:
                meant = nearest(key, _CHECK_KEYS)
                message = gettext("A check has no “%(key)s”.") % {"key": short(key)}
                advice = did_you_mean(meant) or gettext(" Remove it.")
                yield Problem((*place, key), message + advice, check[key], meant)
        said = check.get("message")
        if not isinstance(said, str) or not said.strip() or len(said) > LONGEST_MESSAGE:
            message = gettext(
                "Say in “message” what to do where the check fails, in at most %(most)d characters."
            )
            yield Problem((*place, "message"), message % {"most": LONGEST_MESSAGE}, said)
        rule = check.get("condition")
        if is_empty(rule):
            message = gettext("Give the condition that must be true.")
            yield Problem((*place, "condition"), message, rule)
        else:
            yield from rule_problems(rule, (*place, "condition"), readable, may_read_itself=True)


# In which order answers are calculated


@dataclass(frozen=True, slots=True)
class Calculated:
    """An answer that is calculated; `table` asks for the records whose column it is."""

    field: Field
    table: Field | None = None

    @property
    def place(self) -> tuple[str, ...]:
        return (self.field.name,) if self.table is None else (self.table.name, self.field.name)

    @property
    def rules(self) -> Iterator[Json]:
        yield self.field.computed
        if self.table is None and not is_empty(self.field.visible_when):
            yield self.field.visible_when


class CircleError(Exception):
    """Answers are calculated from each other; `around` are their places, in order."""

    def __init__(self, around: Sequence[Calculated]) -> None:
        super().__init__()
        self.around = around


def calculation_order(fields: Sequence[Field]) -> tuple[Calculated, ...]:
    """The calculated answers, each after those that it is calculated from.

    Raises:
        CircleError: they need each other.
    """
    nodes = {each.place: each for each in _calculated(fields)}
    if not nodes:
        return ()
    tables = {each.name: each for each in fields if each.fields}
    ordered: dict[tuple[str, ...], Calculated] = {}
    for place in nodes:
        _put_in_order(place, nodes, tables, ordered, [])
    return tuple(ordered.values())


def circle_problems(fields: Sequence[Field]) -> Iterator[Problem]:
    """Answers that are calculated from each other; of fields that are right otherwise."""
    try:
        calculation_order(fields)
    except CircleError as error:
        first = error.around[0]
        names = [each.name for each in fields]
        top = first.table or first.field
        path: Path = (names.index(top.name),)
        if first.table is not None:
            path = (*path, "fields", [each.name for each in top.fields].index(first.field.name))
        message = gettext("These answers are calculated from each other: %(names)s. Change one.")
        words = ", ".join(quoted(".".join(each.place)) for each in error.around)
        yield Problem((*path, "computed"), message % {"names": words}, first.field.computed)


def _calculated(fields: Sequence[Field]) -> Iterator[Calculated]:
    for field in fields:
        if field.is_computed:
            yield Calculated(field)
        for column in field.fields:
            if column.is_computed:
                yield Calculated(column, field)


def _put_in_order(
    place: tuple[str, ...],
    nodes: Mapping[tuple[str, ...], Calculated],
    tables: Mapping[str, Field],
    ordered: dict[tuple[str, ...], Calculated],
    on_the_way: list[tuple[str, ...]],
) -> None:
    if place in ordered:
        return
    if place in on_the_way:
        raise CircleError([nodes[each] for each in on_the_way[on_the_way.index(place) :]])
    on_the_way.append(place)
    for needed in sorted(_needed(nodes[place], tables)):
        if needed in nodes:
            _put_in_order(needed, nodes, tables, ordered, on_the_way)
    on_the_way.pop()
    ordered[place] = nodes[place]


def _needed(node: Calculated, tables: Mapping[str, Field]) -> Iterator[tuple[str, ...]]:
    """The places whose answers a calculated one reads."""
    own = {each.name for each in node.table.fields} if node.table is not None else set()
    for rule in node.rules:
        columns = columns_read(rule)
        for variable in variables_read(rule):
            name, *steps = variable.split(".")
            if name in own and node.table is not None:
                yield node.table.name, name
            elif name in tables:
                read = {column.split(".")[0] for rows, column in columns if rows == name}
                if steps:
                    read = {steps[1]} if len(steps) > 1 else set()
                for each in read or {column.name for column in tables[name].fields}:
                    yield name, each
            else:
                yield (name,)

"""Evaluating the rules of a form: calculated answers, checks, limits, what is required when.

Pure: what they know of time comes with the `Facts`. Each rule is given only what it reads, so
that what a form costs does not grow with the square of its rows. A rule that reads an answer which
is not there says nothing: there is nothing to calculate with yet, or to check.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from workflows.engine.errors import CheckError, ConditionError
from workflows.engine.problems import FieldProblem, Path, dotted, quoted, short
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.budget import is_budget_spent
from workflows.engine.rules.clock import Clock
from workflows.engine.rules.data import PreparedData, prepare
from workflows.engine.rules.evaluate import evaluate_condition, evaluate_formula
from workflows.engine.rules.reads import variables_read
from workflows.engine.rules.refusals import RuleFailedError
from workflows.engine.schemas.json_schema import REQUIRED, compile_validator
from workflows.engine.texts import gettext
from workflows.engine.values.frozen import FrozenDict
from workflows.fields.field import Check, Field
from workflows.fields.sentences import answer_sentence
from workflows.fields.specs.form_rules import Calculated


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in a rule mean: the answers of a form, or first those of one of its rows.

    `fields` are the questions of the form, asked or preset, by name. `table` and `row` are those
    of a row. The names of time mean that where no question has them.
    """

    fields: Mapping[str, Field]
    values: Mapping[str, Json]
    clock: Clock | None = None
    table: Field | None = None
    row: Mapping[str, Json] | None = None
    # All of it, checked once for many rules; None: each rule is given what it reads.
    prepared: PreparedData | None = None

    def at_once(self) -> Scope:
        """The same for many rules: what they read is checked once."""
        times = self.clock.as_json() if self.clock is not None else {}
        there = {name: value for name, value in self.values.items() if value is not None}
        found = {name: value for name, value in times.items() if name not in self.fields} | there
        working_time = None if self.clock is None else self.clock.working_time
        try:
            return replace(self, prepared=prepare(found, working_time=working_time))
        except ConditionError:
            return self

    def of_row(self, table: Field, row: Mapping[str, Json]) -> Scope:
        return replace(self, table=table, row=row, prepared=None)

    def read_by(self, rule: Json) -> JsonObject:
        """The data for a rule: what it reads, where there is an answer."""
        times = self.clock.as_json() if self.clock is not None else {}
        found: JsonObject = {}
        for name in top_names(rule):
            if self.row is not None and self.column(name) is not None:
                value = self.row.get(name)
            else:
                value = (self.values if name in self.fields else times).get(name)
            if value is not None:
                found[name] = value
        return found

    def column(self, name: str) -> Field | None:
        columns = () if self.table is None else self.table.fields
        return next((each for each in columns if each.name == name), None)

    def formula(self, rule: Json) -> Json:
        """Raises ConditionError, as `evaluate_formula`."""
        return evaluate_formula(rule, self._data(rule))

    def condition(self, rule: Json, *, missing_is_null: bool = False) -> bool:
        """Raises ConditionError, as `evaluate_condition`."""
        data = self._data(rule)
        if missing_is_null:
            nothing = dict.fromkeys(top_names(rule))
            data = prepare({**nothing, **self.read_by(rule)}, working_time=data.working_time)
        return evaluate_condition(rule, data, missing_is_null=missing_is_null)

    def _data(self, rule: Json) -> PreparedData:
        if self.prepared is not None:
            return self.prepared
        working_time = None if self.clock is None else self.clock.working_time
        return prepare(self.read_by(rule), working_time=working_time)

    def label(self, variable: str) -> str:
        name = variable.split(".", 1)[0]
        field = self.column(name) or self.fields.get(name)
        return quoted(field.label if field is not None else name)


def top_names(rule: Json) -> frozenset[str]:
    """The names of the questions that a rule reads."""
    return rule.once(_top_names) if isinstance(rule, FrozenDict) else _top_names(rule)


def _top_names(rule: Json) -> frozenset[str]:
    return frozenset(each.split(".", 1)[0] for each in variables_read(rule))


def records_of(table: Field, values: Mapping[str, Json]) -> Iterator[tuple[int, JsonObject]]:
    """The records of an answer, each with its place; what is none is left out."""
    value = values.get(table.name)
    for index, record in enumerate(value if isinstance(value, list) else []):
        if isinstance(record, dict):
            yield index, record


def without_calculated(data: JsonObject, order: Sequence[Calculated]) -> JsonObject:
    """The answers that somebody gave: a copy, also of the records with calculated columns."""
    kept = dict(data)
    for node in order:
        if node.table is None:
            kept.pop(node.field.name, None)
    for name in {node.table.name for node in order if node.table is not None}:
        columns = {
            node.field.name for node in order if node.table is not None and node.table.name == name
        }
        records = kept.get(name)
        if isinstance(records, list):
            kept[name] = [
                {column: cell for column, cell in each.items() if column not in columns}
                if isinstance(each, dict)
                else each
                for each in records
            ]
    return kept


def calculate(node: Calculated, data: JsonObject, scope: Scope) -> None:
    """Put what is calculated into `data`, which `scope` reads; nothing where it cannot be."""
    if node.table is None:
        try:
            value = scope.formula(node.field.computed)
        except ConditionError:
            return
        if value is not None:
            data[node.field.name] = value
        return
    rule = node.field.computed
    own = top_names(rule) & {each.name for each in node.table.fields}
    beside = {name: each for name, each in scope.read_by(rule).items() if name not in own}
    working_time = None if scope.clock is None else scope.clock.working_time
    for _index, record in records_of(node.table, data):
        if is_budget_spent():
            return
        known = beside | {n: record[n] for n in own if record.get(n) is not None}
        try:
            value = evaluate_formula(rule, prepare(known, working_time=working_time))
        except ConditionError:
            continue
        if value is not None:
            record[node.field.name] = value


# What is wrong, by these rules


def _not_calculated(field: Field, scope: Scope) -> str:
    """Why there is no answer where one is calculated; empty where none is needed yet."""
    try:
        if scope.formula(field.computed) is not None or not field.required:
            return ""
        return gettext("It is calculated from other answers, and they give no value.")
    except RuleFailedError as error:
        if error.variable and not field.required:
            return ""
        if error.variable:
            text = gettext("It is calculated from other answers. First answer %(question)s.")
            return text % {"question": scope.label(error.variable)}
        return gettext("It cannot be calculated. %(reason)s") % {"reason": error}
    except ConditionError as error:
        return gettext("It cannot be calculated. %(reason)s") % {"reason": error}


def rule_problem_of_answer(
    field: Field, scope: Scope, path: Path, wrong: Collection[str], *, is_wrong: bool
) -> FieldProblem | None:
    """What the formulas of one question say first of the answers.

    `wrong` are the names of which something was said before: no rule that reads them is asked.
    `is_wrong`: of this answer there was.
    """
    own = scope.values if scope.row is None else scope.row
    value = own.get(field.name)
    said = ""
    if is_wrong:
        return None
    if value is None and field.is_computed:
        said = _not_calculated(field, scope)
    elif value is None and field.required_when is not None:
        said = _required(field, scope, wrong)
    elif value is not None and field.limit_rules:
        said = _beyond_limits(field, value, scope, wrong)
    for check in () if said else field.checks:
        if not _reads(check.condition, wrong):
            said = said or _failed(check, scope)
    return FieldProblem(dotted(path), said) if said else None


def _failed(check: Check, scope: Scope) -> str:
    try:
        return "" if scope.condition(check.condition) else check.message
    except ConditionError as error:
        return "" if _is_missing(error) else _undecided(error)


def _required(field: Field, scope: Scope, wrong: Collection[str]) -> str:
    if _reads(field.required_when, wrong):
        return ""
    try:
        is_required = scope.condition(field.required_when, missing_is_null=True)
    except ConditionError as error:
        return _undecided(error)
    return gettext(REQUIRED) if is_required else ""


def _beyond_limits(field: Field, value: Json, scope: Scope, wrong: Collection[str]) -> str:
    limits: dict[str, Json] = {}
    for key, rule in field.limit_rules.items():
        if _reads(rule, wrong):
            continue
        try:
            limit = scope.formula(rule)
        except ConditionError as error:
            if _is_missing(error):
                continue
            return _undecided(error)
        if limit is None:
            continue
        if field.type.limit_problem(limit):
            message = gettext(
                "Its limit “%(key)s” is calculated, and what comes out is none: %(value)s. Correct "
                "the answers that it depends on, or the form."
            )
            return message % {"key": key, "value": short(limit)}
        limits[_LIMITS.get(key, key)] = limit
    probe = replace(field, **limits)  # type: ignore[arg-type]
    try:
        wrong_form = compile_validator(field.type.schema(probe), is_ours=True).iter_errors(value)
        for each in wrong_form:
            return answer_sentence(each, probe)
    except CheckError as error:
        return str(error)
    return field.type.problem(probe, value)


_LIMITS: Final[Mapping[str, str]] = {"min": "minimum", "max": "maximum"}


def _reads(rule: Json, wrong: Collection[str]) -> bool:
    return bool(wrong) and not top_names(rule).isdisjoint(wrong)


def _is_missing(error: ConditionError) -> bool:
    return isinstance(error, RuleFailedError) and bool(error.variable)


def _undecided(error: ConditionError) -> str:
    return gettext("Whether this is right cannot be decided. %(reason)s") % {"reason": error}


# What a form begins with


def default_of(field: Field, scope: Scope) -> Json:
    """The default of a question; what is a formula is worked out from what is there already."""
    if field.default_rule is None:
        return field.default
    try:
        return scope.formula(field.default_rule)
    except ConditionError:
        return None

"""Checking answers against field specs.

Every problem is keyed to its field and says what to do; a library's words never come through.
What answers name in the database was looked up before: see facts.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Final

from workflows.engine.errors import CheckError, ConditionError
from workflows.engine.problems import FieldProblem, Path, dotted
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.budget import is_budget_spent, one_budget
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.data import PreparedData, compact, prepare
from workflows.engine.rules.evaluate import evaluate_condition
from workflows.engine.rules.reads import reads_working_days
from workflows.engine.schemas.json_schema import REQUIRED, compile_validator
from workflows.engine.schemas.schema_validation import unstorable_problems
from workflows.engine.texts import gettext, gettext_noop
from workflows.engine.values.composed import composed_object
from workflows.engine.values.frozen import FrozenError, frozen
from workflows.engine.values.kept_by_size import KeptBySize
from workflows.engine.values.storable import unstorable
from workflows.fields.answers.calculating import (
    Scope,
    calculate,
    default_of,
    records_of,
    rule_problem_of_answer,
    top_names,
    without_calculated,
)
from workflows.fields.answers.looked_up import all_taken_in, cells, looks_something_up
from workflows.fields.answers.wrong_answers import (
    MAX_PROBLEMS,
    NOT_A_FORM,
    field_problems,
    further_problems,
    refusals,
)
from workflows.fields.facts import NO_FACTS, Facts, Reference
from workflows.fields.field import Field
from workflows.fields.specs.form_rules import calculation_order, rules_in
from workflows.fields.specs.schema import fields_schema
from workflows.fields.specs.specs import parse_fields

# What the formulas of one form go over together, as characters (rule_cost.py): 500 rows with all
# columns calculated.
MOST_WORK_OF_A_FORM: Final = 300_000_000
MOST_BYTES_KEPT: Final = 64 * 1024 * 1024
_BYTES_A_CHARACTER: Final = 20  # of the specs, once they are compiled
_NOT_THERE: Final = gettext_noop(
    "The ticket type sets this, but it is not there any more: %(refusal)s"
)


class Validator:
    """Checks the answers of one form; compile it once for each definition and keep it.

    ``presets`` are the values set by the ticket type: their fields are not asked, an answer to
    one is refused, and ``visible_when`` reads them like answers.
    Several share one, so nothing of it can be changed.
    Raises FieldError where the specs themselves are wrong.
    """

    __slots__ = (
        "_calculated",
        "_conditional",
        "_looked_up",
        "_ruled",
        "_validator",
        "all_fields",
        "fields",
        "presets",
        "reads_clock",
        "reads_working_days",
        "schema",
        "size",
    )

    def __init__(self, specs: object, *, presets: Mapping[str, Json] | None = None) -> None:
        self.presets: Mapping[str, Json] = frozen(dict(presets or {}))
        self.all_fields = tuple(parse_fields(frozen(specs)))
        asked = {each.name: each for each in self.all_fields if each.name not in self.presets}
        self.fields: Mapping[str, Field] = MappingProxyType(asked)
        schema = fields_schema(list(asked.values()))
        self._validator = compile_validator(schema)
        # An estimate, in bytes, for what keeps it.
        self.size = self._validator.size + _BYTES_A_CHARACTER * len(compact(schema))
        self.schema: JsonObject = frozen(schema)
        self._conditional = tuple(
            each for each in asked.values() if not is_empty(each.visible_when)
        )
        # Answers that are calculated, each after those that it needs; and the questions with rules,
        # of their own or of their columns, that are asked when there are answers.
        self._calculated = tuple(
            each for each in calculation_order(self.all_fields) if each.place[0] in asked
        )
        self._ruled = tuple(each for each in asked.values() if _has_rules(each))
        rules = [rule for spec in frozen(specs) or () for rule in _rules_of(spec)]
        self.reads_clock = any(_reads_clock(each) for each in rules)
        self.reads_working_days = any(map(reads_working_days, rules))
        # The questions whose answers name what stands in the database; most forms have none.
        looked_up = {each.name: each for each in self.all_fields if looks_something_up(each)}
        self._looked_up: Mapping[str, Field] = MappingProxyType(looked_up)

    def __setattr__(self, name: str, value: object) -> None:
        """Each attribute is set once."""
        if hasattr(self, name):
            raise FrozenError
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise FrozenError

    def validate(self, data: object, facts: Facts = NO_FACTS) -> list[FieldProblem]:
        """What is wrong with the answers; at most MAX_PROBLEMS, in no promised order."""
        broken = unstorable_problems(data)
        if broken or not isinstance(data, dict):
            return broken or [FieldProblem("", gettext(NOT_A_FORM))]
        try:
            return list(islice(self._problems(composed_object(data), facts), MAX_PROBLEMS))
        except CheckError as error:
            return [FieldProblem("", str(error))]

    def visible(self, data: JsonObject, facts: Facts = NO_FACTS) -> frozenset[str]:
        """The names of the asked fields that are shown for these answers.

        A rule that cannot be decided for them shows its field.
        """
        values = self._read_by_rules(data, facts)
        return frozenset(
            each.name
            for each in self.fields.values()
            if self._is_visible(each, values) is not False
        )

    # What is calculated

    @property
    def is_calculated(self) -> bool:
        """Whether some answer is, of the form or in its records."""
        return bool(self._calculated)

    def settled(self, data: JsonObject, facts: Facts = NO_FACTS) -> JsonObject:
        """The answers with those that are calculated; what was sent in their place is left out."""
        if not self._calculated or any(unstorable(data)):
            return data
        made = without_calculated(data, self._calculated)
        scope = self._scope(made, facts)
        with one_budget(MOST_WORK_OF_A_FORM):
            for node in self._calculated:
                if is_budget_spent():
                    break
                if node.table is None and self._is_hidden(node.field, scope):
                    continue
                calculate(node, made, replace(scope, values={**scope.values, **made}))
        return made

    def typed(self, data: JsonObject) -> JsonObject:
        """The answers without those that are calculated."""
        return without_calculated(data, self._calculated) if self._calculated else data

    def required(self, data: JsonObject, facts: Facts = NO_FACTS) -> frozenset[str]:
        """The names of the questions that are required for these answers, and not for all."""
        found = set()
        scope = self._scope(data, facts)
        for field in self.fields.values():
            try:
                if field.required_when is not None and scope.condition(
                    field.required_when, missing_is_null=True
                ):
                    found.add(field.name)
            except ConditionError:
                continue
        return frozenset(found)

    def defaults(self, facts: Facts = NO_FACTS) -> JsonObject:
        """What the form begins with; formulas are worked out, those of columns are not here."""
        scope = self._scope({}, facts)
        found = {name: default_of(field, scope) for name, field in self.fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    def defaults_of_row(self, table: Field, facts: Facts = NO_FACTS) -> JsonObject:
        scope = self._scope({}, facts).of_row(table, {})
        found = {each.name: default_of(each, scope) for each in table.fields}
        return {name: value for name, value in found.items() if value is not None}

    def _scope(self, data: JsonObject, facts: Facts) -> Scope:
        fields = {each.name: each for each in self.all_fields}
        return Scope(fields, {**self.presets_taken_in(facts), **data}, facts.clock)

    def _is_hidden(self, field: Field, scope: Scope) -> bool:
        if is_empty(field.visible_when):
            return False
        try:
            return not scope.condition(field.visible_when, missing_is_null=True)
        except ConditionError:
            return False

    # What stands in the database

    def references(self, data: Json) -> frozenset[Reference]:
        """What these answers, and the presets, name in the database: to be looked up at once."""
        if not self._looked_up:
            return frozenset()
        return frozenset(
            reference
            for values in (self.presets, data)
            for name, field in self._looked_up.items()
            if isinstance(values, dict) and name in values
            for reference in field.type.references(field, values[name])
        )

    def taken_in(self, data: JsonObject, facts: Facts) -> JsonObject:
        """Answers as people typed them or documents write them, as tickets keep them."""
        return all_taken_in(self._looked_up, data, facts)

    def given_out(self, data: JsonObject) -> JsonObject:
        """Answers as tickets keep them, as documents write them."""
        return {
            name: field.type.given_out(field, value)
            if (field := self._looked_up.get(name)) is not None
            else value
            for name, value in data.items()
        }

    def presets_taken_in(self, facts: Facts) -> JsonObject:
        return all_taken_in(self._looked_up, self.presets, facts)

    def values_to_keep(self, data: JsonObject) -> tuple[tuple[str, Json], ...]:
        """The answers that `Facts.kept` takes: whole ones, and those in records."""
        found: list[tuple[str, Json]] = []
        for name, field in self._looked_up.items():
            found += cells(field, data.get(name))
        return tuple(found)

    # What is wrong

    def _problems(self, data: JsonObject, facts: Facts) -> Iterator[FieldProblem]:
        places: set[str] = set()
        for problem in self._answer_problems(data, facts):
            places.add(problem.field)
            yield problem
        wrong = {each.split(".", 1)[0] for each in places}
        for problem in self._visibility_problems(data, wrong, facts):
            places.add(problem.field)
            yield problem
        if self._ruled:
            yield from self._rule_problems(data, places, facts)

    def _rule_problems(
        self, data: JsonObject, places: set[str], facts: Facts
    ) -> Iterator[FieldProblem]:
        """What formulas and checks say, each of the questions that are shown.

        `places` are the answers that were found to be wrong, dotted.
        """
        shown = self.visible(data, facts)
        wrong = {each.split(".", 1)[0] for each in places}
        with one_budget(MOST_WORK_OF_A_FORM):
            scope = self._scope(data, facts).at_once()
            for field in self._ruled:
                if field.name not in shown:
                    continue
                found = rule_problem_of_answer(
                    field, scope, (field.name,), wrong, is_wrong=field.name in places
                )
                if found is not None:
                    yield found
                yield from self._rule_problems_of_rows(field, scope, places)

    def _rule_problems_of_rows(
        self, table: Field, scope: Scope, places: set[str]
    ) -> Iterator[FieldProblem]:
        columns = [each for each in table.fields if _has_rules(each)]
        names = {each.name for each in table.fields}
        outside = {each.split(".", 1)[0] for each in places} - names
        for index, record in records_of(table, scope.values) if columns else ():
            wrong = outside | {
                name for name in names if dotted((table.name, index, name)) in places
            }
            for column in columns:
                found = rule_problem_of_answer(
                    column,
                    scope.of_row(table, record),
                    (table.name, index, column.name),
                    wrong,
                    is_wrong=column.name in wrong,
                )
                if found is not None:
                    yield found

    def _answer_problems(self, data: JsonObject, facts: Facts) -> Iterator[FieldProblem]:
        wrong: set[str] = set()
        if self._looked_up:
            for problem in self._looked_up_problems(data, facts):
                wrong.add(problem.field)
                yield problem
        for error in self._validator.iter_errors(data):
            path = tuple(error.instance_path)
            for problem in field_problems(error, path, self._known(path), self._field(path)):
                if problem.field in self.presets:
                    problem = FieldProblem(
                        problem.field,
                        gettext("This value is set by the ticket type. Leave it out."),
                    )
                if problem.field not in wrong:  # the first thing to do about a field is enough
                    yield problem
                wrong.add(problem.field)
        yield from further_problems(list(self.fields.values()), data, wrong)

    def _looked_up_problems(self, data: JsonObject, facts: Facts) -> Iterator[FieldProblem]:
        asked = [each for name, each in self._looked_up.items() if name in self.fields]
        yield from refusals(asked, data, facts)
        preset = [each for name, each in self._looked_up.items() if name in self.presets]
        for each in refusals(preset, self.presets_taken_in(facts), facts):
            yield FieldProblem(each.field, gettext(_NOT_THERE) % {"refusal": each.message})

    def _visibility_problems(
        self, data: JsonObject, wrong: set[str], facts: Facts
    ) -> Iterator[FieldProblem]:
        if not self._conditional:
            return
        values = self._read_by_rules(data, facts)
        for field in self._conditional:
            is_visible = self._is_visible(field, values)
            if is_visible is None and not wrong & top_names(field.visible_when):
                yield FieldProblem(
                    field.name,
                    gettext(
                        "It cannot be decided whether this question is asked. "
                        "Correct the answers that it depends on, or its rule “visible_when”."
                    ),
                )
            elif is_visible is False and field.name in data:
                yield FieldProblem(
                    field.name,
                    gettext("This question is not asked with these answers. Leave it out."),
                )
            elif is_visible and field.required and field.name not in data:
                yield FieldProblem(field.name, gettext(REQUIRED))

    def _read_by_rules(self, data: JsonObject, facts: Facts) -> PreparedData | None:
        """What `visible_when` reads, prepared once for all fields; None where it cannot be."""
        if not self._conditional:
            return None
        nothing: JsonObject = {each.name: None for each in self.all_fields}
        try:
            times = {} if facts.clock is None else facts.clock.as_json()
            values = {**times, **nothing, **self.presets_taken_in(facts), **data}
            working_time = None if facts.clock is None else facts.clock.working_time
            return prepare(values, working_time=working_time)
        except ConditionError:
            return None

    def _is_visible(self, field: Field, values: PreparedData | None) -> bool | None:
        """Whether a field is shown; None where its rule cannot be decided."""
        if is_empty(field.visible_when):
            return True
        if values is None:
            return None
        try:
            return evaluate_condition(field.visible_when, values, missing_is_null=True)
        except ConditionError:
            return None

    def _field(self, path: Path) -> Field | None:
        """The field that an answer belongs to; None for what is not one answer."""
        if not path or not isinstance(path[0], str):
            return None
        field = self.fields.get(path[0])
        if field is None or len(path) == 1 or not field.fields:
            return field
        inner = {each.name: each for each in field.fields}
        return inner.get(str(path[2])) if len(path) > 2 else None

    def _known(self, path: Path) -> Sequence[str]:
        """The names that an object at this place may have."""
        if not path:
            return list(self.fields)
        field = self.fields.get(str(path[0]))
        return [each.name for each in field.fields] if field else []


def validate_fields(
    specs: object,
    data: object,
    *,
    presets: Mapping[str, Json] | None = None,
    facts: Facts = NO_FACTS,
) -> list[FieldProblem]:
    """Check answers. The compiled Validator of equal specs and presets is kept and used again."""
    return validator_for(specs, presets=presets).validate(data, facts)


def validator_for(specs: object, *, presets: Mapping[str, Json] | None = None) -> Validator:
    """The Validator of these specs, compiled once; raise FieldError where they are wrong."""
    try:
        key = json.dumps([specs, dict(presets or {})])
    except (TypeError, ValueError, RecursionError):
        return Validator(specs, presets=presets)  # which says what is wrong with them
    return _validators.get_or_make(key, lambda: _compiled(key))


_validators: Final = KeptBySize[str, Validator](MOST_BYTES_KEPT)


def _compiled(key: str) -> tuple[Validator, int]:
    specs, presets = json.loads(key)
    made = Validator(specs, presets=presets)
    return made, made.size + 2 * len(key)


def _has_rules(field: Field) -> bool:
    return (
        field.is_computed
        or bool(field.checks or field.limit_rules)
        or field.required_when is not None
        or any(map(_has_rules, field.fields))
    )


def _rules_of(spec: Json) -> Iterator[Json]:
    if isinstance(spec, dict):
        for _place, rule in rules_in(spec):
            yield rule
        columns = spec.get("fields")
        for column in columns if isinstance(columns, list) else []:
            yield from _rules_of(column)


def _reads_clock(rule: Json) -> bool:
    return bool(top_names(rule) & set(NAMES_OF_TIME)) or reads_working_days(rule)


__all__ = [
    "Validator",
    "validate_fields",
    "validator_for",
]

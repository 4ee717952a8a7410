"""What is wrong with the values that ticket types set beforehand."""

from __future__ import annotations

from typing import Final

from workflows.engine.errors import CheckError
from workflows.engine.problems import FieldProblem
from workflows.engine.schemas.json_schema import compile_validator
from workflows.engine.schemas.schema_validation import unstorable_problems
from workflows.engine.texts import gettext, gettext_noop
from workflows.engine.values.composed import composed_object
from workflows.fields.answers.looked_up import all_taken_in, looks_something_up
from workflows.fields.answers.wrong_answers import (
    MAX_PROBLEMS,
    NOT_A_FORM,
    field_problems,
    further_problems,
    refusals,
)
from workflows.fields.facts import Facts
from workflows.fields.specs.schema import fields_schema
from workflows.fields.specs.specs import parse_fields

_NOT_PRESET: Final = gettext_noop(
    "This answer is calculated, so that it cannot be set beforehand. Leave it out."
)


def check_presets(
    specs: object, presets: object, *, facts: Facts | None = None, are_kept: bool = False
) -> list[FieldProblem]:
    """What is wrong with preset values: unknown fields, values that the field refuses.

    Without `facts` nobody asks whether there is what they name. `are_kept`: they are those of
    a ticket, and not of a document.
    """
    broken = unstorable_problems(presets)
    if broken or not isinstance(presets, dict):
        return broken or [FieldProblem("", gettext(NOT_A_FORM))]
    presets = composed_object(presets)
    all_fields = parse_fields(specs)
    computed = [each.name for each in all_fields if each.is_computed and each.name in presets]
    presets = {name: value for name, value in presets.items() if name not in computed}
    refused = [FieldProblem(name, gettext(_NOT_PRESET)) for name in computed]
    fields = [each for each in all_fields if "default" in each.type.keys]
    known = {each.name: each for each in fields}
    schema = fields_schema(fields, partial=True, in_documents=not are_kept)
    try:
        problems = [
            problem
            for error in compile_validator(schema).iter_errors(presets)
            for path in [tuple(error.instance_path)]
            for problem in field_problems(
                error, path, list(known), known.get(str(path[0])) if len(path) == 1 else None
            )
        ]
    except CheckError as error:
        return [FieldProblem("", str(error))]
    wrong = {each.field for each in problems}
    if facts is not None:
        looked_up = {each.name: each for each in fields if looks_something_up(each)}
        taken_in = all_taken_in(looked_up, presets, facts)
        found = refusals(looked_up.values(), taken_in, facts)
        problems += [each for each in found if each.field not in wrong]
    found_further = further_problems(fields, presets, wrong)
    return [*refused, *problems, *found_further][:MAX_PROBLEMS]

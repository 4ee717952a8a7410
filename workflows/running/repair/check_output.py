from __future__ import annotations

from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.steps.approvals import OUTPUT_SCHEMA
from workflows.engine.steps.subtickets import OUTPUT_SCHEMA as OF_SUBTICKET
from workflows.engine.steps.subtickets import completed
from workflows.engine.texts import gettext
from workflows.errors import InvalidDataError
from workflows.fields.answers.validation import validator_for
from workflows.fields.facts import Facts
from workflows.fields.in_database.look_up import facts_for
from workflows.models import TaskDefinition


def check_output(
    definition: TaskDefinition,
    output: Json,
    *,
    kept: Json = None,
    facts: Facts | None = None,
) -> JsonObject:
    """Check what a person enters as the output of a task, as the task itself would have it.

    Gives it back with what is calculated. `kept` is the output that was there before: what it
    names may have gone since. `facts` were looked up already.

    Raises:
        InvalidDataError: it does not fit the form, or the output schema; lists every problem.
    """
    if definition.is_form:
        form = validator_for(definition.fields)
        if facts is None:
            before = kept if isinstance(kept, dict) else None
            facts = facts_for(form, output, kept=before)
        if not facts.trusts_answers and isinstance(output, dict):
            output = form.settled(output, facts)
        problems = form.validate(output, facts)
        if problems:
            raise InvalidDataError(problems)
    else:
        check_object(output, _schema_of(definition))
    if definition.is_subticket and isinstance(output, dict):
        return completed(output)
    return output if isinstance(output, dict) else {}


def _schema_of(definition: TaskDefinition) -> Json:
    if definition.type.is_approval:
        return OUTPUT_SCHEMA
    return OF_SUBTICKET if definition.is_subticket else definition.output_schema


def check_object(value: Json, schema: Json) -> None:
    """Raises InvalidDataError: it is no object, or does not fit the JSON Schema."""
    if not isinstance(value, dict):
        problem = FieldProblem("", gettext("Give it as an object: a name and a value for each."))
        raise InvalidDataError([problem])
    problems = SchemaValidator({} if is_empty(schema) else schema).validate(value)
    if problems:
        raise InvalidDataError(problems)

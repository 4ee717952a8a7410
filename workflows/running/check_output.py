from __future__ import annotations

from workflows.engine.conditions import is_empty
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json
from workflows.engine.schema_validation import SchemaValidator
from workflows.errors import InvalidDataError
from workflows.fields.validation import validate_fields
from workflows.models import TaskDefinition


def check_output(definition: TaskDefinition, output: Json) -> None:
    """Check what a person enters as the output of a task, as the task itself would have it.

    Raises:
        InvalidDataError: it does not fit the form, or the output schema; lists every problem.
    """
    if definition.is_form:
        problems = validate_fields(definition.fields, output)
        if problems:
            raise InvalidDataError(problems)
    else:
        check_object(output, definition.output_schema)


def check_object(value: Json, schema: Json) -> None:
    """Raises InvalidDataError: it is no object, or does not fit the JSON Schema."""
    if not isinstance(value, dict):
        problem = FieldProblem("", "Give it as an object: a name and a value for each.")
        raise InvalidDataError([problem])
    problems = SchemaValidator({} if is_empty(schema) else schema).validate(value)
    if problems:
        raise InvalidDataError(problems)

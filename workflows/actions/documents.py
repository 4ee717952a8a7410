"""What an action sends and keeps: JSON objects, made by a transform and checked."""

from __future__ import annotations

from workflows.actions.errors import ActionError
from workflows.engine.errors import SchemaError, TransformError
from workflows.engine.failure import FailureReason
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.reads import reads_working_days
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.times.calendar import WorkingTime
from workflows.models import BusinessCalendar

MAX_PROBLEMS_SHOWN = 5


def transformed(
    template: Json, context: JsonObject, *, failure: str, not_object: str
) -> JsonObject:
    """Fill the template. `failure` and `not_object` are sentences for people.

    Raises ActionError.
    """
    try:
        result = apply_transform(template, context, working_time=_working_time(template))
    except TransformError as error:
        raise ActionError(f"{failure} {error}") from error
    if not isinstance(result, dict):
        raise ActionError(not_object)
    return result


def _working_time(template: Json) -> WorkingTime | None:
    """When the company works, where the template counts working days: one query then."""
    if not reads_working_days(template):
        return None
    return BusinessCalendar.objects.current().working_time()


def check_document(
    document: JsonObject, schema: Json, *, failure: str, reason: FailureReason | None = None
) -> None:
    """Check against a schema (an empty one: any object will do), and that it can be kept.

    Raises ActionError, whose message is `failure` and what is wrong; it has this `reason` where the
    document does not fit, and none where the schema itself is wrong.
    """
    try:
        problems = SchemaValidator({} if is_empty(schema) else schema).validate(document)
    except SchemaError as error:
        raise ActionError(f"{failure} {error}") from error
    if problems:
        sentences = [
            f"{each.field}: {each.message}" if each.field else each.message for each in problems
        ]
        raise ActionError(
            " ".join([failure, *sentences[:MAX_PROBLEMS_SHOWN]]),
            detail="\n".join(sentences),
            reason=reason,
        )

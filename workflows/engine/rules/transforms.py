"""Transforms: JSON documents whose values may be JsonLogic.

An object with one key that is the name of an operator is a rule; everything else is output.
To write such a key into the output, put a ``$`` before it: ``{"$in": 1}`` gives ``{"in": 1}``,
and ``{"$$x": 1}`` gives ``{"$x": 1}``. What comes out of the data is never evaluated.
"""

from __future__ import annotations

from workflows.engine.errors import ConditionError, TransformError
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext as _
from workflows.engine.times.calendar import WorkingTime

from .compiling import compile_template, is_empty
from .data import prepare
from .evaluate import evaluate_template
from .refusals import RuleFailedError


def apply_transform(
    template: Json, context: JsonObject, *, working_time: WorkingTime | None = None
) -> Json:
    """Fill a template from the context. An empty template gives ``{}``.

    By `working_time` it counts working days.

    Raises TransformError, which names the missing variable and its JSON Pointer in the template.
    """
    if is_empty(template):
        return {}
    try:
        return evaluate_template(template, prepare(context, working_time=working_time))
    except RuleFailedError as error:
        pointer = error.pointer
        message = _("%(reason)s It stands at “%(pointer)s” in the transform.")
        words = {"reason": error, "pointer": pointer or "/"}
        raise TransformError(message % words, pointer=pointer) from error
    except ConditionError as error:
        raise TransformError(str(error)) from error


def check_transform(template: Json) -> tuple[str, ...]:
    """What is wrong with a transform before it runs: no sentence, or one."""
    if is_empty(template):
        return ()
    try:
        compile_template(template)
    except ConditionError as error:
        return (str(error),)
    return ()


def transform_variables(template: Json) -> frozenset[str]:
    """The variables that a transform may read, dotted; also those with a fallback."""
    if is_empty(template):
        return frozenset()
    return frozenset(".".join(path) for path in compile_template(template).reads)

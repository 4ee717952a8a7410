"""The steps that the engine does itself: what comes of them is known at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workflows.engine.errors import EngineError, TransformError
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.clock import Clock, with_time
from workflows.engine.rules.data import PreparedData, compact, prepare
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.tables.decision_table import table_of
from workflows.engine.task_types import TaskType
from workflows.engine.texts import gettext as _
from workflows.engine.texts import gettext_noop
from workflows.engine.times.calendar import WorkingTime

# Characters, as JSON: an output is read again at each step that follows.
MOST_CHARACTERS = 1_000_000


class AtOnceError(EngineError):
    """A step could not be done: what it reads must be mended, or its definition."""

    message = gettext_noop("The step could not be done. Correct the data or the definition.")


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a step. `note` is for the history: see `TASK_COMPLETED`."""

    output: JsonObject
    note: JsonObject = field(default_factory=dict)


def carry_out(
    task_type: TaskType,
    *,
    values: Json,
    table: Json,
    context: JsonObject,
    clock: Clock | None = None,
) -> Made:
    """Do a step of a type that is done at once. `clock` is what its rules know of time.

    Raises:
        AtOnceError: it cannot be done; it says why.
    """
    if task_type.sends_message:
        return Made({})
    known = with_time(context, clock)
    working_time = None if clock is None else clock.working_time
    if task_type.is_decision:
        return decide_by_table(table, prepare(known, working_time=working_time))
    return set_values(values, known, working_time)


def rules_of_table(table: Json) -> Iterator[Json]:
    """What the inputs of a table read; it may be wrong in any place."""
    for column in objects_in(table.get("inputs")) if isinstance(table, dict) else ():
        yield column.get("value")


def set_values(values: Json, context: JsonObject, working_time: WorkingTime | None = None) -> Made:
    """The output of a step that sets values: an object whose values may be JsonLogic.

    Raises:
        AtOnceError: a formula cannot be carried out, or makes too much.
    """
    try:
        output = apply_transform(values, context, working_time=working_time)
    except TransformError as error:
        message = _("The values could not be set. %(reason)s")
        raise AtOnceError(message % {"reason": error}) from error
    if not isinstance(output, dict):
        raise AtOnceError(_("A step that sets values makes an object. Correct its definition."))
    if len(compact(output)) > MOST_CHARACTERS:
        message = _("The values have more than %(most)d characters. Set fewer or shorter ones.")
        raise AtOnceError(message % {"most": MOST_CHARACTERS})
    return Made(output)


def decide_by_table(table: Json, context: JsonObject | PreparedData) -> Made:
    """The output of a decision table, and which of its rows were hit.

    Raises:
        AtOnceError: it is not valid, what it reads is not there, or no row fits.
    """
    try:
        found = table_of(table).decide(context)
    except EngineError as error:  # a rule, the data, or the table
        raise AtOnceError(str(error)) from error
    note: JsonObject = {"rows": list[Json](found.rows), "read": found.read}
    if found.note:
        note["note"] = found.note
    return Made(found.output, note)

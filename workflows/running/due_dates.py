"""When a task is due, by its definition, the working hours of the company and the answers."""

from __future__ import annotations

from datetime import datetime

from workflows.engine.calendar import WorkingTime
from workflows.engine.process import Json, JsonObject
from workflows.engine.timing import Moment
from workflows.models import TaskDefinition, TaskInstance


def due_of(
    definition: TaskDefinition,
    *,
    start: datetime,
    answers: JsonObject,
    working_time: WorkingTime,
) -> datetime | None:
    """When a task that is made at `start` is due; None: never, or its date is not there.

    `answers` are those by `ticket` and `tasks`.
    """
    if not definition.due_in:
        return None
    moment = Moment.parse(definition.due_in)
    return moment.at(working_time, start=start, answers=answers, ends_day=True)


def outputs_for(task: TaskInstance) -> JsonObject:
    """{task key: latest output}, as a task sees them: in a branch, those of the branch too."""
    found: dict[str, Json] = {}
    path = task.path
    while path is not None:
        found = {**path.data, **found}
        path = path.block_task.path
    return {**task.workflow_instance.data, **found}

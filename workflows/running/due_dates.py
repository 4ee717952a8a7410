"""When a task is due, or waits until: by its definition, the company's hours and the answers."""

from __future__ import annotations

from datetime import datetime

from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.answered import answer_key
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.times.timing import Moment
from workflows.models import TaskInstance


def set_times(
    task: TaskInstance, *, start: datetime, answers: JsonObject, working_time: WorkingTime
) -> None:
    """Set when a task that is made at `start` is due, and until when it waits.

    Neither, where its definition says none, or the date that it is counted from is not there.
    `answers` are those by `ticket` and `tasks`.
    """
    definition = task.definition
    if definition.due_in:
        due = Moment.parse(definition.due_in)
        task.due_at = due.at(working_time, start=start, answers=answers, ends_day=True)
    if definition.wait and definition.is_wait:
        wait = Moment.parse(definition.wait)
        task.waits_until = wait.at(working_time, start=start, answers=answers)
        if definition.answered_by:
            task.answer_key = answer_key(definition.answered_by, answers)


def outputs_for(task: TaskInstance, of_instance: JsonObject | None = None) -> JsonObject:
    """{task key: latest output}, as a task sees them: in a branch, those of the branch too.

    `of_instance` are those of its instance, where they are known already.
    """
    found: dict[str, Json] = {}
    path = task.path
    while path is not None:
        found = {**path.data, **found}
        path = path.block_task.path
    around = task.workflow_instance.data if of_instance is None else of_instance
    return {**around, **found}

"""When a task is due, by its definition, the working hours of the company and the answers."""

from __future__ import annotations

from datetime import datetime

from workflows.engine.process import JsonObject
from workflows.engine.timing import Moment
from workflows.models import BusinessCalendar, TaskDefinition


def due_of(definition: TaskDefinition, *, start: datetime, answers: JsonObject) -> datetime | None:
    """When a task that is made at `start` is due; None: never, or its date is not there.

    `answers` are those by `ticket` and `tasks`.
    """
    if not definition.due_in:
        return None
    working_time = BusinessCalendar.objects.current().working_time()
    moment = Moment.parse(definition.due_in)
    return moment.at(working_time, start=start, answers=answers, ends_day=True)

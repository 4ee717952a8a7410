"""The tasks that a step makes, and the ids that are drawn for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Model

from tenants.fast.prepared import next_id, next_ids
from tenants.fast.rows import new_row
from workflows.models import BusinessCalendar, Path, TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.due_dates import set_times
from workflows.running.state.context import ContextReader

MOST_DRAWN: Final = 20  # ids of tasks, by one statement
# Added to the query that locks an instance, so that making a task needs no further statement.
NEXT_TASK = {"next_task_id": next_id(TaskInstance)}


class TaskMaker(ContextReader):
    """Makes tasks, to be inserted with the next write."""

    def _make_task(self, key: str, path: Path | None = None) -> TaskInstance:
        definition = self.next_definition = definition_of(self.instance.workflow_id).tasks[key]
        task_id, self._next_task_id = self._next_task_id, None
        if task_id is None:
            if not self._drawn.get(TaskInstance):
                self._draw({TaskInstance: self._tasks_at_a_time()})
            task_id = self._drawn[TaskInstance].pop(0)
        task = new_row(
            TaskInstance, id=task_id, workflow_instance=self.instance, definition=definition
        )
        if path is not None:
            task.path = path
        if definition.due_in or definition.wait:
            if self._working_time is None:
                self._working_time = BusinessCalendar.objects.current().working_time()
            set_times(
                task, start=self.now, answers=self._answers(path), working_time=self._working_time
            )
        self._batch.insert(task)
        self.positions.know(task)
        self._visits.add(task)
        return task

    def _tasks_at_a_time(self) -> int:
        """For how many tasks ids are drawn: several may follow each other in one step."""
        known = definition_of(self.instance.workflow_id)
        at_once = sum(each.is_at_once for each in known.tasks.values())
        return min(1 + at_once, MOST_DRAWN)

    def _draw(self, rows: Mapping[type[Model], int]) -> None:
        """Draw the ids of so many rows of each model, by one statement; none where none are."""
        models = [model for model, count in rows.items() for _number in range(count)]
        for model in rows:
            self._drawn.setdefault(model, [])
        if not models:
            return
        for model, pk in zip(models, next_ids(*models), strict=True):
            self._drawn[model].append(pk)

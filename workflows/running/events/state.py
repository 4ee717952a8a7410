"""A workflow instance as far as its history goes: what the events change, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from workflows.engine.process import JsonObject
from workflows.errors import HistoryError
from workflows.models import TaskStatus, WorkflowEvent, WorkflowStatus


@dataclass(slots=True)
class TaskState:
    """A task instance, as far as its history goes."""

    key: str
    status: str = TaskStatus.PENDING.value
    assigned_to: int | None = None


@dataclass(slots=True)
class State:
    """A workflow instance, as far as its history goes. `tasks` is {task instance id: state}.

    `version` is that of the workflow, once it has started.
    """

    status: str = WorkflowStatus.NOT_STARTED.value
    version: int | None = None
    current_task: int | None = None
    end_label: str = ""
    outcome: str = ""
    data: JsonObject = field(default_factory=dict)
    tasks: dict[int, TaskState] = field(default_factory=dict)

    def task_of(self, event: WorkflowEvent) -> TaskState:
        """Raises HistoryError."""
        task = self.tasks.get(event.task_instance_id or 0)
        if task is None:
            raise HistoryError
        return task

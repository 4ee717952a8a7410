"""What could not be done: the task in error, and its event."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.events.of_steps.failed import FAILED
from workflows.running.state.writing import InstanceWriter


class Failing(InstanceWriter):
    """Puts tasks into ERROR."""

    def fail_transition(self, task: TaskInstance | None, *, reason: str) -> None:
        """Record that the step that is due cannot be taken; the caller keeps a ticket error.

        `task` is the one that was to be left, which is in ERROR then; None at the start.
        """
        self._fail(task, data={"error": reason})

    def _fail_with(self, task: TaskInstance, reason: str) -> None:
        task.fail()
        self._batch.update(task, "status")
        self._record(FAILED, task=task, data={"error": reason})

    def _fail(self, task: TaskInstance | None, *, data: JsonObject) -> None:
        if task is not None:
            task.fail()
            self._batch.update(task, "status")
        self._record(FAILED, task=task, data=data)
        self._save()

"""What tasks have brought: where it is kept, and what later tasks change of it."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.looking_back.kept_outputs import Kept, where_kept
from workflows.running.state.writing import InstanceWriter


class OutputKeeper(InstanceWriter):
    """Keeps the outputs of tasks on the path where they are read."""

    def _keep_output(self, task: TaskInstance, outputs: JsonObject) -> None:
        """Have outputs read on the path of a task from now on."""
        path = self.positions.path_of(task)
        if path is not None:
            task.path = path  # which whoever reads the event asks for
        if path is None:
            self.instance.data = {**self.instance.data, **outputs}
            self._batch.update(self.instance, "data", "updated_at")
        else:
            path.data = {**path.data, **outputs}
            self._batch.update(path, "data")

    def change_output(self, task: TaskInstance, *, output: JsonObject, step: TaskInstance) -> None:
        """Put another output in the place of an earlier task's: `step` has changed it.

        Nothing is done where it is not read any more.
        """
        if (kept := where_kept(task, self.positions)) is not None:
            self._put_output(task, kept, output, changed_in(step))

    def _put_output(
        self,
        task: TaskInstance,
        kept: Kept,
        output: JsonObject,
        why: JsonObject,
    ) -> None:
        """Write another output of a task where it is kept, with why."""
        key, path = kept.key, kept.path
        change: JsonObject = {"what": "output", "old": task.output_data, "new": output, **why}
        task.output_data = output
        self._batch.update(task, "output_data")
        if path is None:
            self.instance.data = {**self.instance.data, key: output}
            self._batch.update(self.instance, "data")
        else:
            path.data = {**path.data, key: output}
            self._batch.update(path, "data")
            change["path"] = path.pk
        if key != task.definition.key:
            change["key"] = key
        if task.path_id is not None and path is None:  # its block has ended
            change["handed_over"] = True
        self._record(CHANGED, task=task, data=change)
        self._save_instance()


def changed_in(step: TaskInstance) -> JsonObject:
    """Which task has changed something: what it is called then is what people are told."""
    return {"in": step.definition.title, "in_task": step.pk}

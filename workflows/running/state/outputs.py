"""What tasks have brought: where it is kept, and what later tasks change of it."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.models import Path, TaskInstance
from workflows.running.events.changed import CHANGED
from workflows.running.keys_now import key_of_output
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
        if (kept := self._where_kept(task)) is not None:
            self._put_output(task, kept, output, changed_in(step))

    def _put_output(
        self,
        task: TaskInstance,
        kept: tuple[str, Path | None],
        output: JsonObject,
        why: JsonObject,
    ) -> None:
        """Write another output of a task where it is kept, with why."""
        key, path = kept
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

    def _where_kept(self, task: TaskInstance) -> tuple[str, Path | None] | None:
        """Under which key its output is read now, and on which path; None where it is not."""
        path = self.positions.path_of(task)
        if task.path_id is not None and path is None:
            block = task.path.block_task if task.path is not None else None
            spec = None if block is None else block.definition.block
            if block is None or spec is None or spec.is_list:
                return None  # what a list has brought stands in the output of the block
            return self._where_handed_over(task, block)
        key = key_of_output(task, self.instance, path=path)
        return None if key is None else (key, path)

    def _where_handed_over(
        self, task: TaskInstance, block: TaskInstance
    ) -> tuple[str, Path | None] | None:
        """The same of a task in a branch of a block that has ended."""
        path = self.positions.path_of(block)
        if block.path_id is not None and path is None:
            outer = block.path.block_task if block.path is not None else None
            spec = None if outer is None else outer.definition.block
            if outer is None or spec is None or spec.is_list:
                return None
            return self._where_handed_over(task, outer)
        key = key_of_output(task, self.instance, path=path)
        return None if key is None else (key, path)


def changed_in(step: TaskInstance) -> JsonObject:
    """Which task has changed something: what it is called then is what people are told."""
    return {"in": step.definition.title, "in_task": step.pk}

"""How blocks begin: the runs of their branches, and the votes of approvals."""

from __future__ import annotations

from tenants.fast.rows import new_row
from workflows.engine.process import JsonObject
from workflows.engine.steps.blocks import Entered, enter_approval, enter_block
from workflows.models import Path, TaskInstance
from workflows.running.definition_cache import definition_of
from workflows.running.people.approvers import find_approvers
from workflows.running.state.block_ends import BlockEnds, named
from workflows.running.state.new_tasks import TaskMaker


class BlockBeginnings(TaskMaker, BlockEnds):
    """Makes the runs of a block's branches."""

    def _entered(self, task: TaskInstance, facts: JsonObject) -> Entered:
        """The branches of a block, or why it cannot be begun; of an approval, its votes."""
        process = definition_of(self.instance.workflow_id).process
        context = self._context(facts, self.positions.path_of(task))
        approval = self._spec_of(task).approval
        if approval is None:
            return enter_block(process, task.definition.key, context, self._clock())
        self._batch.write()  # who may approve is asked of what is written
        approvers, error = find_approvers(task, approval, context, self._clock())
        if error:
            return Entered(error=error)
        return enter_approval(process, task.definition.key, approvers)

    def _make_paths(
        self, block: TaskInstance, entered: Entered
    ) -> tuple[list[Path], list[TaskInstance]]:
        """The runs of a block's branches, and the first tasks of those that begin at once."""
        begin = sum(run.begins for run in entered.runs)
        self._draw({Path: len(entered.runs), TaskInstance: begin})
        paths, first = [], []
        for run in entered.runs:
            path = new_row(
                Path,
                id=self._drawn[Path].pop(0),
                workflow_instance=self.instance,
                block_task=block,
                branch=run.key,
                number=run.number,
                item=run.item,
            )
            paths.append(path)
            self._batch.insert(path)
        self.positions.add(paths)
        for run, path in zip(entered.runs, paths, strict=True):
            if run.begins:
                first.append(self._begin_path(path, run.start))
        return paths, first

    def _begin_path(self, path: Path, start: str) -> TaskInstance:
        path.begin(now=self.now)
        path.current_task = self._make_task(start, path)
        return path.current_task

    def _said_of(self, block: TaskInstance, entered: Entered, paths: list[Path]) -> JsonObject:
        spec = self._spec_of(block)
        return {
            "paths": [
                {
                    **named(path, spec),
                    **({"item": path.item} if spec.is_list else {}),
                    "made": first_task_of(path),
                }
                for path in paths
            ],
            "left_out": list(entered.left_out),
            "is_list": spec.is_list,
            "of": len(paths),
        }


def first_task_of(path: Path) -> JsonObject | None:
    """How events name the task with which a run begins; None where it has not begun."""
    task = path.current_task
    return None if task is None else {"task": task.pk, "key": task.definition.key}

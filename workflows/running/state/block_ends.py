"""How blocks end: what their branches bring, and what is left of them."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.engine.steps.blocks import BlockSpec, block_output, outputs_after
from workflows.models import Path, PathStatus, TaskInstance, TaskStatus
from workflows.models.task_instance import UNFINISHED
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_blocks.block_ended import BLOCK_ENDED
from workflows.running.events.of_blocks.branch_cancelled import BRANCH_CANCELLED, Why
from workflows.running.looking_back.who_did import done_by
from workflows.running.people.approvers import votes_of
from workflows.running.state.move import Move
from workflows.running.state.outputs import OutputKeeper


class BlockEnds(OutputKeeper):
    """Ends blocks, and cancels branches that are not waited for."""

    def _spec_of(self, block: TaskInstance) -> BlockSpec:
        task = definition_of(self.instance.workflow_id).process.tasks.get(block.definition.key)
        return (task and task.block) or BlockSpec()

    def _end_block(self, block: TaskInstance) -> None:
        spec = self._spec_of(block)
        runs = self.positions.of_block(block)
        states = [each.state() for each in runs]
        is_approval = spec.approval is not None
        output = votes_of(spec, runs) if is_approval else block_output(spec, states)
        block.complete(output=output, now=self.now)
        self._batch.update(block, "status", "output_data", "started_at", "completed_at")
        brought = {**outputs_after(spec, states), block.definition.key: output}
        self._keep_output(block, brought)
        self._done_now[block.definition.key] = done_by(None, self.now)
        ended = sum(each.ended for each in states)
        self._record(
            BLOCK_ENDED,
            task=block,
            data={"ended": ended, "of": len(runs), **({"output": output} if is_approval else {})},
            brought=brought,
            last_tasks=[each.current_task for each in runs if each.current_task is not None],
        )
        self._done_here.append(block)

    def _note_decided(self, approval: TaskInstance, move: Move, *, output: JsonObject) -> None:
        """Have those told how it was decided whose votes were cancelled; none of other blocks."""
        if self._spec_of(approval).approval is not None:
            runs = self.positions.of_block(approval)
            move.decided.update((each.pk, bool(output.get("approved"))) for each in runs)

    def _keep_of_branches(self, block: TaskInstance) -> None:
        """Have what was done in the branches of a block read after it, though it is left."""
        if block.definition.is_block:
            states = [each.state() for each in self.positions.of_block(block)]
            if brought := outputs_after(self._spec_of(block), states):
                self._keep_output(block, brought)

    def _cancel_branches(self, block: TaskInstance, why: Why, move: Move) -> None:
        """Cancel what is left of a block's branches; nothing where the task is no block."""
        if not block.definition.is_block:
            return
        if self._batch.finds:  # whom a form is given to is found when it is written
            self._batch.write()
        for path in self.positions.within(block):
            if not path.is_open:
                continue
            task = path.current_task if path.status == PathStatus.RUNNING else None
            path.cancel(now=self.now)
            self._batch.update(path, "status", "ended_at")
            if task is not None and task.status in UNFINISHED:
                if task.status == TaskStatus.ERROR:
                    move.cancelled_in_error.append(task)
                task.cancel(now=self.now)
                self._batch.update(task, "status", "completed_at")
                move.cancelled.append(task)
                self._has_cancelled = True
            said = named(path, self._spec_of(path.block_task))
            reason: JsonObject = {**said, "reason": why.value}
            self._record(BRANCH_CANCELLED, task=task or path.block_task, data=reason)


def named(path: Path, spec: BlockSpec) -> JsonObject:
    """How events name a run of a branch."""
    made: JsonObject = {"path": path.pk, "branch": path.branch, "number": path.number}
    if spec.approval is not None:
        return made  # a vote is called what whoever reads it calls one
    branch = spec.branch(path.branch)
    title = branch.name if branch else path.branch
    return {**made, "title": f"{title} {path.number}" if spec.is_list else title}

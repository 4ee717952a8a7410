"""A task that has not ended in time."""

from __future__ import annotations

from workflows.engine.decide import decide_timeout
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, WorkflowStatus
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_blocks.branch_cancelled import Why
from workflows.running.events.of_steps.timed_out import TIMED_OUT
from workflows.running.state.leaving import Leaving
from workflows.running.state.move import Move
from workflows.running.step_part import StepPart


class Timeouts(Leaving):
    """Leaves tasks whose time is over."""

    def time_out(self, task: TaskInstance, *, after: str, facts: JsonObject) -> Move:
        """Leave a task that has not ended within `after`, where the definition says so.

        The caller holds the ticket's lock and has read the task, locked, after the instance.
        A task that has ended, is in ERROR or on hold is left alone. The branches of a block are
        cancelled.
        """
        self.positions.know(task)
        if self.instance.status != WorkflowStatus.IN_PROGRESS:
            return Move()
        if not self.positions.is_current(task) or not task.is_alive or task.waits_for_answer:
            return Move()
        path, move = self.positions.path_of(task), Move()
        process, key = definition_of(self.instance.workflow_id).process, task.definition.key
        context = self._context(facts, path)
        decision = decide_timeout(process, key, after, context, self._clock())
        if decision.next_tasks:
            decision = self._bounded(decision, task)
        if decision.error:
            self._fail_decision(decision, task, move)
            return move
        if not decision.is_end and not decision.next_tasks:
            return move
        self.begin_part(StepPart.MOVE)
        self._keep_of_branches(task)
        self._cancel_branches(task, Why.TIME, move)
        task.cancel(now=self.now)
        self._batch.update(task, "status", "completed_at")
        self._record(TIMED_OUT, task=task, data={"after": after})
        self._apply_decision(decision, task, facts, move)
        self._go_on_from_done(facts, move)
        return move

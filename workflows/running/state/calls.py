"""The calls of an instance: their attempts, and the way out of one that failed for good."""

from __future__ import annotations

from workflows.engine.decide import decide_failure
from workflows.engine.failure import Failure
from workflows.engine.process import JsonObject
from workflows.errors import WorkflowOnHoldError
from workflows.models import TaskInstance, WorkflowStatus
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_calls.accepted import ACCEPTED
from workflows.running.events.of_calls.call_failed import CALL_FAILED
from workflows.running.events.of_calls.called import CALLED
from workflows.running.state.leaving import Leaving
from workflows.running.state.move import FailedStep, Move
from workflows.running.step_part import StepPart


class Calls(Leaving):
    """Notes what becomes of calls."""

    def begin_call(self, task: TaskInstance, *, input_data: JsonObject) -> None:
        """Record one more attempt of an action's call, before the call is made.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        if self.instance.status == WorkflowStatus.ON_HOLD:
            raise WorkflowOnHoldError
        self.ensure_workable(task)
        task.start(now=self.now)
        task.attempts += 1
        task.input_data = input_data
        self._batch.update(task, "status", "started_at", "attempts", "input_data")
        self._record(CALLED, task=task, data={"attempt": task.attempts})
        self._save()

    def wait_for_callback(self, task: TaskInstance) -> None:
        """Note that the call was accepted, and its answer comes later.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        task.wait_for_callback()
        self._batch.update(task, "status")
        self._record(ACCEPTED, task=task, data={"attempt": task.attempts})
        self._save()

    def leave_failed_call(self, task: TaskInstance, *, failure: Failure, facts: JsonObject) -> Move:
        """Leave a call that has failed for good, where the definition has a way for that.

        The caller holds the ticket's lock and has read the task after the instance. Where no
        transition is taken nothing is changed: it keeps a ticket error, with the `error` of the
        move where a condition could not be decided. On hold no step is taken.
        """
        self.positions.know(task)
        if self.instance.status != WorkflowStatus.IN_PROGRESS or not task.is_alive:
            return Move()
        if not self.positions.is_current(task):
            return Move()
        path, move = self.positions.path_of(task), Move()
        process, key = definition_of(self.instance.workflow_id).process, task.definition.key
        context = self._context(facts, path)
        decision = decide_failure(process, key, failure, context, self._clock())
        decision = self._ready(decision, task, {**context, "failure": failure.as_json()})
        if decision.error or decision.is_silent:
            return Move(failures=[FailedStep(decision.error, task)] if decision.error else [])
        self.begin_part(StepPart.MOVE)
        task.cancel(now=self.now)
        self._batch.update(task, "status", "completed_at")
        data: JsonObject = {"failure": failure.as_json(), "next_tasks": [*decision.next_tasks]}
        self._record(CALL_FAILED, task=task, data=data)
        self._apply_decision(decision, task, facts, move)
        self._go_on_from_done(facts, move)
        return move

    def has_failure_ways(self, task: TaskInstance) -> bool:
        """Whether the definition has a way out of this call for when it fails."""
        process = definition_of(self.instance.workflow_id).process
        return process.has_failure_ways(task.definition.key)

"""Steps that wait for a time."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.engine.steps.answered import output_of
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.running.events.of_steps.wait_ended import WAIT_ENDED
from workflows.running.looking_back.who_did import done_by
from workflows.running.state.outputs import OutputKeeper


class Waits(OutputKeeper):
    """Ends waits whose time has come."""

    def end_wait(self, task: TaskInstance, *, answer: JsonObject | None = None) -> bool:
        """End a wait whose time has come; the caller advances. Returns whether it did.

        Or one that a message with this `answer` ends before.

        One that has ended, is not where the ticket stands, or is on hold is left alone.
        """
        self.positions.know(task)
        is_waiting = task.status == TaskStatus.PENDING and self.positions.is_current(task)
        if not is_waiting or self.instance.status != WorkflowStatus.IN_PROGRESS:
            return False
        if not task.definition.is_wait:
            return False
        self._end_wait(task, at_once=False, answer=answer)
        self._save()
        return True

    def _end_wait(
        self, task: TaskInstance, *, at_once: bool, answer: JsonObject | None = None
    ) -> None:
        output = output_of(answer) if task.definition.answered_by else {}
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {task.definition.key: output})
        self._done_now[task.definition.key] = done_by(None, self.now)
        until = None if task.waits_until is None else task.waits_until.isoformat()
        data: JsonObject = {"until": until}
        if output:
            data["output"] = output
        if at_once:
            data["at_once"] = True
            self._done_here.append(task)
        self._record(WAIT_ENDED, task=task, data=data)

"""The one write path of a workflow instance. See `state/` for its parts."""

from __future__ import annotations

from collections.abc import Collection

from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, WorkflowStatus
from workflows.running.state.calls import Calls
from workflows.running.state.cleaning_up import CleaningUp
from workflows.running.state.move import FailedStep, Move
from workflows.running.state.new_tasks import NEXT_TASK
from workflows.running.state.questions import Questions
from workflows.running.state.ticket_events import TicketEvents
from workflows.running.state.timeouts import Timeouts
from workflows.running.step_part import StepPart

__all__ = ["NEXT_TASK", "FailedStep", "Move", "WorkflowStateManager"]


class WorkflowStateManager(Timeouts, Calls, CleaningUp, Questions, TicketEvents):
    """Moves one workflow instance, whose row the transaction has locked.

    Every method must run inside a transaction; `lock` or `create` begin it all. `now` is
    the time that is written wherever one is needed; `actor` is who did it (None: the system).
    """

    def advance(self, facts: JsonObject, *, blocked: Collection[int] = ()) -> Move:
        """Take each step that is due: from the start, from a completed task, into a block.

        `facts` is the context without `tasks`; of `blocked` tasks (their ids) an error waits for
        somebody, and they are left alone. Called twice, the second finds nothing to do. Whoever
        did what made it due, the step is the system's doing.
        """
        self.actor = None
        self._visits.forget()
        self._done_before = None
        move = Move()
        if self.instance.is_to_clean_up:
            self._clean_up(facts, move)
            return move
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            self._leave(None, facts, move)
        for task in self.tasks_due:
            # A step before may have ended the block around it.
            if task.pk not in blocked and self._is_due(task):
                self.begin_part(StepPart.DECISION)  # what fails until here is not of this task
                self.due_task = task
                self._leave(task, facts, move)
        return move

    @property
    def is_step_due(self) -> bool:
        """Whether `advance` has something to do.

        That is a start, what follows of a cancel, or something of `tasks_due`.
        """
        if self.instance.status == WorkflowStatus.NOT_STARTED or self.instance.is_to_clean_up:
            return True
        return bool(self.tasks_due)

    @property
    def tasks_due(self) -> list[TaskInstance]:
        """The tasks from which `advance` goes on.

        Those that are completed, blocks to enter, and steps of the engine's own to do again.
        """
        if self.instance.status != WorkflowStatus.IN_PROGRESS:
            return []
        return [each for each in self.positions.current_tasks() if self._is_due(each)]

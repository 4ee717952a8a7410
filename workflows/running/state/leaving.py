"""How a task that is done is left, and every one after it that is done at once."""

from __future__ import annotations

from workflows.engine.decide import decide
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.running.definition_cache import definition_of
from workflows.running.state.move import Move
from workflows.running.state.moves import Moves


class Leaving(Moves):
    """Takes the steps that follow of what is done."""

    def _is_due(self, task: TaskInstance) -> bool:
        if self.instance.status != WorkflowStatus.IN_PROGRESS:
            return False
        is_done_here = task.definition.is_block or task.definition.is_at_once
        is_entered = task.status == TaskStatus.PENDING and is_done_here
        if task.status != TaskStatus.COMPLETED and not is_entered:
            return False
        return self.positions.is_current(task)

    def _leave(self, task: TaskInstance | None, facts: JsonObject, move: Move) -> None:
        """Go on from a task that is done (None: the start), or into one that is tried again.

        With every step after it that is done at once.
        """
        self._leave_once(task, facts, move)
        self._go_on_from_done(facts, move)

    def _leave_once(self, task: TaskInstance | None, facts: JsonObject, move: Move) -> None:
        self.leaving = task
        if task is not None and task.status == TaskStatus.PENDING:
            self._go_into([task], ended=None, facts=facts, move=move)
            move.new_tasks.remove(task)  # its time runs since it is tried again
        else:
            process = definition_of(self.instance.workflow_id).process
            key = None if task is None else task.definition.key
            context = self._context(facts, self.positions.path_of(task))
            decision = self._ready(decide(process, key, context, self._clock()), task, context)
            self._apply_decision(decision, task, facts, move)

    def _go_on_from_done(self, facts: JsonObject, move: Move) -> None:
        """Of what was done in this step the next transition is taken at once.

        That is a block or a wait that has ended, or a step of the engine's own. All of it is
        written together; what goes in circles ends as `bounded` says.
        """
        while self._done_here:
            task = self._done_here.pop(0)
            if self._is_due(task):
                self._leave_once(task, facts, move)
        self._save()

"""What follows when a ticket was withdrawn or cancelled."""

from __future__ import annotations

from workflows.engine.decide import decide_cancel
from workflows.engine.process import JsonObject
from workflows.running.definition_cache import definition_of
from workflows.running.looking_back.cancelled_at import task_of_cancel
from workflows.running.state.leaving import Leaving
from workflows.running.state.move import Move


class CleaningUp(Leaving):
    """Goes the ways for tickets that have ended early."""

    def _clean_up(self, facts: JsonObject, move: Move) -> None:
        """Go the way that the workflow has for a ticket that was cancelled where this one was."""
        task, key = task_of_cancel(self.instance)
        process = definition_of(self.instance.workflow_id).process
        decision = decide_cancel(process, key, self._context(facts), self._clock())
        if not (decision.error or decision.is_silent):
            decision = self._bounded(decision, task)
        if decision.error:
            self._fail_decision(decision, None, move)
        elif decision.is_silent:
            self._end_clean_up({"tried": decision.as_json()["tried"]}, move)
        else:
            self._apply_decision(decision, task, facts, move)
            self._go_on_from_done(facts, move)

"""What comes of a step that starts a ticket."""

from __future__ import annotations

from dataclasses import replace

from workflows.engine.failure import FailureReason
from workflows.engine.steps.subtickets import CANCELLED, began, completed, has_ended, knows_outcome
from workflows.engine.texts import gettext

from .answers import Answer
from .calls import Calls
from .paths import SimulatedVisit


class Subtickets(Calls):
    """Goes on after tickets that steps have started."""

    def _go_on_without_waiting(self, visit: SimulatedVisit) -> None:
        """A step that starts a ticket and does not wait for it; an answer counts for nothing."""
        if self.answers.get(visit.key):
            self.answers[visit.key].popleft()
        output = began(None)
        visit.path.keep({visit.key: output})
        self._done(visit, output)

    def _of_subticket(self, visit: SimulatedVisit, answer: Answer) -> Answer:
        """What a step that has started a ticket takes of an answer: see `knows_outcome`."""
        failure = answer.failure
        was_cancelled = (
            failure.reason is FailureReason.CANCELLED
            if failure is not None
            else answer.output.get("outcome") == CANCELLED
        )
        if was_cancelled:
            key, output = visit.key, has_ended(None, outcome=CANCELLED)
            if not self.process.has_failure_ways(key) and knows_outcome(self.process, key):
                return replace(answer, output=output, error="", reason="", status=None)
            message = answer.error or gettext("The ticket that was waited for was cancelled.")
            reason = FailureReason.CANCELLED.value
            return replace(answer, output=output, error=message, reason=reason)
        return answer if failure is not None else replace(answer, output=completed(answer.output))

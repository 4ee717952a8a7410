"""How a task is left that is not done: its time is over, or the ticket is cancelled."""

from __future__ import annotations

from dataclasses import replace

from workflows.engine.decide import decide_cancel, decide_timeout
from workflows.engine.steps.blocks import outputs_after

from .following import Following
from .paths import SimulatedVisit
from .simulation import TimeOver


class Leaving(Following):
    """Leaves tasks that are not done."""

    def _pass(self, visit: SimulatedVisit, until: str) -> None:
        """Let a time pass: it may be left, undone, or it goes on."""
        path = visit.path
        for after in self.process.timeouts_until(visit.key, until):
            times = self.steps[visit.index].times
            if after in {each.after for each in times}:
                continue
            decision = decide_timeout(
                self.process, visit.key, after, self._context(path), self.clock
            )
            self._change(visit, times=(*times, TimeOver(after, decision)))
            if decision.is_silent:
                continue
            states = [each.as_state() for each in visit.branches]
            self._close(visit)
            self._drop_rest(visit)
            if visit.branches:
                path.keep(outputs_after(visit.spec, states))
            self._change(visit, decision=decision)
            self._follow(path, visit.index, decision)
            return

    def _cancel(self, visit: SimulatedVisit) -> None:
        """The ticket is withdrawn or cancelled; the second time that changes nothing."""
        if self.is_cancelled:
            return
        self.is_cancelled = True
        while visit.path.block is not None:
            visit = visit.path.block
        self._change(visit, cancels=True)
        decision = decide_cancel(self.process, visit.key, self._context(self.main), self.clock)
        if decision.is_silent:
            decision = replace(decision, is_end=True)
        self._close(visit)
        self._drop_rest(visit)
        self._change(visit, decision=decision)
        self._follow(self.main, visit.index, decision)

    def _drop_rest(self, visit: SimulatedVisit) -> None:
        """Of the answers that are for one visit alone, when it has been left."""
        waiting = self.answers.get(visit.key)
        while visit.visit is not None and waiting and waiting[0][1].visit == visit.visit:
            waiting.popleft()

"""What follows of a step: the next task, the end of a branch, and with it that of a block."""

from __future__ import annotations

from workflows.engine.decide import Decision
from workflows.engine.process import JsonObject
from workflows.engine.steps.approvals import CastVote, approval_output
from workflows.engine.steps.blocks import block_output, is_over, outputs_after, vote_in

from .paths import PathState, SimulatedPath, SimulatedVisit
from .so_far import SoFar


class Following(SoFar):
    """Goes on from steps that are done."""

    def _follow(self, path: SimulatedPath, index: int, decision: Decision) -> None:
        """What comes after a step of a path."""
        if decision.error:
            self._stop(path, index, decision.error)
        elif decision.is_end:
            path.state = PathState.ENDED
            path.label, path.outcome = decision.end_label, decision.outcome
            if path.block is not None:
                path.block.cast.append(path)
                self._branch_ended(path.block)
        else:
            self.to_do.append((path, decision))

    def _stop(self, path: SimulatedPath, index: int, error: str) -> None:
        path.state = PathState.STUCK
        self.errors.append((path, index, error))

    def _broken(self, visit: SimulatedVisit, error: str) -> None:
        self._close(visit)
        self._change(visit, error=error)
        self._stop(visit.path, visit.index, error)

    def _done(self, visit: SimulatedVisit, output: JsonObject) -> None:
        path = visit.path
        decision = self._decide(path, visit.key)
        self._change(visit, data=path.data, output=output, decision=decision, ticket=self._ticket())
        self._follow(path, visit.index, decision)

    def _begin_branch(self, branch: SimulatedPath) -> None:
        branch.state = PathState.RUNNING
        start = branch.run.start if branch.run is not None else ""
        self.to_do.append((branch, Decision(next_tasks=(start,))))

    def _branch_ended(self, block: SimulatedVisit) -> None:
        """Look whether a block is over; else begin its next branch, where they go in order."""
        states = [each.as_state() for each in block.branches]
        if not is_over(block.spec, states):
            under_way = (PathState.RUNNING, PathState.STUCK)
            later = [each for each in block.branches if each.state is PathState.WAITING]
            if later and not any(each.state in under_way for each in block.branches):
                self._begin_branch(later[0])
            return
        path = block.path
        self._close(block)
        output = block_output(block.spec, states)
        if block.spec.approval is not None:
            votes = [
                CastVote(vote_in(each.as_state()), each.run.item if each.run is not None else None)
                for each in block.cast
            ]
            output = approval_output(block.spec.approval, votes, count=len(states))
        path.keep({**outputs_after(block.spec, states), block.key: output})
        self._done(block, output)

    def _close(self, visit: SimulatedVisit) -> None:
        """It is over; what is still under way inside is cancelled."""
        if visit in self.waiting:
            self.waiting.remove(visit)
        for branch in visit.branches:
            if branch.state is PathState.ENDED:
                continue
            was, branch.state = branch.state, PathState.CANCELLED
            inner = branch.visit
            if was in (PathState.RUNNING, PathState.STUCK) and inner is not None:
                self._close(inner)
                if self.steps[inner.index].decision is None:
                    self._change(inner, is_cancelled=True)

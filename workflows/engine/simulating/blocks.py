"""How a block begins: its branches, and the votes of an approval."""

from __future__ import annotations

from workflows.engine.errors import TransformError
from workflows.engine.process import JsonObject
from workflows.engine.steps.approvals import ApprovalSpec, vote_key
from workflows.engine.steps.blocks import BlockSpec, Entered, enter_approval, enter_block

from .approvers import named_approvers, usual_approvers
from .following import Following
from .paths import PathState, SimulatedPath, SimulatedVisit


class Blocks(Following):
    """Begins the branches of blocks."""

    def _enter(self, visit: SimulatedVisit) -> None:
        """Begin the branches of a block."""
        path, task = visit.path, self.process.tasks.get(visit.key)
        context = self._context(path)
        approval = task.block.approval if task is not None and task.block is not None else None
        if approval is None:
            entered = enter_block(self.process, visit.key, context, self.clock)
        else:
            entered = self._asked(visit.key, approval, context)
        if entered.error:
            self._change(visit, error=entered.error)
            self._stop(path, visit.index, entered.error)
            return
        visit.spec = (task.block if task is not None else None) or BlockSpec()
        for run in entered.runs:
            state = PathState.RUNNING if run.begins else PathState.WAITING
            branch = SimulatedPath(path.data, run=run, block=visit, state=state)
            visit.branches.append(branch)
        self.waiting.append(visit)
        for branch in visit.branches:
            if branch.state is PathState.RUNNING:
                self._begin_branch(branch)
        self._branch_ended(visit)

    def _asked(self, key: str, approval: ApprovalSpec, context: JsonObject) -> Entered:
        """Whom an approval asks: who is known, and for a role as many as the answers speak of."""
        try:
            found = named_approvers(approval, context, self.clock)
        except TransformError as error:
            return Entered(error=str(error))
        if found is None:
            said = [answer for _number, answer in self.answers.get(vote_key(key), ())]
            by = dict.fromkeys(each.by for each in said if each.by)
            numbers = [each.items[-1] for each in said if each.items]
            known = max((each.asked for each in said), default=0)
            count = known or max(usual_approvers(approval), len(by), *numbers, 0)
            found = [{"name": name} for name in by]
            found += [{} for _more in range(count - len(found))]
        return enter_approval(self.process, key, found)

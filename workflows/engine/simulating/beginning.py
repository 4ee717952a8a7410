"""How a task begins: a block, a step that is done at once, a call, or one that is waited for."""

from __future__ import annotations

from dataclasses import replace

from workflows.engine.steps.at_once import AtOnceError, carry_out

from .blocks import Blocks
from .paths import PathState, SimulatedPath, SimulatedVisit
from .simulation import Step
from .subtickets import Subtickets
from .task_rules import TaskRules


class Beginning(Blocks, Subtickets):
    """Begins tasks."""

    def _begin(self, path: SimulatedPath, key: str) -> None:
        path.counted[key] += 1
        self.visits[key] += 1
        rules = self.tasks.get(key) or TaskRules()
        index = len(self.steps)
        run = path.innermost
        step = Step(
            key,
            path.data,
            items=path.items,
            item=run.item if run is not None else None,
            ticket=self._ticket(),
            is_vote=rules.task_type.is_vote,
        )
        self.steps.append(step)
        visit = path.visit = SimulatedVisit(key, path, index)
        if rules.task_type.is_block:
            self._enter(visit)
            return
        if rules.task_type.is_at_once:
            self.at_once.append(visit)
            return
        if rules.task_type.is_call or rules.task_type.is_subticket:
            sends, error = self._body_to_send(path, rules)
            self.steps[index] = replace(step, sends=sends, error=error)
            if error:
                self._stop(path, index, error)
                return
        if rules.task_type.is_subticket and not rules.waits:
            self._go_on_without_waiting(visit)
            return
        self.waiting.append(visit)

    def _do_at_once(self, visit: SimulatedVisit) -> None:
        """A step of the engine's own needs no answer; one that was given counts for nothing."""
        path, rules = visit.path, self.tasks.get(visit.key) or TaskRules()
        if path.state is not PathState.RUNNING:
            return
        if self.answers.get(visit.key):
            self.answers[visit.key].popleft()
        try:
            made = carry_out(
                rules.task_type,
                values=rules.values,
                table=rules.table,
                context=self._context(path),
                clock=self.clock,
            )
        except AtOnceError as error:
            self._broken(visit, str(error))
            return
        path.keep({visit.key: made.output})
        self._change(visit, note=made.note)
        self._done(visit, made.output)

"""What a process would do with given answers: nothing is saved, and no call is made.

The steps are those of the real path (`decide`, the forms' validators, the transforms), so that
a simulation goes as a ticket would go. Its parts stand in `simulating/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from workflows.engine.rules.budget import one_budget
from workflows.engine.rules.clock import Clock

from .process import JsonObject, Process
from .simulating.answering import Answering
from .simulating.answers import Answer, read_answers
from .simulating.approvers import usual_approvers
from .simulating.beginning import Beginning
from .simulating.calls import CALLBACK_URL
from .simulating.paths import PathState, SimulatedVisit
from .simulating.simulation import Outcome, Simulation, Step, TimeOver
from .simulating.task_rules import ChangeAnswers, Edited, TaskRules
from .texts import gettext

__all__ = [
    "CALLBACK_URL",
    "Answer",
    "ChangeAnswers",
    "Edited",
    "Outcome",
    "Simulation",
    "Step",
    "TaskRules",
    "TimeOver",
    "read_answers",
    "simulate",
    "usual_approvers",
]
MAX_STEPS = 200


def simulate(
    process: Process,
    *,
    facts: JsonObject,
    tasks: Mapping[str, TaskRules],
    answers: Iterable[Answer] = (),
    max_steps: int = MAX_STEPS,
    clock: Clock | None = None,
) -> Simulation:
    """Go from the start to the end, to an error, or to where an answer is missing.

    ``facts`` is the context without ``tasks``; what it holds of the ticket has been validated.
    Each visit of a task takes the next of its answers. A time that passes (`Answer.after`) is
    over together with every shorter one of the task. More than ``max_steps`` tasks are an error:
    the process goes round in circles. Where branches run side by side, the first answer that one of
    them waits for happens first; a step that fails stops its branch, and the others go on.
    ``clock`` is what rules know of time, until an answer says when it was given (`Answer.at`).
    Never raises for what a definition, its data or the answers contain.
    """
    with one_budget():
        return _Run(process, facts, tasks, answers, clock).run_to_end(max_steps)


class _Run(Beginning, Answering):
    """One simulation."""

    def run_to_end(self, max_steps: int) -> Simulation:
        decision = self._decide(self.main, None)
        start = Step(None, self.main.data, output={}, decision=decision, ticket=self._ticket())
        self.steps.append(start)
        self._follow(self.main, 0, decision)
        while self._goes_on():
            if self.to_do:
                path, decision = self.to_do.popleft()
                if path.state is not PathState.RUNNING:
                    continue
                if len(self.steps) > max_steps:
                    text = gettext(
                        "It went through %(count)d tasks without an end and was stopped."
                    )
                    return self._ended(Outcome.ERROR, error=text % {"count": max_steps})
                self._begin(path, decision.next_tasks[-1])
            elif (found := self._next_answer()) is not None:
                visit, answer = found
                if not self._take(visit, answer):
                    return self._ended(Outcome.REFUSED, at=visit.index)
            elif (wait := self._first_wait()) is not None:
                self._end_wait(wait)
            else:
                break
        if self.main.state is PathState.ENDED and self.is_cancelled:
            at = self.main.visit.index if self.main.visit else 0
            return self._ended(Outcome.CANCELLED, at=at, end_label=self.main.label)
        if self.main.state is PathState.ENDED:
            return replace(
                self._ended(
                    Outcome.COMPLETED,
                    at=self.main.visit.index if self.main.visit else 0,
                    end_label=self.main.label,
                ),
                end_outcome=self.main.outcome,
            )
        for path, index, error in self.errors:
            if path.state is PathState.STUCK:
                return self._ended(Outcome.ERROR, at=index, error=error)
        return self._ended(Outcome.WAITING, at=self._first_open())

    def _goes_on(self) -> bool:
        """Do what is done at once, after all that begins in the same moment has begun."""
        while self.at_once and not self.to_do:
            self._do_at_once(self.at_once.popleft())
        return self.main.state is PathState.RUNNING

    def _open(self) -> Iterator[SimulatedVisit]:
        """What waits for an answer: not the blocks, which wait for what is in them."""
        return (each for each in self.waiting if not each.branches)

    def _first_open(self) -> int:
        return next((each.index for each in self._open()), len(self.steps) - 1)

    def _ended(
        self, outcome: Outcome, *, at: int = -1, end_label: str = "", error: str = ""
    ) -> Simulation:
        unused = tuple(answer for waiting in self.answers.values() for _number, answer in waiting)
        is_over = outcome is Outcome.COMPLETED or self.main.state is PathState.STUCK
        return Simulation(
            tuple(self.steps),
            outcome,
            end_label,
            error,
            unused,
            used=tuple(self.used),
            stopped_at=at if at >= 0 else len(self.steps) - 1,
            open=() if is_over or at < 0 else tuple(each.index for each in self._open()),
            open_blocks=()
            if is_over or at < 0
            else tuple(each.index for each in self.waiting if each.branches),
            data=self.main.data,
        )

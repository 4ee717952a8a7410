"""How far a simulation is, and what rules read there."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from workflows.engine.decide import Decision, decide
from workflows.engine.process import JsonObject, Process
from workflows.engine.rules.clock import Clock

from .answers import Answer
from .approvers import as_vote
from .paths import SimulatedPath, SimulatedVisit
from .simulation import Step
from .task_rules import TaskRules

# Nobody did anything, as far as a simulation knows: it has no people and no clock.
_NOBODY: JsonObject = {"by": {"email": "", "name": ""}, "at": "2026-01-01T00:00:00+00:00"}


class SoFar:
    """The steps that were gone, the answers that are left, and what the paths know."""

    def __init__(
        self,
        process: Process,
        facts: JsonObject,
        tasks: Mapping[str, TaskRules],
        answers: Iterable[Answer],
        clock: Clock | None,
    ) -> None:
        self.clock = clock
        self.process = process
        self.facts = facts
        self.tasks = tasks
        self.answers: dict[str, deque[tuple[int, Answer]]] = {}
        for number, answer in enumerate(answers):
            answer = as_vote(process, answer)
            self.answers.setdefault(answer.task, deque()).append((number, answer))
        self.used: list[Answer] = []
        self.main = SimulatedPath({})
        self.visits = Counter[str]()  # on all paths
        self.steps: list[Step] = []
        self.waiting: list[SimulatedVisit] = []  # in the order in which they began
        self.to_do: deque[tuple[SimulatedPath, Decision]] = deque()
        self.at_once: deque[SimulatedVisit] = deque()
        self.errors: list[tuple[SimulatedPath, int, str]] = []
        self.is_cancelled = False
        self.failures: JsonObject = {}

    def _ticket(self) -> JsonObject:
        found = self.facts.get("ticket")
        return found if isinstance(found, dict) else {}

    def _change(self, visit: SimulatedVisit, **values: Any) -> None:
        self.steps[visit.index] = replace(self.steps[visit.index], **values)

    def _decide(self, path: SimulatedPath, ended_task: str | None) -> Decision:
        return decide(self.process, ended_task, self._context(path), self.clock)

    def _context(self, path: SimulatedPath) -> JsonObject:
        """What conditions of transitions read."""
        return {
            **self._values(path),
            "visits": self.process.visits(self._counted(path)),
            "earlier": self._earlier(path),
            "done": dict.fromkeys(path.data, _NOBODY),
            "failures": self.failures,
        }

    def _earlier(self, path: SimulatedPath) -> JsonObject:
        """What came of earlier visits, as `workflows.running.looking_back.earlier_visits` says."""
        found: JsonObject = {}
        if path.block is not None:
            found = self._earlier(path.block.path)
        else:
            found = {key: [] for key in self.process.tasks}
        return {**found, **{key: [*path.earlier.get(key, ())] for key in path.own}}

    def _counted(self, path: SimulatedPath) -> Counter[str]:
        """On the main path all visits; in a branch those on it and on the paths around it."""
        if path.block is None:
            return self.visits
        found = Counter(path.counted)
        around: SimulatedPath | None = path.block.path
        while around is not None:
            found.update(around.counted)
            around = around.block.path if around.block is not None else None
        return found

    def _values(self, path: SimulatedPath) -> JsonObject:
        """What conditions and transforms read, without what only one of them does."""
        values: JsonObject = {**self.facts, "tasks": path.data}
        if (run := path.innermost) is not None:
            values |= {"item": run.item, "item_number": run.number}
        return values

"""Rounds of several scenarios in turn, so that a machine whose speed drifts hits them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.test.utils import CaptureQueriesContext

Act = Callable[[], object]


@dataclass
class Scenario:
    """`prepare` returns the acts of one round; only they are timed."""

    name: str
    prepare: Callable[[int], Sequence[Act]]
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    statements: int = 0

    @property
    def median(self) -> float:
        """Seconds an operation."""
        return statistics.median(self.seconds)

    @property
    def median_cpu(self) -> float:
        """Seconds of this process's CPU an operation (Postgres' own not included)."""
        return statistics.median(self.cpu)


def measure(scenarios: Sequence[Scenario], *, rounds: int, operations: int) -> None:
    """Fill in each scenario's figures; the first round of each warms up and is not counted."""
    for scenario in scenarios:
        (act,) = scenario.prepare(1)
        with CaptureQueriesContext(connection) as queries:
            act()
        scenario.statements = len(queries)
    for number in range(rounds + 1):
        for scenario in scenarios:
            acts = scenario.prepare(operations)
            began, cpu = time.perf_counter(), time.process_time()
            for act in acts:
                act()
            seconds = (time.perf_counter() - began) / operations
            spent = (time.process_time() - cpu) / operations
            if number:
                scenario.seconds.append(seconds)
                scenario.cpu.append(spent)

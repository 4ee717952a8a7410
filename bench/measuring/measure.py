"""Rounds of several scenarios in turn, so that a machine whose speed drifts hits them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.measuring.counting import SENT

type Act = Callable[[], object]
type Prepare = Callable[[int], Sequence[Act]]


@dataclass(frozen=True)
class Spent:
    """What a process has used up so far: its CPU in seconds, and what it sent to Postgres."""

    cpu: float
    statements: int
    transactions: int


def own_spending() -> Spent:
    return Spent(time.process_time(), SENT.statements, SENT.transactions)


@dataclass
class Scenario:
    """`prepare` returns the acts of one round; only they are timed.

    `spending` asks the process that does the work: this one, or the web server.
    """

    prepare: Prepare
    spending: Callable[[], Spent] = own_spending
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    statements: float = 0
    transactions: float = 0

    def run(self, operations: int, *, counts: bool) -> None:
        acts = self.prepare(operations)
        before, began = self.spending(), time.perf_counter()
        for act in acts:
            act()
        seconds = time.perf_counter() - began
        after = self.spending()
        if not counts:
            return
        self.seconds.append(seconds / operations)
        self.cpu.append((after.cpu - before.cpu) / operations)
        self.statements = (after.statements - before.statements) / operations
        self.transactions = (after.transactions - before.transactions) / operations

    @property
    def seconds_an_operation(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.seconds)

    def times(self, floor: Scenario) -> float:
        """How many times as fast as the floor: the median of the rounds, each with its own.

        Both of a round were measured right after each other, also while the machine was slow.
        """
        pairs = zip(floor.seconds, self.seconds, strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)

    def figures(self) -> dict[str, float]:
        """Medians over the rounds; CPU of the process that works, without Postgres' own."""
        seconds = self.seconds_an_operation
        return {
            "per_second": round(1 / seconds, 1),
            "ms": round(seconds * 1000, 3),
            "cpu_ms": round(statistics.median(self.cpu) * 1000, 3),
            "statements": round(self.statements, 2),
            "transactions": round(self.transactions, 2),
        }


def measure(
    scenarios: Sequence[Scenario],
    *,
    rounds: int,
    operations: int,
    tidy: Callable[[], object] = lambda: None,
) -> None:
    """Fill in each scenario's figures; the first round of each warms up and is not counted.

    `tidy` is called before each: it puts back what the others have left.
    """
    for number in range(rounds + 1):
        for scenario in scenarios:
            tidy()
            scenario.run(operations, counts=number > 0)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

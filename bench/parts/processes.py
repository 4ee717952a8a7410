"""The same steps in one process and in two at once."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from bench.companies.fill import finish_open_tickets
from bench.companies.setup import Bench, enter, start_django

type Times = tuple[float, float]

WHAT = ("submit", "complete")
WHOSE = ("plain ORM", "our service")


# For how many seconds a process waits for the others; where one breaks off, the others do then.
PATIENCE = 120


@dataclass(frozen=True)
class _Phase:
    what: str
    whose: str
    count: int


@dataclass
class Rates:
    """Operations a second in each round, of one process and of two that work at once.

    `spread` is the largest that was ever found afterwards between the open tasks of two workers.
    """

    one: list[float] = field(default_factory=list)
    two: list[float] = field(default_factory=list)
    spread: int = 0

    @property
    def times_one(self) -> float:
        """Of each round by itself: both were measured right after each other."""
        return statistics.median(two / one for one, two in zip(self.one, self.two, strict=True))


def rates(bench: Bench, *, operations: int, rounds: int) -> dict[str, Rates]:
    """{what and whose: its rates}, in a company whose workers have equally many open tasks."""
    plan = [
        _Phase(what, whose, count)
        for _round in range(rounds)
        for what in WHAT
        for whose in WHOSE
        for count in (1, 2)
    ]
    context = multiprocessing.get_context("spawn")
    barrier, times = context.Barrier(3), context.SimpleQueue()
    database = connection.settings_dict["NAME"]
    children = [
        context.Process(
            target=_work, args=(number, bench, database, plan, operations, barrier, times)
        )
        for number in (0, 1)
    ]
    for child in children:
        child.start()
    found: dict[str, Rates] = {}
    for phase in plan:
        finish_open_tickets([bench])
        for _begun_prepared_ended in range(3):
            barrier.wait(timeout=PATIENCE)
        taken: list[Times] = [times.get() for _ in range(phase.count)]
        seconds = max(end for _, end in taken) - min(begun for begun, _ in taken)
        rate = found.setdefault(f"{phase.what}: {phase.whose}", Rates())
        of_count = rate.one if phase.count == 1 else rate.two
        of_count.append(round(phase.count * operations / seconds, 1))
        rate.spread = max(rate.spread, _spread(bench))
    for child in children:
        child.join()
    return found


def _spread(bench: Bench) -> int:
    """How many unfinished tasks more whoever has the most of them has than who has the fewest."""
    from workflows.models import TaskInstance

    enter(bench)
    loads = [
        TaskInstance.objects.unfinished().filter(assigned_to=worker).count()
        for worker in bench.worker_ids
    ]
    return max(loads) - min(loads)


def _work(
    number: int,
    bench: Bench,
    database: str,
    plan: Sequence[_Phase],
    operations: int,
    barrier: Any,
    times: Any,
) -> None:
    """One of the two processes: together they begin, and the second rests where one is measured."""
    start_django()
    from bench.parts.scenarios import preparations  # it has models

    connection.settings_dict["NAME"] = database
    scenarios = preparations([bench])
    for phase in plan:
        barrier.wait(timeout=PATIENCE)
        takes_part = number < phase.count
        acts = scenarios[phase.what][phase.whose](operations) if takes_part else []
        barrier.wait(timeout=PATIENCE)
        begun = time.time()
        for act in acts:
            act()
        if takes_part:
            times.put((begun, time.time()))
        barrier.wait(timeout=PATIENCE)
    connection.close()

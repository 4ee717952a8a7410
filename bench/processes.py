"""The same steps in one process and in two at once."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from typing import Any

from django.db import connection

from bench.setup import Bench, start_django

type Times = tuple[float, float]

WHAT = ("submit", "complete")
WHOSE = ("plain ORM", "our service")


def rates(bench: Bench, *, operations: int, rounds: int) -> dict[str, dict[str, float]]:
    """{what and whose: {number of processes: operations a second of all of them}}.

    Medians of the rounds; in each one process and two are measured right after each other.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for what in WHAT:
            for whose in WHOSE:
                for count in (1, 2):
                    rate = _rate(bench, what, whose, count, operations)
                    found.setdefault((f"{what}: {whose}", str(count)), []).append(rate)
    medians: dict[str, dict[str, float]] = {}
    for (name, processes), values in found.items():
        medians.setdefault(name, {})[processes] = statistics.median(values)
    return medians


def _rate(bench: Bench, what: str, whose: str, count: int, operations: int) -> float:
    """From when the first begins until the last is done; all begin together."""
    context = multiprocessing.get_context("spawn")
    barrier, times = context.Barrier(count), context.SimpleQueue()
    database = connection.settings_dict["NAME"]
    arguments = (bench, database, what, whose, operations, barrier, times)
    children = [context.Process(target=_work, args=arguments) for _ in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise RuntimeError(f"A process that should {what} broke off; it says above why.")
    found: list[Times] = [times.get() for _ in children]
    seconds = max(end for _, end in found) - min(begun for begun, _ in found)
    return round(count * operations / seconds, 1)


def _work(
    bench: Bench, database: str, what: str, whose: str, operations: int, barrier: Any, times: Any
) -> None:
    start_django()
    from bench.scenarios import preparations  # it has models

    connection.settings_dict["NAME"] = database

    prepare = preparations([bench])[what][whose]
    for act in prepare(5):
        act()
    acts = prepare(operations)
    barrier.wait(timeout=120)
    begun = time.time()
    for act in acts:
        act()
    times.put((begun, time.time()))
    connection.close()

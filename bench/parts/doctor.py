"""What the doctor costs in a company: by the steps that its tickets have taken."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Sequence

from bench.companies.setup import Bench, enter
from bench.measuring.counting import SENT
from bench.measuring.report import Row
from bench.parts.services import new_task, our_complete
from tickets.health import company_findings, history_findings


def take_steps(bench: Bench, tickets: int) -> None:
    """So many tickets more, each submitted and its first task completed by the services."""
    for _ in range(tickets):
        our_complete(bench, new_task(bench))


def doctor_rows(bench: Bench, sizes: Sequence[int]) -> list[Row]:
    """Two rows for each number of tickets, which the company gets one after the other."""
    rows: list[Row] = []
    tickets = 0
    for size in sizes:
        take_steps(bench, size - tickets)
        tickets = size
        for what, check in (("quick", _quick), ("histories", _histories)):
            rows.append({"what": f"{size:,} tickets: {what}", **_figures(bench, check, size)})
    return rows


def _quick(bench: Bench) -> None:
    enter(bench)
    assert company_findings() == []


def _histories(bench: Bench) -> None:
    after: int | None = 0
    while after is not None:
        enter(bench)
        found, after = history_findings(after=after)
        assert found == []


def _figures(bench: Bench, check: object, tickets: int) -> Row:
    assert callable(check)
    check(bench)  # what is made once a process
    statements, began = SENT.statements, time.perf_counter()
    check(bench)
    seconds, statements = time.perf_counter() - began, SENT.statements - statements
    gc.collect()
    tracemalloc.start()
    try:
        check(bench)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return {
        "statements": statements,
        "seconds": round(seconds, 3),
        "ms a ticket": round(1000 * seconds / tickets, 3),
        "MB at most": round(peak / 1_000_000, 2),
    }

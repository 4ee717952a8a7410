"""`python3 dev.py bench [--quick] [--full]`: what a step costs, against floors of its own.

Prints a table and keeps it as bench/results/latest.json. --quick takes few rounds; --full also
fills the company to a million tickets.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.setup import Bench, fill, make_company, start_django

RESULTS = Path(__file__).resolve().parent / "results" / "latest.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, up to 1,000 tickets")
    parser.add_argument("--full", action="store_true", help="up to 1,000,000 tickets")
    options = parser.parse_args()
    start_django()
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        results = run(quick=options.quick, full=options.full)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nKept in {RESULTS.relative_to(Path.cwd())}.")
    return 0


def run(*, quick: bool, full: bool) -> dict[str, object]:
    """Every measurement; returns what is kept."""
    rounds, operations = (3, 30) if quick else (9, 100)
    bench = make_company()
    sizes = [1_000] if quick else [1_000, 100_000] + ([1_000_000] if full else [])
    tables: dict[str, object] = {
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }
    for size in sizes:
        fill(bench, size)
        tables[f"{size} tickets"] = steps(bench, f"{size:,} tickets", rounds, operations)
    tables["processes"] = processes(bench, 20 if quick else 100)
    if not quick:
        for number in range(99):
            make_company(f"bench_{number}", workers=1)
        _back_to(bench)
        tables["100 companies"] = steps(bench, "100 companies", rounds, operations)
    return tables


def steps(bench: Bench, title: str, rounds: int, operations: int) -> dict[str, object]:
    """Submit and complete, each by raw psycopg, the plain ORM and our services, in turn."""
    from bench.floors import orm_complete, orm_submit, raw_complete, raw_submit
    from bench.measure import Act, Scenario, measure
    from bench.services import our_complete, our_submit, task_of

    def submits(submit: Callable[[Bench], int]) -> Callable[[int], Sequence[Act]]:
        return lambda count: [partial(submit, bench)] * count

    def completes(
        submit: Callable[[Bench], int], complete: Callable[[Bench, int], None]
    ) -> Callable[[int], Sequence[Act]]:
        return lambda count: [partial(complete, bench, submit(bench)) for _ in range(count)]

    def our_completes(count: int) -> Sequence[Act]:
        return [partial(our_complete, task_of(our_submit(bench))) for _ in range(count)]

    groups = {
        "submit": [
            Scenario("raw psycopg", submits(raw_submit)),
            Scenario("plain ORM", submits(orm_submit)),
            Scenario("our service", submits(our_submit)),
        ],
        "complete": [
            Scenario("raw psycopg", completes(raw_submit, raw_complete)),
            Scenario("plain ORM", completes(orm_submit, orm_complete)),
            Scenario("our service", our_completes),
        ],
    }
    kept: dict[str, object] = {}
    print(f"\n{title}")
    print(f"{'':10}{'':14}{'ops/s':>9}{'ms':>9}{'CPU ms':>9}{'statements':>12}{'x ORM':>8}")
    for group, scenarios in groups.items():
        measure(scenarios, rounds=rounds, operations=operations)
        floor = scenarios[1].median
        for scenario in scenarios:
            row = {
                "per_second": round(1 / scenario.median, 1),
                "ms": round(scenario.median * 1000, 2),
                "cpu_ms": round(scenario.median_cpu * 1000, 2),
                "statements": scenario.statements,
                "times_orm": round(floor / scenario.median, 2),
            }
            kept[f"{group}: {scenario.name}"] = row
            print(
                f"{group:10}{scenario.name:14}{row['per_second']:>9}{row['ms']:>9}"
                f"{row['cpu_ms']:>9}{row['statements']:>12}{row['times_orm']:>8}",
                flush=True,
            )
    return kept


def processes(bench: Bench, operations: int) -> dict[str, float]:
    """How many submissions a second one process and two processes take."""
    from django.db import connection

    print("\nsubmit through our service, in processes of their own")
    kept: dict[str, float] = {}
    for count in (1, 2):
        connection.close()
        context = multiprocessing.get_context("spawn")
        database = connection.settings_dict["NAME"]
        with context.Pool(count) as pool:
            work = [(bench, database, operations)] * count
            pool.starmap(_submit_many, [(bench, database, 5)] * count)
            began = time.perf_counter()
            pool.starmap(_submit_many, work, chunksize=1)
            rate = count * operations / (time.perf_counter() - began)
        kept[f"{count}"] = round(rate, 1)
        print(f"{count} process{'es' if count > 1 else ''}: {rate:.1f} a second", flush=True)
    _back_to(bench)
    return kept


def _submit_many(bench: Bench, database: str, operations: int) -> None:
    start_django()
    from django.db import connection

    from bench.services import our_submit

    connection.settings_dict["NAME"] = database
    _back_to(bench)
    for _ in range(operations):
        our_submit(bench)


def _back_to(bench: Bench) -> None:
    from tenants.connection import work_in, work_in_public
    from tenants.models import Company

    work_in_public()
    work_in(Company.objects.get(pk=bench.company_id))


if __name__ == "__main__":
    sys.exit(main())

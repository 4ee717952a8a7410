"""`python3 dev.py bench [--quick | --full]`: what a step costs, against floors of its own.

Prints tables and goals, and keeps them in bench/results/; docs/speed.md says how to read them.
It works on a database of its own, which it drops in the end, and wants a machine to itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.companies.setup import start_django

PARTS = (
    "steps",
    "constructs",
    "http",
    "programs",
    "latency",
    "engine",
    "processes",
    "growth",
    "doctor",
    "searching",
    "upgrading",
    "pages",
    "first_load",
)
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    for name, text in (
        ("quick", "few rounds and up to 10,000 tickets, for a first look"),
        ("full", "up to 1,000,000 tickets"),
        ("tiny", "so little that the figures say nothing: whether it runs"),
    ):
        size.add_argument(f"--{name}", dest="size", action="store_const", const=name, help=text)
    parser.add_argument(
        "--only",
        choices=PARTS,
        nargs="+",
        default=list(PARTS),
        metavar="PART",
        help=f"of {', '.join(PARTS)}; kept only with --results",
    )
    parser.add_argument("--results", type=Path, help="the folder to keep them in")
    options = parser.parse_args()
    name = options.size or "normal"
    start_django()
    from django.db import connection

    database = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        from bench.measurements import Measurements  # it has models

        measurements = Measurements(name)
        try:
            for part in PARTS:
                if part in options.only:
                    getattr(measurements, part)()
        finally:
            measurements.close()
    finally:
        connection.creation.destroy_test_db(database, verbosity=0)
    report = measurements.report
    report.print_goals()
    if options.results or set(options.only) == set(PARTS):
        folder = options.results or RESULTS
        kept = "latest" if name in ("normal", "full") else name
        report.keep(folder, kept)
        print(f"\nKept as {folder / kept}.json and .md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

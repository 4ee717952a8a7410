"""Processes are killed at random and at commits: nothing is lost, stuck unseen, or done twice.

Ten minutes of storms: `python3 dev.py test --long tickets.tests.crash`. In each run a process dies
at each commit (test_every_commit), and workers are killed while they send and call. With
`project.tests.test_crashes_of_postgres` a Postgres is killed as well.
"""

from __future__ import annotations

from tenants.testing_tools.examples import long_run_only, long_seconds
from tickets.tests.crash.crash_case import CrashCase


@long_run_only
class RandomCrashTests(CrashCase):
    def test_nothing_is_lost_stuck_or_done_twice(self) -> None:
        self.weather_for(long_seconds())
        self.print_summary()
        self.assertGreater(self.kills.total(), 1)
        self.assertGreater(self.tickets["in all"], 3)

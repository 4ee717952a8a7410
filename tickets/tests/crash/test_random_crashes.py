"""Processes are killed at random and at commits: nothing is lost, stuck unseen, or done twice.

`python3 dev.py test --long tickets.tests.crash` has ten minutes of storms instead. With
`project.tests.test_crashes_of_postgres` a Postgres is killed as well.
"""

from __future__ import annotations

from tenants.testing_examples import is_long_run, long_seconds
from tickets.tests.crash.crash_case import CrashCase


class RandomCrashTests(CrashCase):
    SEED = 8  # a form and a call that is answered later, both left after some time; a call

    def test_nothing_is_lost_stuck_or_done_twice(self) -> None:
        if is_long_run():
            self.weather_for(long_seconds())
        else:
            self.weather(self.SEED, seconds=5, most_tickets=8, longest_life=3)
        self.print_summary()
        self.assertGreater(self.kills.total(), 1)
        self.assertGreater(self.tickets["in all"], 3)

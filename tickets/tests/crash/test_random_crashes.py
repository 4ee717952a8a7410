"""Processes are killed at random and at commits: nothing is lost, stuck unseen, or done twice.

`CRASH_RUN_SECONDS=600 python3 dev.py test tickets.tests.crash` runs for so long instead. With
`project.tests.test_crashes_of_postgres` a Postgres is killed as well.
"""

from __future__ import annotations

import os

from tickets.tests.crash.crash_case import CrashCase


class RandomCrashTests(CrashCase):
    SEED = 8  # a form and a call that is answered later, both left after some time; a call

    def test_nothing_is_lost_stuck_or_done_twice(self) -> None:
        if long_run := int(os.environ.get("CRASH_RUN_SECONDS") or 0):
            self.weather_for(long_run)
        else:
            self.weather(self.SEED, seconds=5, most_tickets=8, longest_life=3)
        self.tell()
        self.assertGreater(self.kills.total(), 1)
        self.assertGreater(self.tickets["in all"], 3)

"""Two web servers and two workers under load: one of each is killed, and the others go on."""

from __future__ import annotations

import sys
import threading
import time

from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import in_thread, wait_until
from tickets.models import Ticket
from tickets.tests.crash.crash_case import QUICK, CrashCase
from tickets.tests.crash.installation import Installation
from tickets.tests.crash.made_up_subtickets import make_up_processes
from tickets.tests.crash.process import Process
from tickets.tests.crash.storm import Storm

# A form and a call that are left after some time, votes, a block and a ticket that it waits for;
# tickets start by themselves.
SEED = 3
PEOPLE = 2  # on each web server
LONGEST = 45.0  # seconds of one half of the storm, before the kill and after it
ENOUGH = 30  # tickets of each half
MOST = 200


@long_run_only
class TwoOfEachTests(CrashCase):
    def test_one_of_each_is_killed_and_nothing_is_lost_or_done_twice(self) -> None:
        for document in make_up_processes(SEED):
            self.publish(document)
        with self.installed(SEED, QUICK) as (first, system):
            second = first.beside()
            sites = [first, second]
            webs = [site.start_web() for site in sites]
            workers = [site.start_worker() for site in sites]
            try:
                wait_until(lambda: len(first.journal.notes("ready")) >= 4, "They do not start.")
                storms = self.people_on(sites)
                self.rage(storms)
                for program in (webs[0], workers[0]):
                    program.kill()
                self.kills["web at random"] += 1
                self.kills["worker at random"] += 1
                # As a proxy does: who had no answer is led to the one that lives.
                for storm in storms:
                    storm.installation = second
                before = Ticket.objects.count()
                self.rage(storms)
                self.assertGreater(Ticket.objects.count(), before, "The other two do not go on.")
            finally:
                self.kill_all([*webs, *workers])
            errors = [error for storm in storms for error in storm.server_errors]
            self.recover(first, system, second)
            self.assertEqual(errors, [], f"see {first.folder}")
        self.print_summary()
        sys.stderr.write(f"Of these, {before} tickets before the kill.\n")

    def people_on(self, sites: list[Installation]) -> list[Storm]:
        return [
            Storm(
                seed=SEED + number,
                installation=sites[number % len(sites)],
                submitter=self.uma,
                most_tickets=MOST,
                longest_life=0,
            )
            for number in range(PEOPLE * len(sites))
        ]

    def rage(self, storms: list[Storm]) -> None:
        """Have them submit and complete beside each other, until it was enough."""
        over = threading.Event()
        goal = Ticket.objects.count() + ENOUGH
        people = [
            in_thread(lambda storm=storm: storm.visit_until(over), company=self.acme)  # type: ignore[misc]
            for storm in storms
        ]
        latest = time.monotonic() + LONGEST
        while Ticket.objects.count() < goal and time.monotonic() < latest:
            time.sleep(0.2)
        over.set()
        raised = [each.wait() for each in people]
        self.assertEqual([error for error in raised if error is not None], [])

    def kill_all(self, programs: list[Process]) -> None:
        for program in programs:
            program.kill()

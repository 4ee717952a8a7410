from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.test import override_settings

from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import PATIENCE
from tickets.errors import TicketsError
from tickets.models import Ticket, TicketError
from tickets.tests.crash.aftermath import (
    broken_in_the_end,
    broken_promises,
    progress,
    unsettled,
)
from tickets.tests.crash.answers import answer_to, changes_in
from tickets.tests.crash.installation import Installation
from tickets.tests.crash.journal import Journal
from tickets.tests.crash.made_up_subtickets import make_up_processes
from tickets.tests.crash.moody_system import MoodySystem
from tickets.tests.crash.quick_time import quick_minutes
from tickets.tests.crash.storm import Storm, open_forms
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.errors import WorkflowsError
from workflows.models import ActionAttempt, WorkflowEvent, WorkflowStatus

SLOW_SECONDS = 60.0  # of a recovery: on a machine that does nothing else it takes less
MOST_PATIENCE = 5 * PATIENCE  # where things move and never come to rest
STORM_SECONDS = 60  # of one storm of a long run
# What a process is told, so that a lost one is noticed soon; CRASH_HURRY: see quick_time.
QUICK = {
    "CRASH_HURRY": "1",
    "WORKER_HEARTBEAT_SECONDS": "1",
    "WORKER_LOST_SECONDS": "2",
    "SAFETY_NET_SECONDS": "1",
}
# What every third storm of a long run is told: nothing. Recovery takes as long as it takes.
AS_SHIPPED: dict[str, str] = {}


class CrashCase(CompanyTransactionTestCase):
    """Has processes killed and counts. `kills` is {what and where: how often}, `tickets` and
    `happened` {what: how often}, `recoveries` seconds, each over all that was done."""

    SECONDS_EACH = 40.0

    def setUp(self) -> None:
        super().setUp()
        self.tickets: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.recoveries: list[float] = []
        self.enterContext(quick_minutes())

    def weather(
        self,
        seed: int,
        *,
        seconds: float,
        most_tickets: int,
        longest_life: float,
        restart_database: Callable[[], None] | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        """One storm with a workflow of its own, and what must hold after it: see Storm."""
        for document in make_up_processes(seed):
            self.publish(document)
        with self.installed(seed, QUICK if settings is None else settings) as (site, system):
            storm = Storm(
                seed=seed,
                installation=site,
                submitter=self.uma,
                most_tickets=most_tickets,
                longest_life=longest_life,
                restart_database=restart_database,
            )
            storm.rage(seconds)
            self.recover(site, system)
            if restart_database is None:
                self.assertEqual(storm.server_errors, [], f"see {site.folder}")
        self.kills += storm.kills

    def weather_for(
        self, seconds: float, *, restart_database: Callable[[], None] | None = None
    ) -> None:
        """One storm after the other, each with another seed."""
        start, seed = time.monotonic(), int(time.time())
        while time.monotonic() - start < seconds:
            with self.subTest(seed=seed):
                self.weather(
                    seed,
                    seconds=STORM_SECONDS,
                    most_tickets=150,
                    longest_life=8,
                    restart_database=restart_database,
                    settings=AS_SHIPPED if len(self.recoveries) % 3 == 2 else QUICK,
                )
            self._fixture_teardown()
            CompanyTransactionTestCase.setUp(self)
            seed += 1

    def publish(self, document: JsonObject) -> None:
        draft = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=draft, user=self.carla)

    @contextmanager
    def installed(
        self, seed: int, settings: dict[str, str]
    ) -> Iterator[tuple[Installation, MoodySystem]]:
        """An installation and the system that it calls. What its processes say is kept where
        something is wrong."""
        folder = Path(tempfile.mkdtemp(prefix="ticketflower-crash-"))
        with MoodySystem(seed) as system:
            yield Installation(folder, system.connect_to, settings), system
        shutil.rmtree(folder, ignore_errors=True)

    def recover(self, site: Installation, system: MoodySystem, *beside: Installation) -> None:
        """Start what nobody kills; fails where something does not become as it must be.

        `beside` have a web server, too: what was called from there is answered there.
        """
        system.calm_down()
        # For the doctor, who runs here.
        lost = int(site.settings.get("WORKER_LOST_SECONDS", "20")) + 3
        calm = [site.start_worker(), *(each.start_web() for each in (site, *beside))]
        try:
            with override_settings(WORKER_LOST_SECONDS=lost):
                stuck = self.wait_until_settled(may_be_open=True)
                # What is open is really open: people finish it.
                stuck = stuck or self.wait_until_settled(may_be_open=False)
            if not stuck:
                system.wait_for_senders()
        finally:
            for program in calm:
                program.kill()
            system.end()
        self.count(site.journal)
        # What must always hold is looked at in any case, the rest where all has come to rest.
        broken = broken_promises(site.journal, system)
        if not stuck:
            broken += broken_in_the_end(system)
        where = f"see {site.folder}"
        self.assertEqual(broken[:10], [], f"What must hold does not: {where}")
        self.assertEqual(stuck[:10], [], f"Nothing moves any more: {where}")

    def wait_until_settled(self, *, may_be_open: bool) -> list[str]:
        """What is not settled although nothing has moved for all our patience.

        As long as something moves it is slow, which the summary says, and no failure.
        """
        start = moved = time.monotonic()
        state = progress()
        while wrong := unsettled(may_be_open=may_be_open):
            now = time.monotonic()
            if (new := progress()) != state:
                state, moved = new, now
            if now - moved > PATIENCE or now - start > MOST_PATIENCE:
                return wrong
            if not may_be_open:
                self.complete_forms()
            time.sleep(0.2)
        if may_be_open:
            self.recoveries.append(time.monotonic() - start)
        return []

    def complete_forms(self) -> None:
        for task in open_forms():
            assert task.assigned_to is not None
            try:
                complete_task(
                    task=task,
                    output=answer_to(task),
                    changes=changes_in(task),
                    user=task.assigned_to,
                )
            except (TicketsError, WorkflowsError):  # its time was over, or it is refused
                continue

    def count(self, journal: Journal) -> None:
        self.kills += Counter(journal.notes("died"))
        self.tickets["in all"] += Ticket.objects.count()
        completed = Ticket.objects.filter(workflow_instance__status=WorkflowStatus.COMPLETED)
        self.tickets["completed"] += completed.count()
        errors = TicketError.objects.unresolved()
        self.tickets["with an error"] += errors.values("ticket").distinct().count()
        for kind in WorkflowEvent.objects.values_list("kind", flat=True):
            self.happened[f"events {kind}"] += 1
        for outcome in ActionAttempt.objects.values_list("outcome", flat=True):
            self.happened[f"calls {outcome}"] += 1

    def _slowness(self) -> list[str]:
        """Slow is not wrong: it is told apart."""
        slow = [f"{each:.0f} s" for each in self.recoveries if each > SLOW_SECONDS]
        return (
            [f"slow, and otherwise as it must be: recoveries of {', '.join(slow)}"] if slow else []
        )

    def print_summary(self) -> None:
        """Print how much it was."""
        slowest = max(self.recoveries, default=0.0)
        lines = [
            f"{len(self.recoveries)} recoveries, the slowest in {slowest:.1f} s; "
            f"{self.kills.total()} kills; tickets: {_counted(self.tickets)}.",
            *self._slowness(),
            f"kills: {_counted(self.kills)}",
            f"what happened: {_counted(self.happened)}",
        ]
        sys.stderr.write("\n" + "\n".join(lines) + "\n")


def _counted(what: Counter[str]) -> str:
    return ", ".join(f"{count} {each}" for each, count in sorted(what.items()))

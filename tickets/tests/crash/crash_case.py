from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tenants.testing import CompanyTransactionTestCase
from tickets.models import Ticket, TicketError
from tickets.services import complete_task, import_bundle, publish_workflow
from tickets.tests.crash.aftermath import broken_promises, unsettled
from tickets.tests.crash.made_up_process import make_up_process
from tickets.tests.crash.moody_system import MoodySystem
from tickets.tests.crash.storm import Storm, open_forms
from workflows.models import WorkflowStatus

RECOVERY_SECONDS = 60
STORM_SECONDS = 60  # of one storm of a long run


class CrashCase(CompanyTransactionTestCase):
    """Weathers storms. `tickets`, `kills` and `recoveries` count over all of them."""

    def setUp(self) -> None:
        super().setUp()
        self.tickets: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.recoveries: list[float] = []

    def weather(
        self,
        seed: int,
        *,
        seconds: float,
        most_tickets: int,
        longest_life: float,
        restart_database: Callable[[], None] | None = None,
    ) -> None:
        """One storm with a workflow of its own, and what must hold after it: see Storm.

        What the processes said is kept where something is wrong.
        """
        folder = Path(tempfile.mkdtemp(prefix="ticketflower-crash-"))
        draft = import_bundle(document=make_up_process(seed), user=self.carla)
        publish_workflow(workflow=draft, user=self.carla)
        with MoodySystem(seed) as system:
            storm = Storm(
                seed=seed,
                folder=folder,
                connect_to=system.connect_to,
                submitter=self.uma,
                most_tickets=most_tickets,
                longest_life=longest_life,
                restart_database=restart_database,
            )
            storm.rage(seconds)
            worker = storm.start_worker()
            try:
                self.recoveries.append(self.wait_until_settled(may_be_open=True))
                # What is open is really open: people finish it.
                self.wait_until_settled(may_be_open=False)
            finally:
                worker.kill()
        self.assertEqual(broken_promises(storm, system)[:10], [], f"see {folder}")
        if restart_database is None:
            self.assertEqual(storm.server_errors, [], f"see {folder}")
        self.count(storm)
        shutil.rmtree(folder, ignore_errors=True)

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
                    most_tickets=200,
                    longest_life=8,
                    restart_database=restart_database,
                )
            self._fixture_teardown()
            CompanyTransactionTestCase.setUp(self)
            seed += 1

    def wait_until_settled(self, *, may_be_open: bool) -> float:
        """How many seconds it took."""
        start = time.monotonic()
        while wrong := unsettled(may_be_open=may_be_open):
            waited = time.monotonic() - start
            self.assertLess(waited, RECOVERY_SECONDS, wrong[:10])
            if not may_be_open:
                for task in open_forms():
                    assert task.assigned_to is not None
                    complete_task(task=task, output={"again": False}, user=task.assigned_to)
            time.sleep(0.2)
        return time.monotonic() - start

    def count(self, storm: Storm) -> None:
        self.kills += storm.deaths()
        self.tickets["in all"] += Ticket.objects.count()
        completed = Ticket.objects.filter(workflow_instance__status=WorkflowStatus.COMPLETED)
        self.tickets["completed"] += completed.count()
        errors = TicketError.objects.unresolved()
        self.tickets["with an error"] += errors.values("ticket").distinct().count()

    def tell(self) -> None:
        """Print how much it was."""
        kills = ", ".join(f"{count} {what}" for what, count in sorted(self.kills.items()))
        tickets = ", ".join(f"{count} {what}" for what, count in self.tickets.items())
        slowest = max(self.recoveries, default=0.0)
        sys.stderr.write(
            f"\n{len(self.recoveries)} storms, {self.kills.total()} kills ({kills}); "
            f"tickets: {tickets}; slowest recovery {slowest:.1f} s.\n"
        )

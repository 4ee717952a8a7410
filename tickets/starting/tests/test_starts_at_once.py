"""Two workers begin the same start, and one is killed between the commit and the end of its job."""

from __future__ import annotations

from datetime import timedelta

from django.test import tag
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import CompanyTransactionTestCase, run_python
from tenants.testing_tools.waits import at_once
from tickets.job_names import BEGIN_START
from tickets.models import RecurringStart, StartRun, Ticket
from tickets.starting.begin_start import begin_start
from tickets.tests.screens import make_type
from workflows.authoring.ticket_types.change_starts import change_starts
from workflows.engine.starts import StartSpec

KILLED = """
import django, os, signal, sys
django.setup()
from tickets.starting import jobs
from tickets.starting.begin_start import begin_start
def dies(**arguments):
    begin_start(**arguments)
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
jobs.begin = dies
jobs.begin_start(schema="acme", start_id=START, due="")
"""


@tag("processes")
class StartsAtOnceTests(CompanyTransactionTestCase):
    SECONDS_EACH = 4.0

    def setUp(self) -> None:
        super().setUp()
        self.definition = make_type()
        spec = StartSpec(
            key="daily",
            rule="FREQ=DAILY",
            at="08:00",
            email=self.uma.email,
            answers={"what": "A desk"},
        )
        change_starts(definition=self.definition, starts=[spec], user=self.carla)
        self.start = RecurringStart.objects.get()
        self.be_due()

    def be_due(self) -> None:
        self.start.next_at = timezone.now() - timedelta(minutes=1)
        self.start.save()

    def test_two_workers_begin_it_once(self) -> None:
        def begin() -> None:
            begin_start(start_id=self.start.pk)

        self.assertEqual(at_once(begin, begin, company=self.acme), [None, None])
        self.assertEqual((Ticket.objects.count(), StartRun.objects.count()), (1, 1))

    def test_a_worker_is_killed_after_the_commit(self) -> None:
        jobs = ProcrastinateJob.objects.filter(task_name=BEGIN_START, status="todo")
        before = jobs.count()
        ended = run_python(KILLED.replace("START", str(self.start.pk)))
        self.assertNotEqual(ended.returncode, 0)
        self.assertEqual(ended.stderr, "")
        self.assertEqual(Ticket.objects.count(), 1)
        self.assertEqual(jobs.count(), before + 1)  # that of the next day came with the ticket
        begin_start(start_id=self.start.pk)  # the queue gives the job to another worker
        self.assertEqual((Ticket.objects.count(), StartRun.objects.count()), (1, 1))

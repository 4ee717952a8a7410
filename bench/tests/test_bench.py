"""The benchmark runs, and its floors do the work that they are compared with."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import tag

from bench.companies.fill import fill, finish_open_tickets
from bench.companies.setup import Bench, enter, make_company
from bench.floors.steps import (
    close_raw_connection,
    orm_complete,
    orm_submit,
    raw_complete,
    raw_submit,
)
from bench.measuring.counting import SENT, start_counting
from bench.parts.services import new_task, our_complete, our_submit
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, child_environment
from tenants.testing_tools.examples import is_long_run
from tickets.models import Ticket
from workflows.models import TaskInstance, WorkflowEvent

type Written = tuple[dict[str, int], Counter[str]]


def rows() -> dict[str, int]:
    """How many rows there are in each table of the company, and how many jobs."""
    found = {}
    with connection.cursor() as cursor:
        for table in (*connection.introspection.table_names(cursor), "public.procrastinate_jobs"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


class FloorTests(CompanyTransactionTestCase):
    bench: Bench

    def setUp(self) -> None:
        super().setUp()
        self.bench = make_company("benchtest")
        self.addCleanup(close_raw_connection)

    def written_by(self, act: Callable[[], object]) -> Written:
        """The rows that an act adds, and the kinds of its events."""
        enter(self.bench)
        before, latest = rows(), WorkflowEvent.objects.order_by("-pk").first()
        act()
        after = rows()
        events = WorkflowEvent.objects.filter(pk__gt=latest.pk if latest else 0)
        kinds = Counter(events.values_list("kind", flat=True))
        return {table: after[table] - count for table, count in before.items()}, kinds

    def test_the_floors_of_submit_write_what_ours_writes(self) -> None:
        ours = self.written_by(lambda: our_submit(self.bench))
        self.assertEqual(ours[0]["tickets_ticket"], 1)
        for floor in (raw_submit, orm_submit):
            with self.subTest(floor=floor.__name__):
                self.assertEqual(self.written_by(partial(floor, self.bench)), ours)

    def test_the_floors_of_complete_write_what_ours_writes(self) -> None:
        enter(self.bench)
        task = new_task(self.bench)
        ours = self.written_by(lambda: our_complete(self.bench, task))
        self.assertEqual(ours[0]["workflows_taskinstance"], 1)
        for submit, complete in ((raw_submit, raw_complete), (orm_submit, orm_complete)):
            with self.subTest(floor=complete.__name__):
                pk = submit(self.bench)
                written = self.written_by(partial(complete, self.bench, pk))
                self.assertEqual(written, ours)
                self.assertEqual(TaskInstance.objects.get(pk=pk).status, "COMPLETED")

    def test_filling_makes_whole_tickets(self) -> None:
        fill(self.bench, 30)
        self.assertEqual(Ticket.objects.count(), 30)
        self.assertEqual(Ticket.objects.running().count(), 15)
        for ticket in Ticket.objects.select_related("workflow_instance__current_task"):
            instance = ticket.workflow_instance
            assert instance is not None
            assert instance.current_task is not None
            self.assertEqual(instance.current_task.workflow_instance_id, instance.pk)
            expected = "OPEN" if instance.status == "IN_PROGRESS" else "COMPLETED"
            self.assertEqual(instance.current_task.status, expected)
        our_submit(self.bench)  # the sequences stand behind what was filled in
        finish_open_tickets([self.bench])
        self.assertEqual(Ticket.objects.running().count(), 15)


class CountingTests(CompanyTestCase):
    def test_statements_are_counted_however_they_are_sent(self) -> None:
        start_counting()
        with connection.cursor() as cursor:
            before = SENT.statements
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 1; SELECT 2")
            cursor.executemany("SELECT %s", [(1,), (2,), (3,)])
            with connection.connection.pipeline():
                connection.connection.execute("SELECT 1")
                connection.connection.execute("SELECT 2")
            self.assertEqual(SENT.statements - before, 8)


@tag("processes")
class RunTests(CompanyTransactionTestCase):
    SECONDS_EACH = 20.0

    def test_a_tiny_run_keeps_its_results(self) -> None:
        parts = ["steps", "http", "latency", "engine", "growth"]
        if not is_long_run():
            parts = ["engine"]  # what its steps do, the tests above say
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "bench/run.py", "--tiny", "--results", folder, "--only"]
            done = subprocess.run(
                [*command, *parts],
                env=child_environment(PYTHONPATH=str(settings.BASE_DIR)),
                cwd=settings.BASE_DIR,
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            kept = json.loads((Path(folder) / "tiny.json").read_text(encoding="utf-8"))
            page = (Path(folder) / "tiny.md").read_text(encoding="utf-8")
        what = {row["what"]: row for table in kept["tables"].values() for row in table}
        names = []
        if is_long_run():
            names += ["submit: our service", "submit: our page", "complete: plain Django view"]
        for name in names:
            self.assertGreater(what[name]["per_second"], 0)
            self.assertGreaterEqual(what[name]["statements"], 3)
            self.assertIn(name, page)
        self.assertIn("engine CPU, ms a step", [goal["what"] for goal in kept["goals"]])

"""A real worker says one line for each job, and no traceback for what is refused."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import tag

from project.development.processes import Program
from tenants.jobs import defer
from tenants.testing import CompanyTransactionTestCase, child_environment
from tenants.testing_tools.examples import long_run_only
from tenants.testing_tools.waits import wait_until
from tickets.job_names import ADVANCE, CLEAN_UP_UPLOADS, RUN_ACTION
from tickets.repairing.tests.repair_case import SmallWorkflow

TOKEN = "a-token-of-many-letters"


@tag("processes")
class JobLineTests(SmallWorkflow, CompanyTransactionTestCase):
    SECONDS_EACH = 10.0

    @contextmanager
    def worker(self) -> Iterator[Path]:
        """Its log."""
        environment = child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY,
            LOG_FORMAT="json",
            LOG_LEVEL="INFO",
            METRICS_TOKEN=TOKEN,
        )
        with tempfile.TemporaryDirectory(prefix="ticketflower-jobs-") as folder:
            log = Path(folder) / "worker.log"
            program = Program(
                "worker", ["manage.py", "run_worker"], environment, log=log, show=False
            )
            try:
                yield log
            finally:
                program.make_end(0.0)

    def lines(self, log: Path, kind: str) -> list[dict[str, Any]]:
        text = log.read_text(encoding="utf-8")
        every = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        return [line for line in every if line.get("kind") == kind and "outcome" in line]

    def test_each_job_has_a_line_with_what_it_is_about(self) -> None:
        self.make_workflow()
        ticket = self.submit()
        done = defer(ADVANCE, ticket_id=ticket.pk)
        with self.worker() as log:
            wait_until(lambda: any(each["job"] == done for each in self.lines(log, ADVANCE)))
            [line] = [each for each in self.lines(log, ADVANCE) if each["job"] == done]
        known = {name: line[name] for name in ("company", "ticket", "queue", "outcome", "attempt")}
        wanted = {"company": "acme", "ticket": ticket.pk, "queue": "steps", "outcome": "done"}
        self.assertEqual(known, {**wanted, "attempt": 1})
        self.assertEqual((line["level"], line["program"]), ("info", "worker"))

    def test_a_job_that_waits_for_its_company_is_a_line_without_a_traceback(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_migrations SET app = 'not_yet'"
                " WHERE app = 'tickets' AND name = '0001_initial'"
            )
            job = defer(CLEAN_UP_UPLOADS)
            try:
                with self.worker() as log:
                    wait_until(lambda: self.lines(log, CLEAN_UP_UPLOADS))
                    [line] = self.lines(log, CLEAN_UP_UPLOADS)
                    text = log.read_text(encoding="utf-8")
            finally:
                cursor.execute("UPDATE django_migrations SET app = 'tickets' WHERE app = 'not_yet'")
        self.assertEqual((line["job"], line["outcome"]), (job, "tried again"))
        self.assertEqual(line["reason"], "tenants.errors.CompanyBehindError")
        self.assertNotIn("error", line)
        self.assertFalse("Traceback" in text)

    @long_run_only
    def test_a_call_that_fails_is_a_line_with_its_reason(self) -> None:
        """To an address that no call may reach; the reason is no text of the other system."""
        self.make_workflow()
        ticket = self.submit()
        self.answer(ticket, {"big": True})
        with self.worker() as log:
            wait_until(lambda: self.lines(log, RUN_ACTION))
            line = self.lines(log, RUN_ACTION)[0]
            text = log.read_text(encoding="utf-8")
        self.assertEqual((line["outcome"], line["ticket"]), ("done", ticket.pk))
        self.assertTrue(line["reason"].endswith("Error"), line)
        self.assertFalse("accounting.example" in text)
        self.assertFalse("Traceback" in text)

    @long_run_only
    def test_what_a_worker_did_is_told_by_the_web_servers(self) -> None:
        """By the table that all processes share."""
        defer(CLEAN_UP_UPLOADS)
        with self.worker() as log, connection.cursor() as cursor:
            wait_until(lambda: self.lines(log, CLEAN_UP_UPLOADS))

            def is_counted() -> bool:
                cursor.execute(
                    "SELECT coalesce(sum(value), 0) FROM public.tenants_figure"
                    " WHERE name = 'jobs' AND labels LIKE %s",
                    [f"%kind={CLEAN_UP_UPLOADS}&outcome=done%"],
                )
                return bool(cursor.fetchone()[0] >= 1)

            wait_until(is_counted, "The worker's figures are not handed over.")
            cursor.execute("DELETE FROM public.tenants_figure")

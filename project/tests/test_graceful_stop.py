"""Whoever is asked to end finishes what it is doing, and takes nothing new."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connection, transaction
from django.test import tag
from procrastinate.contrib.django.models import ProcrastinateJob

from project.development.processes import Program
from project.serving.command import web_command
from project.tests.web_server import session_key_of
from tenants.jobs import defer
from tenants.testing import CompanyTransactionTestCase, child_environment
from tenants.testing_tools.waits import PATIENCE, in_thread, wait_until, wait_until_blocked

# Longer than anything here waits for a lock.
PATIENT = {
    "PAGE_LOCK_SECONDS": "170",
    "PAGE_STATEMENT_SECONDS": "170",
    "WORKER_LOCK_SECONDS": "170",
    "WORKER_STATEMENT_SECONDS": "170",
}


@tag("processes")
class GracefulStopTests(CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(tempfile.mkdtemp(prefix="ticketflower-stop-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]

    def start(self, name: str, arguments: list[str], **more: str) -> Program:
        environment = child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY, **{**PATIENT, **more}
        )
        log = self.folder / f"{name}.log"
        program = Program(name, arguments, environment, log=log, show=False)
        self.addCleanup(program.make_end, 0.0)
        return program

    def ended(self, program: Program) -> int | None:
        wait_until(lambda: program.exit_code() is not None, f"{program.name} does not end.")
        return program.exit_code()

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=PATIENCE).status_code == 200
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, answers: list[int | str]) -> None:
        cookies = {settings.SESSION_COOKIE_NAME: self.key}
        try:
            answer = httpx.get(
                f"{self.url}/app/tickets/myticket/", cookies=cookies, timeout=PATIENCE
            )
            answers.append(answer.status_code)
        except httpx.HTTPError as error:
            answers.append(type(error).__name__)

    def test_a_request_that_is_at_hand_is_answered(self) -> None:
        self.key = session_key_of(self.uma)
        web = self.start("web", web_command(host="127.0.0.1", port=self.port, processes=1))
        wait_until(self.answers)
        answers: list[int | str] = []
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE tickets_ticket IN ACCESS EXCLUSIVE MODE")
            asking = threading.Thread(target=self.ask, args=(answers,), daemon=True)
            asking.start()
            wait_until_blocked()
            web.ask_to_end()
            wait_until(lambda: not self.answers(), "It still takes new requests.")
            self.assertIsNone(web.exit_code())
        asking.join(timeout=PATIENCE)
        self.assertEqual(answers, [200])
        self.assertEqual(self.ended(web), 0)

    def beside(self, call: Callable[[], object]) -> None:
        """Do something on another connection: this one's transaction is open."""
        self.assertIsNone(in_thread(call, company=self.acme).wait())

    def start_worker(self, *options: str) -> Program:
        worker = self.start("worker", ["manage.py", "run_worker", *options], LOG_LEVEL="INFO")
        with connection.cursor() as cursor:

            def lives() -> bool:
                cursor.execute("SELECT count(*) FROM public.procrastinate_workers")
                return bool(cursor.fetchone()[0])

            wait_until(lives, "The worker does not start.")
        return worker

    def is_ending(self) -> bool:
        return "Ending" in (self.folder / "worker.log").read_text(encoding="utf-8")

    def test_a_job_that_is_at_hand_is_finished_and_no_other_begun(self) -> None:
        worker = self.start_worker()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE tickets_fileupload IN ACCESS EXCLUSIVE MODE")
            self.beside(lambda: defer("tickets.jobs.clean_up_uploads"))
            wait_until_blocked()
            worker.ask_to_end()
            wait_until(self.is_ending, "It does not notice that it shall end.")
            self.assertIsNone(worker.exit_code())
            self.beside(lambda: defer("tickets.jobs.advance", ticket_id=1))
        self.assertEqual(self.ended(worker), 0)
        left = list(ProcrastinateJob.objects.exclude(queue_name="upkeep"))
        self.assertEqual(
            [(each.task_name, each.status) for each in left], [("tickets.jobs.advance", "todo")]
        )

    def test_a_job_that_does_not_end_keeps_a_worker_no_longer_than_a_bound(self) -> None:
        worker = self.start_worker("--end-within", "1")
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE tickets_fileupload IN ACCESS EXCLUSIVE MODE")
            self.beside(lambda: defer("tickets.jobs.clean_up_uploads"))
            wait_until_blocked()
            worker.ask_to_end()
            self.assertEqual(self.ended(worker), 1)
        # Another worker takes it over, as after a crash.
        [job] = ProcrastinateJob.objects.exclude(queue_name="upkeep")
        self.assertEqual(job.status, "doing")

"""Another system that is written with nothing but docs/callbacks.md: the program printed there.

With a real worker, a real web server and a real receiver, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings
from django.test import tag
from django.utils import timezone

from tenants.testing import CompanyTransactionTestCase, start_manage
from tenants.testing_tools.waits import PATIENCE, wait_until
from tickets.calling.tests.action_case import submit_with_action
from tickets.models import Ticket, TicketError
from workflows.engine.process import JsonObject
from workflows.models import ActionAttempt, TaskInstance, WorkflowStatus
from workflows.signing.signing_secrets import show_signing_secret

PAGE = settings.BASE_DIR / "docs" / "callbacks.md"


def printed(language: str) -> str:
    """The one code block in this language on the page."""
    text = PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return str(block)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@tag("processes")
class DocumentedReceiverTests(CompanyTransactionTestCase):
    SECONDS_EACH = 8.0

    def setUp(self) -> None:
        super().setUp()
        self.processes: list[subprocess.Popen[str]] = []
        self.addCleanup(self.end_processes)
        self.orders, self.web = free_port(), free_port()
        task: JsonObject = json.loads(printed("json"))
        submit_with_action(by=self.carla, submitter=self.uma, **task)

    def end_processes(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(timeout=PATIENCE)

    def start_receiver(self, secret: str) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        program = Path(folder.name) / "receiver.py"
        program.write_text(printed("python"), encoding="utf-8")
        self.processes.append(
            subprocess.Popen(
                [sys.executable, str(program)],
                env={**os.environ, "SIGNING_SECRET": secret, "PORT": str(self.orders)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )

    def start_ticketflower(self, *, web: bool = True) -> None:
        """Both programs; without the web server nobody can send an answer later."""
        places = {
            "ACTION_CONNECT_TO": f"accounting.example:80=127.0.0.1:{self.orders}",
            "PUBLIC_URL": f"http://127.0.0.1:{self.web}",
        }
        address = f"127.0.0.1:{self.web}"
        if web:
            self.processes.append(start_manage("runserver", address, "--noreload", **places))
        ports = (self.web, self.orders) if web else (self.orders,)
        wait_until(lambda: all(map(self.listens, ports)))
        self.processes.append(start_manage("run_worker", **places))

    def test_it_is_called_and_answers(self) -> None:
        self.start_receiver(show_signing_secret(user=self.alice, now=timezone.now()))
        self.start_ticketflower()
        wait_until(lambda: Ticket.objects.get().status == WorkflowStatus.COMPLETED)
        task = TaskInstance.objects.get()
        number = Ticket.objects.get().pk
        self.assertEqual(task.output_data, {"document": f"ACC-{number}"})
        attempt = ActionAttempt.objects.get()
        self.assertEqual((attempt.outcome, attempt.status_code), ("SUCCEEDED", 202))
        self.assertEqual(TicketError.objects.count(), 0)

    def test_it_refuses_what_is_not_signed_with_the_secret(self) -> None:
        self.start_receiver("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        self.start_ticketflower(web=False)
        wait_until(TicketError.objects.exists)
        self.assertIn("401", TicketError.objects.get().message)
        with self.assertRaises(urllib.error.HTTPError) as unsigned:
            urllib.request.urlopen(f"http://127.0.0.1:{self.orders}/", data=b"{}", timeout=PATIENCE)
        unsigned.exception.close()
        self.assertEqual(unsigned.exception.code, 401)

    def listens(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

"""Runs TicketFlower's processes, has people work with them, and kills them."""

from __future__ import annotations

import math
import random
import socket
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from tenants.models import User
from tenants.testing import child_environment
from tickets.models import Ticket, TicketDefinition
from tickets.tests.crash.process import Process
from workflows.models import TaskInstance
from workflows.models.task_instance import WORKABLE

SUBMIT_SHARE = 0.5
PROCESSES = ("worker", "web", "people")
LONGEST_START = 60
FEWEST_TICKETS = 4
CHANGES = 40  # that one process of people makes, if it lives
COMMITS = (4, 16, 64)  # a process dies at one of its first
CSRF = "c" * 32
# What a process is told, so that a lost one is noticed soon.
QUICK = {
    "WORKER_HEARTBEAT_SECONDS": "1",
    "WORKER_LOST_SECONDS": "2",
    "SAFETY_NET_SECONDS": "1",
}


def open_forms() -> list[TaskInstance]:
    """What people can do now."""
    forms = TaskInstance.objects.filter(
        status__in=WORKABLE, definition__task_type="FORM", assigned_to__isnull=False
    )
    return list(forms.select_related("assigned_to").order_by("pk"))


def wants_to_submit(chance: random.Random, forms: list[TaskInstance], *, most: int) -> bool:
    """Rather than to complete one of the forms."""
    wishes = chance.random() < SUBMIT_SHARE or not forms
    return wishes and Ticket.objects.count() < most


@dataclass(slots=True)
class Sent:
    """A form that a person sent to the web server, and sends again until there is an answer."""

    user: User
    address: str
    values: dict[str, str]
    done: str  # what stands in the journal then


@dataclass
class Storm:
    """One run. `kills` counts what it killed.

    `longest_life` is in seconds, of a process once it works; `restart_database` kills the
    database server and starts it again.
    """

    seed: int
    folder: Path
    connect_to: list[str]
    submitter: User
    most_tickets: int
    longest_life: float
    restart_database: Callable[[], None] | None = None
    kills: Counter[str] = field(default_factory=Counter)
    server_errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.journal = self.folder / "journal"
        self.journal.touch()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._programs: dict[str, Process] = {}
        self._ends: dict[Process, float] = {}
        self._started = 0
        # Without cookies of its own: it is everybody's.
        self._browser = httpx.Client(timeout=5)
        self._unanswered: list[Sent] = []
        self._sessions: dict[int, str] = {}

    def rage(self, seconds: float) -> None:
        """Have people work and processes killed for so long; then nothing runs any more.

        The time runs from when the first processes are there.
        """
        begun = time.monotonic()
        latest = begun + LONGEST_START
        deadline = latest + seconds
        try:
            while time.monotonic() < deadline or self._is_too_early(begun):
                if time.monotonic() < latest and len(self.notes("ready")) >= len(PROCESSES):
                    latest, deadline = 0, time.monotonic() + seconds
                for name in PROCESSES:
                    self._look_after(name)
                self._visit()
                if self.restart_database is not None and self.chance.random() < 0.01:
                    self._kill_database(self.restart_database)
                time.sleep(self.chance.uniform(0.02, 0.2))
        finally:
            for name in list(self._programs):
                self._kill(name)
            self._browser.close()

    def _is_too_early(self, begun: float) -> bool:
        """Whether a slow machine has not made enough yet to say anything."""
        few = Ticket.objects.count() < FEWEST_TICKETS
        return few and time.monotonic() < begun + LONGEST_START

    def start_worker(self) -> Process:
        """A worker of the product itself, which nobody kills; the caller ends it."""
        return self._start("calm", ["manage.py", "run_worker"])

    def notes(self, word: str) -> list[str]:
        """What follows this word in the lines of the journal that begin with it."""
        lines = self.journal.read_text(encoding="utf-8").splitlines()
        return [line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} ")]

    def deaths(self) -> Counter[str]:
        """The kills, with those at a commit: {what and where: how often}."""
        return self.kills + Counter(self.notes("died"))

    def _look_after(self, name: str) -> None:
        """Start it where it does not run; kill it some time after it began to work."""
        program = self._programs.get(name)
        if program is not None and program.is_running:
            if program not in self._ends and program.name in self.notes("ready"):
                program.learn_family()
                self._ends[program] = time.monotonic() + self.chance.uniform(0.5, self.longest_life)
            if time.monotonic() > self._ends.get(program, math.inf):
                self._kill(name)
            return
        if program is not None:
            program.kill()  # what it has started, too
        number = self.chance.randint(1, self.chance.choice(COMMITS))
        at = f"{self.chance.choice(['before', 'after'])} {number}"
        crash_at = at if self.chance.random() < 0.7 else ""
        self._programs[name] = self._start(name, self._command(name), CRASH_AT=crash_at)

    def _command(self, name: str) -> list[str]:
        if name == "web":
            web = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
            web += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "1"]
            return [*web, "--no-ws", "--log-level", "error", "tickets.tests.crash.child_web"]
        child = ["-m", "tickets.tests.crash.child", name]
        if name == "worker":
            return child
        return [*child, str(self.chance.randrange(2**31)), str(CHANGES), str(self.most_tickets)]

    def _start(self, name: str, command: list[str], **environment: str) -> Process:
        self._started += 1
        name = f"{name}-{self._started}"
        everything = child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY,
            ACTION_CONNECT_TO=",".join(self.connect_to),
            CRASH_JOURNAL=str(self.journal),
            CRASH_NAME=name,
            **QUICK,
            **environment,
        )
        log = self.folder / f"{name}.log"
        return Process(name, command, everything, log=log)

    def _kill(self, name: str) -> None:
        program = self._programs.pop(name)
        if program.is_running:
            self.kills[f"{name} at random"] += 1
        program.kill()

    def _kill_database(self, restart: Callable[[], None]) -> None:
        connection.close()
        restart()
        self.kills["Postgres"] += 1

    def _visit(self) -> None:
        """Send a form to the web server: one that got no answer again, or a new one."""
        sent = self._unanswered.pop() if self._unanswered else self._new_form()
        if sent is None:
            return
        session = f"{settings.SESSION_COOKIE_NAME}={self._session_of(sent.user)}"
        try:
            answer = self._browser.post(
                f"http://127.0.0.1:{self.port}{sent.address}",
                data={**sent.values, "csrfmiddlewaretoken": CSRF},
                headers={"Cookie": f"{session}; csrftoken={CSRF}"},
            )
        except httpx.TransportError:
            self._unanswered.append(sent)
            return
        if answer.status_code >= 500:
            self.server_errors.append(f"{sent.address}: {answer.status_code}")
            self._unanswered.append(sent)
        elif answer.status_code == 302:
            with self.journal.open("ab", buffering=0) as journal:
                journal.write(f"{sent.done}\n".encode())
        elif sent.done.startswith("submitted"):
            raise AssertionError(f"{sent.address} answers with {answer.status_code}.")

    def _new_form(self) -> Sent | None:
        forms = open_forms()
        if wants_to_submit(self.chance, forms, most=self.most_tickets):
            token = uuid.UUID(int=self.chance.getrandbits(128)).hex
            definition = TicketDefinition.objects.active().get()
            return Sent(
                self.submitter,
                f"{reverse('admin:tickets_myticket_add')}?definition={definition.pk}",
                {"token": token, "title": token, "answers-amount": str(self.chance.randrange(99))},
                f"submitted {token}",
            )
        if not forms:
            return None
        task = self.chance.choice(forms)
        assert task.assigned_to is not None
        again = "true" if self.chance.random() < 0.25 else "false"
        address = reverse("admin:tickets_mytask_change", args=(task.pk,))
        return Sent(task.assigned_to, address, {"answers-again": again}, f"completed {task.pk}")

    def _session_of(self, user: User) -> str:
        if user.pk not in self._sessions:
            client = Client()
            client.force_login(user)
            self._sessions[user.pk] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return self._sessions[user.pk]

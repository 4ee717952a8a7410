"""Runs TicketFlower's processes, has people work with them, and kills them."""

from __future__ import annotations

import json
import math
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tenants.testing_tools.waits import PATIENCE
from tickets.models import RecurringStart, Ticket
from tickets.starting.follow_starts import defer_start
from tickets.tests.crash.answers import answer_to
from tickets.tests.crash.installation import CHILD, Installation, log_in
from tickets.tests.crash.made_up_process import MADE_UP
from tickets.tests.crash.process import Process
from workflows.engine.task_types import FORM_TYPES
from workflows.models import TaskInstance, TicketDefinition
from workflows.models.task_instance import WORKABLE

SUBMIT_SHARE = 0.5
PROCESSES = ("worker", "web", "people")
FEWEST_TICKETS, FEWEST_KILLS = 4, 2  # which even a short storm has, however slow the machine is
DUE_SHARE = 0.02  # of what people do, before which a ticket starts by itself
CHANGES = 40  # that one process of people makes, if it lives
COMMITS = (4, 16, 64)  # a process dies at one of its first


def open_forms() -> list[TaskInstance]:
    """What people can do now."""
    forms = TaskInstance.objects.filter(
        status__in=WORKABLE, definition__task_type__in=FORM_TYPES, assigned_to__isnull=False
    )
    return list(forms.select_related("assigned_to", "definition").order_by("pk"))


def wants_to_submit(chance: random.Random, forms: list[TaskInstance], *, most: int) -> bool:
    """Rather than to complete one of the forms."""
    wishes = chance.random() < SUBMIT_SHARE or not forms
    return wishes and Ticket.objects.count() < most


def offered_type() -> TicketDefinition:
    """The one that people submit tickets of: others are started by steps."""
    definition: TicketDefinition = TicketDefinition.objects.active().get(key__startswith=MADE_UP)
    return definition


def let_a_start_be_due() -> None:
    """Have the time come at which a ticket starts by itself, if one does: nobody waits for it."""
    now = timezone.now()
    with transaction.atomic():
        waiting = RecurringStart.objects.filter(next_at__gt=now)
        start = waiting.select_for_update(of=("self",), no_key=True).first()
        if start is not None:
            start.next_at = now
            start.save(update_fields=["next_at"])
            defer_start(start, now=now)


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
    installation: Installation
    submitter: User
    most_tickets: int
    longest_life: float
    restart_database: Callable[[], None] | None = None
    kills: Counter[str] = field(default_factory=Counter)
    server_errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._programs: dict[str, Process] = {}
        self._ends: dict[Process, float] = {}
        # Without cookies of its own: it is everybody's.
        self._browser = httpx.Client(timeout=5)
        self._unanswered: list[Sent] = []
        self._sessions: dict[int, str] = {}

    def rage(self, seconds: float) -> None:
        """Have people work and processes killed for so long; then nothing runs any more.

        The time runs from when the first processes are there, and until there were some kills.
        """
        latest = last_moment = time.monotonic() + PATIENCE
        deadline = latest + seconds
        try:
            while time.monotonic() < deadline or self._is_too_early(last_moment):
                if time.monotonic() < latest and len(
                    self.installation.journal.notes("ready")
                ) >= len(PROCESSES):
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

    def visit_until(self, over: threading.Event) -> None:
        """Send forms, one after the other, and again where there was no answer."""
        while not over.is_set():
            self._visit()

    def _is_too_early(self, latest: float) -> bool:
        """Whether a slow machine has not made enough yet to say anything."""
        enough = Ticket.objects.count() >= FEWEST_TICKETS and self.deaths().total() >= FEWEST_KILLS
        return not enough and time.monotonic() < latest

    def deaths(self) -> Counter[str]:
        """The kills, with those at a commit: {what and where: how often}."""
        return self.kills + Counter(self.installation.journal.notes("died"))

    def _look_after(self, name: str) -> None:
        """Start it where it does not run; kill it some time after it began to work."""
        program = self._programs.get(name)
        if program is not None and program.is_running:
            if program not in self._ends and program.name in self.installation.journal.notes(
                "ready"
            ):
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
        self._programs[name] = self._start(name, CRASH_AT=crash_at)

    def _start(self, name: str, **environment: str) -> Process:
        if name == "web":
            return self.installation.start_web(**environment)
        if name == "worker":
            return self.installation.start_worker(**environment)
        numbers = (self.chance.randrange(2**31), CHANGES, self.most_tickets)
        return self.installation.start(name, [*CHILD, name, *map(str, numbers)], **environment)

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
        if self.chance.random() < DUE_SHARE:
            let_a_start_be_due()
        sent = self._unanswered.pop() if self._unanswered else self._new_form()
        if sent is None:
            return
        session = self._session_of(sent.user)
        try:
            answer = self.installation.send(
                self._browser, sent.address, sent.values, session=session
            )
        except httpx.TransportError:
            self._unanswered.append(sent)
            return
        if answer.status_code >= 500:
            self.server_errors.append(f"{sent.address}: {answer.status_code}")
            self._unanswered.append(sent)
        elif answer.status_code == 302:
            self.installation.journal.note(sent.done)
        elif sent.done.startswith("submitted"):
            raise AssertionError(f"{sent.address} answers with {answer.status_code}.")

    def _new_form(self) -> Sent | None:
        forms = open_forms()
        if wants_to_submit(self.chance, forms, most=self.most_tickets):
            token = uuid.UUID(int=self.chance.getrandbits(128)).hex
            definition = offered_type()
            return Sent(
                self.submitter,
                f"{reverse('admin:tickets_myticket_add')}?definition={definition.pk}",
                {"token": token, "title": token, "answers-amount": str(self.chance.randrange(99))},
                f"submitted {token}",
            )
        # What a form shows of earlier answers only those send who use the services.
        forms = [each for each in forms if not each.definition.shows_again]
        if not forms:
            return None
        task = self.chance.choice(forms)
        assert task.assigned_to is not None
        said = answer_to(task, again=self.chance.random() < 0.25)
        values = {f"answers-{name}": json.dumps(value).strip('"') for name, value in said.items()}
        address = reverse("admin:tickets_mytask_change", args=(task.pk,))
        return Sent(task.assigned_to, address, values, f"completed {task.pk}")

    def _session_of(self, user: User) -> str:
        if user.pk not in self._sessions:
            self._sessions[user.pk] = log_in(user)
        return self._sessions[user.pk]

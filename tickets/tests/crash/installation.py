"""An installation of TicketFlower: its processes, which work on the database of this test."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from django.conf import settings
from django.test import Client

from project.serving.command import web_command
from tenants.models import User
from tenants.testing import child_environment
from tickets.tests.crash.journal import Journal
from tickets.tests.crash.process import Process

CSRF = "c" * 32
CHILD = ["-m", "tickets.tests.crash.child"]


def log_in(user: User) -> str:
    """The key of a new session."""
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


@dataclass
class Installation:
    """What its processes say stands in `folder`. `settings` are theirs, in their environment."""

    folder: Path
    connect_to: list[str]
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "journal")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._started = 0

    def beside(self) -> Installation:
        """More processes of the same installation, with a web server on a port of its own."""
        folder = self.folder / "beside"
        folder.mkdir()
        other = Installation(folder, self.connect_to, self.settings)
        other.journal = self.journal
        return other

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_worker(self, **environment: str) -> Process:
        return self.start("worker", [*CHILD, "worker"], **environment)

    def start_web(self, **environment: str) -> Process:
        command = web_command(
            host="127.0.0.1",
            port=self.port,
            processes=1,
            application="tickets.tests.crash.child_web:application",
            level="error",
            respawn=False,  # the test says when there is one again
        )
        return self.start("web", command, **environment)

    def start(self, name: str, command: list[str], **environment: str) -> Process:
        """Start one that dies where CRASH_AT says; without that never."""
        self._started += 1
        name = f"{name}-{self._started}"
        everything = self.environment(CRASH_NAME=name, **environment)
        return Process(name, command, everything, log=self.folder / f"{name}.log")

    def send(
        self, browser: httpx.Client, address: str, values: dict[str, str], *, session: str
    ) -> httpx.Response:
        """Send a form to the web server, in the session of somebody who is logged in.

        Raises httpx.TransportError where there is no answer.
        """
        return browser.post(
            f"{self.url}{address}",
            data={**values, "csrfmiddlewaretoken": CSRF},
            headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={CSRF}"},
        )

    def environment(self, **extra: str) -> dict[str, str]:
        return child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY,
            ACTION_CONNECT_TO=",".join(self.connect_to),
            PUBLIC_URL=self.url,
            CRASH_JOURNAL=str(self.journal.file),
            **self.settings,
            **extra,
        )

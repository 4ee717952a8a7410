"""An installation of TicketFlower: its processes, which work on the database of this test."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from tenants.testing import child_environment
from tickets.tests.crash.journal import Journal
from tickets.tests.crash.process import Process

CHILD = ["-m", "tickets.tests.crash.child"]


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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_worker(self, **environment: str) -> Process:
        return self.start("worker", [*CHILD, "worker"], **environment)

    def start_web(self, **environment: str) -> Process:
        command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "1"]
        command += ["--no-ws", "--log-level", "error", "tickets.tests.crash.child_web:application"]
        return self.start("web", command, **environment)

    def start(self, name: str, command: list[str], **environment: str) -> Process:
        """Start one that dies where CRASH_AT says; without that never."""
        self._started += 1
        name = f"{name}-{self._started}"
        everything = self.environment(CRASH_NAME=name, **environment)
        return Process(name, command, everything, log=self.folder / f"{name}.log")

    def environment(self, **extra: str) -> dict[str, str]:
        return child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY,
            ACTION_CONNECT_TO=",".join(self.connect_to),
            PUBLIC_URL=self.url,
            CRASH_JOURNAL=str(self.journal.file),
            **self.settings,
            **extra,
        )

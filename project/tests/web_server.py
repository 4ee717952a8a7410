"""A web server of a test's own, started as in a deployment; it works on the test's database."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import httpx
from django.conf import settings
from django.test import Client

from project.development.processes import Program
from project.serving.command import web_command
from tenants.models import User
from tenants.testing import CompanyTransactionTestCase, child_environment
from tenants.testing_tools.endings import at_end_of_process
from tenants.testing_tools.waits import PATIENCE, deadline, wait_until


def session_key_of(user: User) -> str:
    """The key of a new session, without the page for it."""
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


class WebServer:
    """A web server that works on the database of the tests, from `start` until `stop`."""

    def __init__(self, *, processes: int, settings_of_its_own: Mapping[str, str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ticketflower-web-"))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        # The same key as here: so a test can log somebody in without a page.
        environment = child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY,
            MEDIA_ROOT=str(self._folder / "media"),
            **settings_of_its_own,
        )
        command = web_command(host="127.0.0.1", port=self.port, processes=processes)
        self.log = log = self._folder / "web.log"
        self.program = Program("web", command, environment, log=log, show=False)
        wait_until(lambda: not self.is_alive or _answers(self.address))
        if not self.is_alive:
            raise AssertionError(log.read_text(encoding="utf-8"))

    @property
    def is_alive(self) -> bool:
        return self.program.exit_code() is None

    def stop(self) -> None:
        self.program.ask_to_end()
        self.program.make_end(deadline())
        shutil.rmtree(self._folder, ignore_errors=True)


class _Shared:
    """The server of those test classes of this process that need nothing special of theirs."""

    server: ClassVar[WebServer | None] = None

    @classmethod
    def get(cls) -> WebServer:
        if cls.server is None or not cls.server.is_alive:
            module = {"DJANGO_SETTINGS_MODULE": "project.tests.web_server_settings"}
            cls.server = WebServer(processes=1, settings_of_its_own=module)
        return cls.server

    @classmethod
    def stop(cls) -> None:
        if cls.server is not None:
            cls.server.stop()
            cls.server = None


class WebServerTestCase(CompanyTransactionTestCase):
    """A test against a real web server, at `address`.

    Starting one takes as long as several tests: where a class says nothing of its own here, it
    shares that of its process.
    """

    SECONDS_EACH = 4.0
    PROCESSES: ClassVar[int] = 1
    # What differs from the settings of the tests, as environment variables.
    SETTINGS: ClassVar[dict[str, str]] = {}
    SHARES_SERVER: ClassVar[bool] = False
    address: ClassVar[str]
    port: ClassVar[int]
    web: ClassVar[Program]
    # What the server says, line by line.
    log: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if cls.SHARES_SERVER and not cls.SETTINGS and cls.PROCESSES == 1:
            server = _Shared.get()
            at_end_of_process(_Shared.stop)
        else:
            server = WebServer(processes=cls.PROCESSES, settings_of_its_own=cls.SETTINGS)
            cls.addClassCleanup(server.stop)
        cls.address, cls.port, cls.web = server.address, server.port, server.program
        cls.log = server.log


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=PATIENCE).status_code == 200
    except httpx.HTTPError:
        return False

"""A web server of a test's own, started as in a deployment; it works on the test's database."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path
from typing import ClassVar

import httpx
from django.conf import settings
from django.test import Client

from project.development.processes import Program
from project.serving.command import web_command
from tenants.models import User
from tenants.testing import CompanyTransactionTestCase, child_environment
from tenants.testing_waits import PATIENCE, deadline, wait_until


def session_key_of(user: User) -> str:
    """The key of a new session, without the page for it."""
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


class WebServerTestCase(CompanyTransactionTestCase):
    """A test against a real web server, at `address`."""

    SECONDS_EACH = 4.0
    PROCESSES: ClassVar[int] = 1
    # What differs from the settings of the tests, as environment variables.
    SETTINGS: ClassVar[dict[str, str]] = {}
    address: ClassVar[str]
    port: ClassVar[int]
    web: ClassVar[Program]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls._start_server()

    @classmethod
    def _start_server(cls) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ticketflower-browser-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            cls.port = probe.getsockname()[1]
        cls.address = f"http://127.0.0.1:{cls.port}"
        # The same key as here: so a test can log somebody in without a page.
        environment = child_environment(
            DJANGO_SECRET_KEY=settings.SECRET_KEY,
            MEDIA_ROOT=str(folder / "media"),
            **cls.SETTINGS,
        )
        command = web_command(host="127.0.0.1", port=cls.port, processes=cls.PROCESSES)
        log = folder / "web.log"
        cls.web = web = Program("web", command, environment, log=log, show=False)
        cls.addClassCleanup(cls._end_server, web)
        wait_until(lambda: web.exit_code() is not None or _answers(cls.address))
        if web.exit_code() is not None:
            raise AssertionError(log.read_text(encoding="utf-8"))

    @classmethod
    def _end_server(cls, web: Program) -> None:
        web.ask_to_end()
        web.make_end(deadline())


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=PATIENCE).status_code == 200
    except httpx.HTTPError:
        return False

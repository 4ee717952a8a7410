"""The edge as strangers meet it: a real web server, and connections that want to hold it up."""

from __future__ import annotations

import json
import os
import signal
import socket
import unittest
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psutil
from django.conf import settings
from django.db import connection, transaction
from django.test import tag
from django.urls import reverse

from project.development.processes import family_of
from project.tests.web_server import WebServerTestCase, session_key_of
from tenants.limits.bodies import FORM_BODY, LARGE_BODY, SMALL_BODY
from tenants.models import User
from tenants.testing_tools.waits import PATIENCE, wait_until, wait_until_blocked

MANY = 64
LOG_IN = "/app/login/"
CSRF = "c" * 32
MIB = 1024 * 1024


class EdgeTestCase(WebServerTestCase):
    def browser(self, user: User | None = None) -> httpx.Client:
        cookies = {"csrftoken": CSRF}
        if user is not None:
            cookies[settings.SESSION_COOKIE_NAME] = session_key_of(user)
        browser = httpx.Client(base_url=self.address, cookies=cookies, timeout=PATIENCE)
        self.addCleanup(browser.close)
        return browser

    def connect(self, first: bytes) -> socket.socket:
        """A connection of a stranger who has sent this much."""
        stranger = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.addCleanup(stranger.close)
        stranger.sendall(first.replace(b"\n", b"\r\n"))
        return stranger

    def announce(self, size: int, *, address: str = LOG_IN) -> bytes:
        """The head of a POST whose body Django would read: it has a token of the form."""
        return (
            f"POST {address} HTTP/1.1\nHost: localhost:{self.port}\n"
            f"Content-Type: application/x-www-form-urlencoded\nContent-Length: {size}\n"
            f"Cookie: csrftoken={CSRF}\n\n"
        ).encode()

    def status_of(self, stranger: socket.socket) -> int:
        """What a stranger is answered; 0 where the connection ends without an answer."""
        answer = stranger.recv(4096)
        return int(answer.split()[1]) if answer else 0

    def see_that_it_serves(self) -> None:
        """Both processes answer: a page that asks the database, and whether they live."""
        browser = self.browser()
        for address in ("/healthz", LOG_IN, "/sign-up/"):
            self.assertEqual(browser.get(address).status_code, 200, address)


@tag("processes")
class SlowStrangersTest(EdgeTestCase):
    def test_half_sent_bodies_hold_nobody_up(self) -> None:
        for _ in range(MANY):
            self.connect(self.announce(30_000) + b"username=")

        self.see_that_it_serves()

    def test_half_sent_headers_hold_nobody_up(self) -> None:
        for _ in range(MANY):
            self.connect(f"GET {LOG_IN} HTTP/1.1\nHost: localhost".encode())

        self.see_that_it_serves()

    def test_readers_who_do_not_read_hold_nobody_up(self) -> None:
        page = f"GET {LOG_IN} HTTP/1.1\nHost: localhost:{self.port}\n\n".encode()
        for _ in range(MANY):
            self.connect(page * 40)

        self.see_that_it_serves()

    def test_a_body_that_never_comes_is_answered(self) -> None:
        stranger = self.connect(self.announce(30_000) + b"username=")

        self.assertEqual(self.status_of(stranger), 408)

    def test_it_lives_while_a_transaction_holds_django_up(self) -> None:
        browser = self.browser(self.uma)
        with ExitStack() as stack, transaction.atomic():
            stack.enter_context(connection.cursor()).execute(
                "LOCK TABLE public.tenants_user IN ACCESS EXCLUSIVE MODE"
            )
            self.connect(
                f"GET /app/ HTTP/1.1\nHost: localhost:{self.port}\nCookie: "
                f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME]}"
                "\n\n".encode()
            )
            wait_until_blocked()

            self.assertEqual(browser.get("/healthz").json(), {"status": "ok"})


@tag("processes")
class BodySizeTest(EdgeTestCase):
    SHARES_SERVER = True

    def test_a_stranger_is_refused_before_anything_is_read(self) -> None:
        for address in (LOG_IN, "/sign-up/", "/app/", "/no/such/page", "/callbacks/forged/"):
            stranger = self.connect(self.announce(200 * MIB, address=address))

            self.assertEqual(self.status_of(stranger), 413, address)

    def test_a_stranger_cannot_send_more_than_was_announced_to_be_small(self) -> None:
        def endless() -> Iterator[bytes]:
            for _ in range(1000):
                yield b"x" * SMALL_BODY

        with httpx.Client(base_url=self.address, timeout=PATIENCE) as browser:
            try:
                status = browser.post(LOG_IN, content=endless()).status_code
            except httpx.TransportError:
                status = 413  # the connection was closed while we were still sending

        self.assertEqual(status, 413)

    def test_a_page_takes_from_whoever_may_use_it_what_it_needs(self) -> None:
        address = reverse("admin:workflows_workflowdefinition_import")
        values = {"text": "x", "unknown": "x" * (FORM_BODY + 1)}

        statuses = {
            user.first_name: self.send(user, address, values).status_code
            for user in (self.carla, self.uma)
        }

        self.assertEqual(statuses, {"Carla": 200, "Uma": 413})

    def test_whoever_sends_too_much_reads_how_much_may_be_sent(self) -> None:
        address = reverse("admin:workflows_workflowdefinition_import")

        answer = self.send(self.carla, address, {"text": "x" * (LARGE_BODY + 1)})

        self.assertEqual(answer.status_code, 413)
        self.assertIn("at most 8.0\xa0MB", answer.text)

    def test_a_form_with_files_takes_them(self) -> None:
        """Past the size of other forms: the ticket's own check says what is wrong with it."""
        address = f"{reverse('admin:tickets_myticket_add')}?definition=1"

        answer = self.send(self.uma, address, {"text": "x" * (LARGE_BODY // 2)})

        self.assertNotEqual(answer.status_code, 413)

    def send(self, user: User, address: str, values: dict[str, str]) -> httpx.Response:
        """As a browser sends a form with files."""
        files = {name: (None, value) for name, value in values.items()}
        return self.browser(user).post(
            address, files={**files, "csrfmiddlewaretoken": (None, CSRF)}
        )


@tag("processes")
class DyingProcessTest(EdgeTestCase):
    PROCESSES = 2

    @unittest.skipIf(os.name == "nt", "Windows has no kill -9; the option is the same there.")
    def test_a_process_that_dies_is_started_again(self) -> None:
        before = self.processes()
        for process in before:
            os.kill(process.pid, signal.SIGKILL)

        wait_until(lambda: not {p.pid for p in before} & {p.pid for p in self.processes()})
        wait_until(self.answers, "The web server does not come back.")
        self.assertIsNone(self.web.exit_code())

    def processes(self) -> list[psutil.Process]:
        """Those that serve: they have children of their own only while they start."""
        return [
            each
            for each in family_of(self.web.pid, 0)
            if "resource_tracker" not in " ".join(each.cmdline())
        ]

    def answers(self) -> bool:
        try:
            answer = httpx.get(f"{self.address}/healthz", timeout=PATIENCE)
        except httpx.TransportError:
            return False
        return (
            json.loads(answer.text) == {"status": "ok"} and len(self.processes()) == self.PROCESSES
        )

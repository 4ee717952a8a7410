"""The same steps over real HTTP: granian, one process, one browser that keeps its connection."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse
from django.utils import timezone

from bench.companies.setup import Bench, enter
from bench.floors.plain_site import BENCH
from bench.floors.steps import orm_submit
from bench.measuring.measure import Act, Prepare, Scenario, Spent
from bench.parts.services import new_task, user_of
from project.serving.command import web_command
from tenants.models import LogInSession
from tenants.testing import child_environment

READY_SECONDS = 180  # a busy machine is no fault
CSRF = "c" * 32
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1"}


class Browser:
    """Sends forms as somebody who is logged in; the connection is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, address: str, user_id: int, values: dict[str, str]) -> None:
        """Raises RuntimeError where the form was not taken (a redirect says that it was)."""
        cookies = f"{settings.SESSION_COOKIE_NAME}={_session_of(user_id)}; csrftoken={CSRF}"
        body = urlencode({**values, "csrfmiddlewaretoken": CSRF})
        self._connection.request("POST", address, body, {**FORM, "Cookie": cookies})
        answer = self._connection.getresponse()
        page = answer.read()
        location = answer.headers.get("Location", "")
        if answer.status != 302 or "login" in location or "submit" in location:
            text = f"{address} answered with {answer.status} {location}: {page[:2000]!r}"
            raise RuntimeError(text)

    def get(self, address: str, user_id: int) -> None:
        """Raises RuntimeError where the page does not come."""
        self.read(address, user_id)

    def read(self, address: str, user_id: int) -> bytes:
        """The page. Raises RuntimeError where it does not come."""
        cookies = f"{settings.SESSION_COOKIE_NAME}={_session_of(user_id)}"
        headers = {"Host": FORM["Host"], "Cookie": cookies}
        status, page = self.ask("GET", address, headers)
        if status != 200:
            raise RuntimeError(f"{address} answered with {status}: {page[:2000]!r}")
        return page

    def spending(self) -> Spent:
        _status, page = self.ask("GET", "/spent", {})
        return Spent(**json.loads(page))

    def ask(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Once more where the server has closed a connection on which nothing came for long."""
        for attempt in range(2):
            try:
                self._connection.request(method, address, body, dict(headers))
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except http.client.RemoteDisconnected:
                self._connection.close()
                if attempt:
                    raise
        raise AssertionError

    def close(self) -> None:
        self._connection.close()


@cache
def _session_of(user_id: int) -> str:
    """A session like the one that logging in makes; most people's hold nothing else."""
    user = user_of(user_id)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    assert session.session_key is not None
    LogInSession.objects.create(
        session_key=session.session_key, user=user, began_at=timezone.now(), sender="", browser=""
    )
    return session.session_key


# Of how often a program may ask: those that a measurement would come to.
LIMITS: Final = (
    "TOKEN_REQUESTS_A_MINUTE",
    "DEAR_REQUESTS_A_MINUTE",
    "COMPANY_MOST_DEAR_REQUESTS_A_MINUTE",
)


@contextmanager
def server(
    bench: Bench,
    *,
    application: str = "bench.over_http.server:application",
    settings_module: str = "project.settings",
) -> Iterator[Browser]:
    """A browser at a web server of its own, which ends with the block.

    Raises RuntimeError where the server does not do what it should; the error quotes what it said.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        *web_command(
            host="127.0.0.1",
            port=port,
            processes=1,
            application=application,
            level="error",
        ),
    ]
    environment = child_environment(
        DEBUG="0",
        LOG_LEVEL="ERROR",
        **{BENCH: json.dumps(asdict(bench)), **dict.fromkeys(LIMITS, "1000000")},
    )
    environment["DJANGO_SECRET_KEY"] = settings.SECRET_KEY
    environment["DJANGO_SETTINGS_MODULE"] = settings_module
    environment["PYTHONPATH"] = os.fspath(settings.BASE_DIR)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command, env=environment, cwd=settings.BASE_DIR, stdout=stream, stderr=stream
            )
        browser = Browser(port)
        try:
            _wait_for(browser, process)
            yield browser
        except RuntimeError as error:
            said = log.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{error}\nThe web server said:\n{said[-4000:]}") from error
        finally:
            browser.close()
            process.terminate()
            process.wait(timeout=READY_SECONDS)


def _wait_for(browser: Browser, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            browser.spending()
        except OSError:
            browser.close()
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The web server did not start.")


def submit_scenarios(bench: Bench, browser: Browser) -> dict[str, Scenario]:
    """A form that submits a ticket: of the plain site, and ours."""
    answers = {"amount": "100", "reason": "Because"}
    ours = f"{reverse('admin:tickets_myticket_add')}?definition={bench.type_id}"

    def prepare_plain(count: int) -> Sequence[Act]:
        address = f"/plain/submit/{bench.type_id}/"
        return [partial(browser.send, address, bench.user_id, answers)] * count

    def prepare_ours(count: int) -> Sequence[Act]:
        named = {f"answers-{name}": value for name, value in answers.items()}
        return [
            partial(browser.send, ours, bench.user_id, {**named, "token": uuid.uuid4().hex})
            for _ in range(count)
        ]

    return _scenarios_of_both(browser, prepare_plain, prepare_ours)


def complete_scenarios(bench: Bench, browser: Browser) -> dict[str, Scenario]:
    """A form that completes a task: of the plain site, and ours."""
    answers = {"ok": "on", "note": "Fine"}

    def prepare_plain(count: int) -> Sequence[Act]:
        worker = bench.worker_ids[0]
        tasks = [orm_submit(bench) for _ in range(count)]
        return [
            partial(browser.send, f"/plain/complete/{task}/", worker, answers) for task in tasks
        ]

    def prepare_ours(count: int) -> Sequence[Act]:
        enter(bench)
        named = {"answers-ok": "true", "answers-note": "Fine"}
        acts: list[Act] = []
        for _ in range(count):
            task = new_task(bench)
            address = reverse("admin:tickets_mytask_change", args=(task.pk,))
            assert task.assigned_to_id is not None
            acts.append(partial(browser.send, address, task.assigned_to_id, named))
        return acts

    return _scenarios_of_both(browser, prepare_plain, prepare_ours)


def _scenarios_of_both(
    browser: Browser, prepare_plain: Prepare, prepare_ours: Prepare
) -> dict[str, Scenario]:
    return {
        "plain Django view": Scenario(prepare_plain, browser.spending),
        "our page": Scenario(prepare_ours, browser.spending),
    }

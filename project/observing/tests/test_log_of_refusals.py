"""What strangers send fills no log, and nothing of it stands there."""

from __future__ import annotations

import json
import socket
from typing import Any, ClassVar

import httpx
from django.conf import settings
from django.test import tag

from project.tests.web_server import WebServerTestCase, session_key_of
from tenants.account.one_time_links import make_one_time_link
from tenants.testing import email_of
from tenants.testing_tools.examples import is_long_run
from tenants.testing_tools.waits import PATIENCE, wait_until

TYPED = "Zyxomma"
FORBIDDEN = (TYPED, "zyxomma", "@", "192.0.2.", "Traceback", "csrfmiddlewaretoken", "q=")
ROUNDS = 20 if is_long_run() else 5


@tag("processes")
class RefusalLinesTests(WebServerTestCase):
    """A server as it runs in a deployment, with lines as JSON."""

    SETTINGS: ClassVar[dict[str, str]] = {"LOG_FORMAT": "json", "LOG_LEVEL": "INFO"}

    def lines(self) -> list[dict[str, Any]]:
        text = self.log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def hostile(self, browser: httpx.Client, number: int) -> int:
        """Ten requests that are refused, each in its way; how many were sent."""
        email = f"{TYPED}{number}@evil.example"
        session = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.session}"}
        token = {"csrfmiddlewaretoken": "c" * 32, "username": email, "password": TYPED}
        with_token = {"Cookie": f"{settings.CSRF_COOKIE_NAME}={'c' * 32}"}
        requests: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", f"/{TYPED}/{email}?q={TYPED}", {}),
            ("GET", f"/app/{TYPED}%0Aforged/?next={email}", {"headers": session}),
            ("GET", f"/app/tickets/myticket/{TYPED}/change/", {"headers": session}),
            ("GET", "/app/people/", {"headers": {"Host": f"{TYPED}.example"}}),
            ("POST", "/app/login/", {"data": {"username": email, "password": TYPED}}),
            # A password is hashed slowly: not in each round.
            ("POST", "/app/login/", {"data": token, "headers": with_token})
            if number % 5 == 0
            else ("POST", f"/{TYPED}/", {"data": token}),
            ("POST", f"/callbacks/{TYPED}:forged/", {"json": {"answer": email}}),
            ("POST", "/sign-up/", {"content": TYPED.encode() * 20_000}),
            ("GET", "/app/tickets/ticket/export/?_to_field=" + TYPED, {"headers": session}),
            ("BREW", f"/app/?{TYPED}", {"headers": {"Referer": f"https://{email}/"}}),
        ]
        for method, path, more in requests:
            answer = browser.request(method, f"{self.address}{path}", **more)
            self.assertNotEqual(answer.status_code, 500, path)
            self.assertIn("X-Request-Id", answer.headers, path)
        return len(requests)

    def test_each_refusal_is_one_line_with_nothing_that_was_typed(self) -> None:
        self.session = session_key_of(self.uma)
        with httpx.Client(timeout=PATIENCE) as browser:
            before = len(self.lines())
            sent = sum(self.hostile(browser, number) for number in range(ROUNDS))
            self.assertEqual(sent, 10 * ROUNDS)
            browser.get(f"{self.address}/sign-up/")  # the last one's line is there, too
        wait_until(lambda: self.lines()[-1].get("view") == "sign_up")
        lines = self.lines()[before:]
        self.assertEqual(len(lines), sent + 1)
        text = self.log.read_text(encoding="utf-8")
        self.assertEqual([word for word in (*FORBIDDEN, email_of("uma")) if word in text], [])
        self.assertLess(len(text), sent * 600)
        ids = {line["request"] for line in lines}
        self.assertEqual(len(ids), len(lines))
        reasons = {line.get("reason") for line in lines}
        self.assertLessEqual(
            {"csrf", "WrongLogIn", "DisallowedHost", "UnknownCallbackError", "BodyTooLarge"},
            reasons,
        )

    def test_what_lets_somebody_in_by_an_address_alone_is_not_written(self) -> None:
        token = make_one_time_link(person=self.alice, reason=TYPED, removes_second_factor=False)
        back = "/app/login/company/back/"
        with httpx.Client(timeout=PATIENCE) as browser:
            for method, path in (
                ("GET", f"/new-password/{token}/"),
                ("GET", f"/new-password/{token}"),
                ("GET", f"/new-password/{token}/{TYPED}"),
                ("POST", f"/new-password/{token}/"),
                ("GET", f"{back}?code={TYPED}&state={TYPED}"),
                ("GET", f"{back}{TYPED}?code={TYPED}"),
                ("POST", f"{back}?code={TYPED}&state={TYPED}"),
                ("POST", f"/callbacks/{token}/"),
                ("GET", f"/app/login/company/{TYPED}/"),
                ("POST", f"/app/login/company/{TYPED}/"),
            ):
                browser.request(method, f"{self.address}{path}")
            browser.get(f"{self.address}/sign-up/")
        wait_until(lambda: self.lines()[-1].get("view") == "sign_up")
        text = self.log.read_text(encoding="utf-8")
        self.assertEqual([word for word in (token, token[:20], TYPED) if word in text], [])
        self.assertIn("/new-password/*/", {line.get("path") for line in self.lines()})

    def test_a_line_says_who_and_where(self) -> None:
        key = session_key_of(self.uma)
        cookies = {settings.SESSION_COOKIE_NAME: key}
        given = "0123456789abcdef0123456789abcdef"
        answer = httpx.get(
            f"{self.address}/app/",
            cookies=cookies,
            headers={"X-Request-Id": given},
            timeout=PATIENCE,
        )
        self.assertEqual(answer.headers["X-Request-Id"], given)
        wait_until(lambda: any(line.get("request") == given for line in self.lines()))
        [line] = [line for line in self.lines() if line.get("request") == given]
        known = {name: line[name] for name in ("company", "person", "method", "path", "status")}
        self.assertEqual(
            known,
            {
                "company": "acme",
                "person": self.uma.pk,
                "method": "GET",
                "path": "/app/",
                "status": 200,
            },
        )
        self.assertEqual((line["level"], line["program"]), ("info", "web"))

    def test_an_id_that_is_not_well_formed_is_replaced(self) -> None:
        for forged in (TYPED, "short", "a" * 65, "uma@acme.example-0000"):
            answer = httpx.get(
                f"{self.address}/", headers={"X-Request-Id": forged}, timeout=PATIENCE
            )
            self.assertNotEqual(answer.headers["X-Request-Id"], forged)

    def test_what_the_edge_refuses_has_a_line_too(self) -> None:
        head = f"POST /{TYPED} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        filler = "".join(f"X-Filler-{number}: {TYPED * 200}\r\n" for number in range(25))
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(f"{head}{filler}\r\n12345".encode())
            self.assertIn(b" 431 ", connection.recv(4096))
        wait_until(lambda: any(line.get("status") == 431 for line in self.lines()))
        self.assertFalse(TYPED in self.log.read_text(encoding="utf-8"))

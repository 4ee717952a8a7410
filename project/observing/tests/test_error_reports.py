from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from typing import Any
from unittest import mock, skipUnless

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from project.observing import error_reports
from tenants.testing import run_python
from tenants.testing_tools.waits import wait_until

SECRET = "somebody@secret.example"
# A page that fails with what was typed, and a request that is refused.
FAIL = f"""
import django
django.setup()
from django.test import Client
from project.visitors.landing import LandingPage

def get(self, request):
    typed = request.GET["q"]
    raise ValueError("it was " + typed)

LandingPage.get = LandingPage.post = get
client = Client(raise_request_exception=False, SERVER_NAME="localhost")
client.cookies["sessionid"] = "{SECRET}"
answer = client.post("/?q={SECRET}", {{"typed": "{SECRET}"}}, headers={{"User-Agent": "{SECRET}"}})
print(answer.status_code)
client.get("/nowhere/{SECRET}", headers={{"Host": "{SECRET}"}})
import sentry_sdk
sentry_sdk.flush(timeout=20)
"""


class Receiver(BaseHTTPRequestHandler):
    received: list[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.received.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: Any) -> None:
        pass


class ErrorReportTests(SimpleTestCase):
    databases = {"default"}

    def test_the_package_is_asked_for_by_name(self) -> None:
        with (
            mock.patch.dict("sys.modules", {"sentry_sdk": None}),
            self.assertRaisesMessage(ImproperlyConfigured, "requirements-sentry.txt"),
        ):
            error_reports.report_errors("https://key@sentry.example/1")

    def test_a_report_is_made_of_what_may_be_sent(self) -> None:
        frame = {"filename": "x.py", "function": "f", "lineno": 1, "vars": {"q": SECRET}}
        event: dict[str, Any] = {
            "event_id": "1",
            "request": {
                "data": SECRET,
                "cookies": SECRET,
                "headers": SECRET,
                "query_string": SECRET,
            },
            "user": {"email": SECRET},
            "extra": {"x": SECRET},
            "breadcrumbs": {"values": [SECRET]},
            "message": SECRET,
            "logentry": {"message": "%s", "params": [SECRET], "formatted": SECRET},
            "exception": {
                "values": [
                    {"type": "ValueError", "value": SECRET, "stacktrace": {"frames": [frame]}}
                ]
            },
        }
        kept = error_reports.without_what_was_typed(event)
        self.assertNotIn(SECRET, json.dumps(kept))
        assert kept is not None
        [error] = kept["exception"]["values"]
        self.assertEqual(error["type"], "ValueError")
        self.assertEqual(error["stacktrace"]["frames"][0]["function"], "f")

    def test_a_refusal_is_not_reported(self) -> None:
        for name in ("django.security.DisallowedHost", "django.request"):
            self.assertIsNone(error_reports.without_what_was_typed({"logger": name}))

    @skipUnless(find_spec("sentry_sdk"), "requirements-sentry.txt is not installed")
    def test_what_a_real_error_sends(self) -> None:
        Receiver.received = []
        server = HTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        dsn = f"http://key@127.0.0.1:{server.server_port}/1"
        result = run_python(FAIL, SENTRY_DSN=dsn, LOG_LEVEL="ERROR", DEBUG="1")
        self.assertIn("500", result.stdout, result.stderr)
        wait_until(lambda: any(b"ValueError" in each for each in Receiver.received))
        everything = b"".join(Receiver.received)
        self.assertNotIn(SECRET.encode(), everything)
        self.assertEqual(everything.count(b'"type":"ValueError"'), 1)

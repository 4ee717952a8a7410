from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from unittest import TestCase, mock

from project.development import audit
from project.development.checks import _advisories

PACKAGES = [("django", "5.2.19"), ("weak", "1.0")]


class Advisories(BaseHTTPRequestHandler):
    """Answers as the database of weaknesses does: `weak` has one."""

    answer: ClassVar[bytes] = b""
    asked: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_args: Any) -> None:
        pass


class AuditTests(TestCase):
    def serve(self, answer: bytes) -> str:
        Advisories.answer, Advisories.asked = answer, []
        server = HTTPServer(("127.0.0.1", 0), Advisories)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/"

    def test_every_pinned_package_is_asked_about(self) -> None:
        pinned = dict(audit.pinned_packages())
        self.assertEqual(pinned["psycopg-pool"], "3.3.3")
        self.assertLessEqual({"django", "granian", "bandit", "sentry-sdk"}, set(pinned))

    def test_what_is_known_is_told(self) -> None:
        source = self.serve(b'{"results": [{}, {"vulns": [{"id": "PYSEC-1"}, {"id": "CVE-2"}]}]}')
        found = audit.known_weaknesses(PACKAGES, source=source)
        self.assertEqual([str(each) for each in found], ["weak 1.0: CVE-2", "weak 1.0: PYSEC-1"])
        [query] = Advisories.asked
        self.assertEqual(
            query["queries"][0],
            {"package": {"name": "django", "ecosystem": "PyPI"}, "version": "5.2.19"},
        )
        with mock.patch.object(audit, "ACCEPTED", {"CVE-2": "not used", "PYSEC-1": "neither"}):
            self.assertEqual(audit.known_weaknesses(PACKAGES, source=source), [])

    def test_who_cannot_be_reached_is_no_failure(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            source = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            with self.assertRaisesRegex(audit.UnreachableError, "ReadTimeout at 127.0.0.1"):
                audit.known_weaknesses(PACKAGES, source=source, seconds=0.3)
        with mock.patch.object(
            audit, "known_weaknesses", side_effect=audit.UnreachableError("ConnectError")
        ):
            self.assertEqual(_advisories().word, "skipped")

    def test_nonsense_is_no_failure(self) -> None:
        for nonsense in (b"", b"<html>", b"[]", b'{"results": [{}]}', b'{"results": [1, 2]}'):
            source = self.serve(nonsense)
            with self.assertRaises(audit.UnreachableError):
                audit.known_weaknesses(PACKAGES, source=source)

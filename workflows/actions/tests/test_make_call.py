from __future__ import annotations

import gzip
import json
import os
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from django.test import SimpleTestCase, override_settings

from tenants.testing_tools.waits import PATIENCE
from workflows.actions import ActionError, Answer, CallRequest, TemporaryActionError, make_call
from workflows.actions.client import MAX_BODY_BYTES, _tls
from workflows.actions.tests.remote_system import NAME, Connection, RemoteSystem, answering
from workflows.actions.tests.resolver import Resolver

CERTIFICATE = Path(__file__).with_name("certificate.pem")


def request(url: str = f"http://{NAME}/invoices", **changes: Any) -> CallRequest:
    values: dict[str, Any] = {
        "url": url,
        "body": {"amount": 12.5, "creditor": "Müller & Söhne"},
        "timeout_seconds": PATIENCE,
        "idempotency_key": "7a4c",
    }
    return CallRequest(**{**values, **changes})


class MakeCallTestCase(SimpleTestCase):
    def system(self, reply: Callable[[Connection], None]) -> RemoteSystem:
        """A system at the name accounting.example, until the test ends."""
        system = self.enterContext(RemoteSystem(reply))
        self.enterContext(override_settings(ACTION_CONNECT_TO=system.connect_to))
        return system

    def failure(self, call: CallRequest | None = None) -> ActionError:
        with self.assertRaises(ActionError) as caught:
            make_call(call or request())
        return caught.exception


class MakeCallTests(MakeCallTestCase):
    def test_it_posts_json_and_returns_the_answer(self) -> None:
        system = self.system(answering(b'{"document": "A1"}', status=201, headers={"X-Y": "z"}))
        answer = make_call(request(f"http://{NAME}/invoices?year=2026"))
        self.assertEqual((answer.status, answer.body), (201, b'{"document": "A1"}'))
        self.assertEqual(answer.headers["x-y"], "z")
        [received] = system.received
        self.assertEqual(received.path, "/invoices?year=2026")
        self.assertEqual(json.loads(received.body), request().body)
        for name, value in {
            "Host": NAME,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "TicketFlower",
            "Idempotency-Key": "7a4c",
            "Content-Length": str(len(received.body)),
        }.items():
            self.assertEqual(received.header(name), [value], name)

    def test_it_sends_further_headers_but_they_replace_none_of_its_own(self) -> None:
        system = self.system(answering())
        make_call(request(headers={"webhook-id": "1", "Idempotency-Key": "other"}))
        self.assertEqual(system.received[0].header("webhook-id"), ["1"])
        self.assertEqual(system.received[0].header("Idempotency-Key"), ["7a4c"])

    def test_it_returns_an_error_status_with_its_body(self) -> None:
        self.system(answering(b"out of order", status=500))
        self.assertEqual(make_call(request()).body, b"out of order")

    def test_it_refuses_a_header_with_a_line_break(self) -> None:
        system = self.system(answering())
        for text in ("1\r\nX-Admin: yes", "1\nX-Admin: yes", "1\x00"):
            with self.subTest(text=text):
                self.failure(request(idempotency_key=text))
                self.failure(request(headers={"webhook-id": text}))
        self.assertEqual(system.received, [])

    def test_text_of_customers_cannot_end_the_request(self) -> None:
        system = self.system(answering())
        make_call(request(body={"note": "\r\n\r\nPOST /other HTTP/1.1\r\nX-Admin: yes"}))
        make_call(request(f"http://{NAME}/a%0d%0aX-Admin:%20yes"))
        self.assertEqual([each.header("X-Admin") for each in system.received], [[], []])

    def test_it_does_not_follow_a_redirect(self) -> None:
        elsewhere = self.enterContext(RemoteSystem(answering()))
        for location in (f"http://127.0.0.1:{elsewhere.port}/", "http://[broken", "/again"):
            with self.subTest(location=location):
                system = self.system(answering(status=307, headers={"Location": location}))
                self.assertEqual(make_call(request()).status, 307)
                self.assertEqual(len(system.received), 1)
        self.assertEqual(elsewhere.received, [])

    def test_it_takes_no_proxy_and_no_password_from_the_environment(self) -> None:
        system = self.system(answering())
        proxy = self.enterContext(RemoteSystem(answering()))
        address = f"http://127.0.0.1:{proxy.port}"
        netrc = Path(self.enterContext(TemporaryDirectory())) / "netrc"
        netrc.write_text(f"machine {NAME} login a password b\n")
        environment = {"HTTP_PROXY": address, "http_proxy": address, "ALL_PROXY": address}
        with mock.patch.dict(os.environ, {**environment, "NETRC": str(netrc)}):
            make_call(request())
        self.assertEqual(proxy.received, [])
        self.assertEqual(system.received[0].header("Authorization"), [])


class TimeoutTests(MakeCallTestCase):
    """Each of these would end well, or in another error, if it were waited for."""

    def setUp(self) -> None:
        super().setUp()
        self.is_over = threading.Event()
        self.addCleanup(self.is_over.set)

    def assert_timed_out(self) -> None:
        error = self.failure(request(timeout_seconds=0.3))
        self.assertIsInstance(error, TemporaryActionError)
        self.assertEqual(str(error), f"{NAME} did not answer within 0.3 seconds.")

    def test_a_slow_drip_of_bytes_does_not_stretch_it(self) -> None:
        def drip(connection: Connection) -> None:
            connection.send_response(200)
            connection.end_headers()
            self.drip(connection, b" ")
            answering()(connection)

        self.system(drip)
        self.assert_timed_out()

    def test_nor_does_a_slow_drip_of_headers(self) -> None:
        def drip(connection: Connection) -> None:
            connection.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self.drip(connection, b"X-A: 1\r\n")
            connection.wfile.write(b"Content-Length: 2\r\n\r\n{}")

        self.system(drip)
        self.assert_timed_out()

    def drip(self, connection: Connection, drop: bytes) -> None:
        """Drop by drop for as long as we are patient, or somebody is there."""
        for _ in range(PATIENCE * 20):
            connection.wfile.write(drop)
            if self.is_over.wait(timeout=0.05):
                break

    def test_nor_does_a_resolver_that_hangs(self) -> None:
        def hang(*args: object, **kwargs: object) -> list[Any]:
            self.is_over.wait(timeout=PATIENCE)
            return []

        with mock.patch("socket.getaddrinfo", hang):
            self.assert_timed_out()


class SizeTests(MakeCallTestCase):
    def assert_too_large(self) -> None:
        self.assertEqual(
            str(self.failure()), f"The answer of {NAME} is larger than 1000 kB, which is the limit."
        )

    def test_an_answer_at_the_limit_is_read(self) -> None:
        self.system(answering(b"x" * MAX_BODY_BYTES))
        self.assertEqual(len(make_call(request()).body), MAX_BODY_BYTES)

    def test_one_byte_more_is_refused(self) -> None:
        self.system(answering(b"x" * (MAX_BODY_BYTES + 1)))
        self.assert_too_large()

    def test_an_answer_without_an_end_is_refused(self) -> None:
        def flood(connection: Connection) -> None:
            connection.send_response(200)
            connection.end_headers()
            while True:
                connection.wfile.write(b"x" * 65_536)

        self.system(flood)
        self.assert_too_large()

    def test_a_compressed_answer_is_read(self) -> None:
        body = b"y" * (MAX_BODY_BYTES // 2)
        self.system(answering(gzip.compress(body), headers={"Content-Encoding": "gzip"}))
        self.assertEqual(make_call(request()).body, body)

    def test_a_gzip_bomb_is_refused_before_it_is_inflated(self) -> None:
        bomb = gzip.compress(b"\0" * (200 * 1024 * 1024), compresslevel=1)
        self.assertLess(len(bomb), MAX_BODY_BYTES)
        self.system(answering(bomb, headers={"Content-Encoding": "gzip"}))
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assert_too_large()
        self.assertLess(tracemalloc.get_traced_memory()[1], 10 * MAX_BODY_BYTES)

    def test_other_compressions_are_refused(self) -> None:
        twice = gzip.compress(gzip.compress(b"{}"))
        for encoding in ("gzip, gzip", "br", "deflate"):
            with self.subTest(encoding=encoding):
                self.system(answering(twice, headers={"Content-Encoding": encoding}))
                self.assertIn("a compression that actions cannot read", str(self.failure()))

    def test_broken_compression_is_refused(self) -> None:
        for body in (b"no gzip", gzip.compress(b"{}" * 100)[:-4]):
            with self.subTest(body=body):
                self.system(answering(body, headers={"Content-Encoding": "gzip"}))
                self.assertIn("compressed data that is broken", str(self.failure()))

    def test_an_error_status_counts_more_than_its_page(self) -> None:
        self.system(answering(b"x" * (MAX_BODY_BYTES + 1), status=503))
        answer = make_call(request())
        self.assertEqual((answer.status, answer.body), (503, b""))


class ConnectionTests(MakeCallTestCase):
    def test_a_name_that_is_not_found_may_be_found_later(self) -> None:
        with Resolver([]).installed():
            error = self.failure()
        self.assertIsInstance(error, TemporaryActionError)
        self.assertEqual(str(error), f"The name {NAME} could not be found.")

    def test_a_closed_port_may_be_open_later(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with override_settings(ACTION_CONNECT_TO=[f"{NAME}:80=127.0.0.1:{port}"]):
            error = self.failure(request(f"http://{NAME}/hook/secret-path?token=secret"))
        self.assertIsInstance(error, TemporaryActionError)
        self.assertEqual(str(error), f"{NAME} could not be reached.")
        self.assertIn(f"POST http://{NAME}\n", error.detail)
        self.assertNotIn("secret", error.detail)

    def test_a_connection_that_is_cut_off_is_temporary(self) -> None:
        def half(connection: Connection) -> None:
            connection.send_response(200)
            connection.send_header("Content-Length", "10")
            connection.end_headers()
            connection.wfile.write(b"{")

        for reply in (half, lambda connection: None):
            self.system(reply)
            error = self.failure()
            self.assertIsInstance(error, TemporaryActionError)
            self.assertIn("broke the connection off", str(error))

    def test_what_is_not_http_is_told(self) -> None:
        def greet(connection: Connection) -> None:
            connection.wfile.write(b"220 mail ready\r\n")

        self.system(greet)
        self.assertIn("broke the connection off", str(self.failure()))

    def test_the_next_address_is_tried_where_the_first_cannot_be_reached(self) -> None:
        system = self.enterContext(RemoteSystem(answering()))
        with (
            override_settings(ACTION_CONNECT_TO=[f"{NAME}:80=inside.example:{system.port}"]),
            Resolver(["::1", "127.0.0.1"]).installed(),  # Nobody listens on ::1.
        ):
            self.assertEqual(make_call(request()).status, 200)
        self.assertEqual(len(system.received), 1)


class CertificateTests(MakeCallTestCase):
    """The connection goes to an address; the certificate must still be for the name."""

    def call(self, url: str, *, trusted: bool) -> Answer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        system = RemoteSystem(answering(), tls=context)
        names = [f"{name}:443=127.0.0.1:{system.port}" for name in (NAME, "other.example")]
        environment = {"SSL_CERT_FILE": str(CERTIFICATE)} if trusted else {}
        _tls.cache_clear()
        self.addCleanup(_tls.cache_clear)
        with (
            system,
            override_settings(ACTION_CONNECT_TO=names),
            mock.patch.dict(os.environ, environment),
        ):
            return make_call(request(url))

    def test_a_trusted_certificate_for_the_name_is_accepted(self) -> None:
        self.assertEqual(self.call(f"https://{NAME}/", trusted=True).status, 200)

    def test_a_certificate_for_another_name_is_refused(self) -> None:
        with self.assertRaisesMessage(
            ActionError, "The certificate of other.example cannot be trusted: Hostname mismatch"
        ):
            self.call("https://other.example/", trusted=True)

    def test_a_certificate_of_an_unknown_authority_is_refused(self) -> None:
        with self.assertRaises(ActionError) as caught:
            self.call(f"https://{NAME}/", trusted=False)
        self.assertIn(f"The certificate of {NAME} cannot be trusted", str(caught.exception))
        self.assertNotIsInstance(caught.exception, TemporaryActionError)

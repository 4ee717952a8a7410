"""What Django gets of a request, and what becomes of its answer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import TestCase

from project.serving.wsgi_call import Environ, call, environ_of


def scope(**changes: Any) -> dict[str, Any]:
    return {
        "method": "GET",
        "raw_path": b"/",
        "path": "/",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", "8000"),
        "client": ("192.0.2.1", "4000"),
        "headers": [],
        **changes,
    }


class EnvironTest(TestCase):
    def of(self, **changes: Any) -> Environ:
        return environ_of(scope(**changes), io.BytesIO(), 0)

    def test_a_path_comes_as_the_bytes_that_were_sent(self) -> None:
        self.assertEqual(self.of(raw_path=b"/a%FFb%2Fc%C3%A4")["PATH_INFO"], "/a\xffb/c\xc3\xa4")

    def test_a_header_with_an_underscore_is_not_taken_for_another(self) -> None:
        environ = self.of(
            headers=[(b"x_forwarded_for", b"198.51.100.1"), (b"x-forwarded-for", b"192.0.2.9")]
        )

        self.assertEqual(environ["HTTP_X_FORWARDED_FOR"], "192.0.2.9")

    def test_the_length_is_the_one_that_was_read(self) -> None:
        environ = environ_of(
            scope(headers=[(b"content-length", b"99"), (b"transfer-encoding", b"chunked")]),
            io.BytesIO(b"abc"),
            3,
        )

        self.assertEqual(environ["CONTENT_LENGTH"], "3")
        self.assertNotIn("HTTP_TRANSFER_ENCODING", environ)
        self.assertNotIn("HTTP_CONTENT_LENGTH", environ)

    def test_headers_that_come_twice_are_one(self) -> None:
        environ = self.of(
            headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y")]
        )

        self.assertEqual(environ["HTTP_COOKIE"], "a=1; b=2")
        self.assertEqual(environ["HTTP_ACCEPT"], "x,y")

    def test_no_header_can_ask_what_only_the_edge_asks(self) -> None:
        environ = self.of(
            headers=[(b"ticketflower.asks_body_limit", b"1"), (b"ticketflower.refused_body", b"1")]
        )

        self.assertFalse([key for key in environ if key.startswith("ticketflower")])


class Parts:
    """An answer of two parts that knows whether it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"ab"
        yield b"cd"

    def close(self) -> None:
        self.is_closed = True


class CallTest(TestCase):
    def test_an_answer_is_read_to_its_end_and_closed(self) -> None:
        parts = Parts()

        def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
            start_response(
                "201 Created", [("X-Name", "a"), ("Set-Cookie", "b"), ("Set-Cookie", "c")]
            )
            return parts

        answer = call(application, {})

        self.assertEqual(answer.status, 201)
        self.assertEqual(
            answer.headers, [(b"x-name", b"a"), (b"set-cookie", b"b"), (b"set-cookie", b"c")]
        )
        self.assertTrue(parts.is_closed)

    def test_what_fails_in_the_middle_is_answered_whole(self) -> None:
        def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [])
            yield b"the first half"
            raise RuntimeError("The second half")

        with self.assertLogs("project.serving", "ERROR"):
            answer = call(application, {})

        self.assertEqual(answer.status, 500)

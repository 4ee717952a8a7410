"""A stand-in for the server of a model: it answers as a test says, on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.test import override_settings

from tenants.testing_tools.waits import PATIENCE

type Answers = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the next answer of the server; the last one answers all the rest."""

    server: ModelServer

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        self.server.seen.append(
            (self.path, dict(self.headers), json.loads(self.rfile.read(length)))
        )
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Not into the output of the tests."""


class ModelServer(ThreadingHTTPServer):
    """`seen` has path, headers and body of each request."""

    daemon_threads = True

    def __init__(self, answers: list[Answers]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.seen: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.over = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def asked(self, number: int = -1) -> dict[str, Any]:
        """What a request said of the process."""
        found: dict[str, Any] = json.loads(self.seen[number][2]["messages"][1]["content"])
        return found

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is what some tests are about."""


@contextmanager
def model_server(*answers: Answers, seconds: float = 20) -> Iterator[ModelServer]:
    """Answers in their order, and the settings that name the server."""
    server = ModelServer(list(answers))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        with override_settings(
            DESCRIBE_MODEL_URL=server.address,
            DESCRIBE_MODEL_NAME="stand-in-1",
            DESCRIBE_MODEL_KEY="secret-key",
            DESCRIBE_MODEL_SECONDS=seconds,
        ):
            yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()


def says(text: str, **more: Any) -> Answers:
    """An answer as chat completions have it."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, **more}
    body = json.dumps({"id": "1", "object": "chat.completion", "choices": [choice]}).encode()
    return lambda handler: handler.send(200, body)


def drafts(bundle: Any, *questions: str) -> Answers:
    return says(json.dumps({"bundle": bundle, "questions": list(questions)}))


def answers(status: int, body: bytes = b"{}", **headers: str) -> Answers:
    return lambda handler: handler.send(status, body, **headers)


def is_silent(handler: Handler) -> None:
    """Takes the request, and says nothing."""
    handler.server.over.wait(PATIENCE)


def never_ends(handler: Handler) -> None:
    """Begins, and goes on a byte at a time."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b" ")


def floods(handler: Handler) -> None:
    """More than anybody reads."""
    handler.send_response(200)
    handler.end_headers()
    for _number in range(400):
        handler.wfile.write(b" " * 65536)

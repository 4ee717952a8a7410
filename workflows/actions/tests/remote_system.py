"""Another system for the tests: a real HTTP server on this machine."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

NAME = "accounting.example"


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each.lower() == name.lower()]

    @property
    def is_whole(self) -> bool:
        """Whether all of the body came that was announced."""
        return self.header("Content-Length") in ([], [str(len(self.body))])


class RemoteSystem:
    """Answers every POST and GET with `reply`, which is given the open connection to write to.

    While it is entered, `received` lists what came. It listens on 127.0.0.1, where a call
    comes only by way of a setting: see `connect_to`.
    """

    def __init__(
        self, reply: Callable[[Connection], None], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.received: list[Received] = []
        self.reply = reply
        system = self

        class Handler(Connection):
            remote_system = system

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def connect_to(self) -> list[str]:
        """The value of ACTION_CONNECT_TO that leads calls to NAME here."""
        return [f"{NAME}:80=127.0.0.1:{self.port}", f"{NAME}:443=127.0.0.1:{self.port}"]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Connection(BaseHTTPRequestHandler):
    remote_system: RemoteSystem

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.remote_system.received.append(Received(self.path, self.headers.items(), body))
        try:
            self.remote_system.reply(self)
        except OSError:
            self.close_connection = True  # The caller has had enough.

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The tests' output is for the tests."""


def answering(
    body: bytes = b"{}", *, status: int = 200, headers: dict[str, str] | None = None
) -> Callable[[Connection], None]:
    """A reply that is always the same."""

    def reply(connection: Connection) -> None:
        connection.send_response(status)
        for name, value in (headers or {}).items():
            connection.send_header(name, value)
        connection.send_header("Content-Length", str(len(body)))
        connection.end_headers()
        connection.wfile.write(body)

    return reply

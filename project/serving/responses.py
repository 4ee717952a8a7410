"""The answer of Django, made whole before it is sent: a slow reader holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import Any, Final

type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Header = tuple[bytes, bytes]

# What stays in memory of one answer; the rest goes to a temporary file.
MEMORY_BYTES: Final = 1024 * 1024
# What is sent at once, and how long (in seconds) a reader may take for it: 2 kB a second.
PART_BYTES: Final = 64 * 1024
PART_SECONDS: Final = 30.0


class Answer:
    """Status, headers and content. Close it when it has been sent."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[Header] = []
        self.refused = ""  # why the edge has answered in the place of Django
        self._file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - see `close`
        self._size = 0

    def start(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        """What a WSGI application says first."""
        self.status = int(status.partition(" ")[0])
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]

    def add(self, part: bytes) -> None:
        self._file.write(part)
        self._size += len(part)

    async def send(self, send: Send) -> None:
        """Send it all.

        Raises:
            TimeoutError: the reader takes it too slowly.
        """
        await asyncio.wait_for(
            send({"type": "http.response.start", "status": self.status, "headers": self.headers}),
            PART_SECONDS,
        )
        self._file.seek(0)
        left = self._size
        while True:
            part = self._file.read(PART_BYTES)
            left -= len(part)
            message = {"type": "http.response.body", "body": part, "more_body": left > 0}
            await asyncio.wait_for(send(message), PART_SECONDS)
            if left <= 0:
                return

    def close(self) -> None:
        self._file.close()


def refusal(status: int, reason: str, text: str, headers: Iterable[Header] = ()) -> Answer:
    """What the edge answers in the place of Django. `reason` is for the log and the figures."""
    answer = plain_answer(status, text, headers)
    answer.refused = reason
    return answer


def plain_answer(status: int, text: str, headers: Iterable[Header] = ()) -> Answer:
    """One that the edge gives by itself."""
    answer = Answer()
    content = text.encode()
    answer.status = status
    answer.headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *headers,
    ]
    answer.add(content)
    return answer

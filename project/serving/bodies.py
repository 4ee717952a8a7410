"""Reading the body of a request before anybody works on it: within a size, and in good time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Final

type Message = Mapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]

# What stays in memory of one body; the rest goes to a temporary file.
MEMORY_BYTES: Final = 64 * 1024


class BodyRefusedError(Exception):
    """The body is not taken. `status` is what the sender is answered."""

    status: int


class BodyTooLargeError(BodyRefusedError):
    status = 413


class BodyTooSlowError(BodyRefusedError):
    status = 408


class SenderGoneError(BodyRefusedError):
    """Nobody is there to be answered."""

    status = 400


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a body must come: what has come may never lie more than `grace` seconds behind
    `bytes_per_second`, and after `longest` seconds it must be there."""

    grace: float = 10.0
    bytes_per_second: int = 4 * 1024
    longest: float = 600.0

    def until(self, received: int) -> float:
        """Until when (in seconds from the beginning) the next part must have come."""
        return min(self.grace + received / self.bytes_per_second, self.longest)


class Body:
    """A body as it comes in. Close it when the request has been answered."""

    def __init__(self, receive: Receive, pace: Pace) -> None:
        self.file = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - see `close`
        self.received = 0
        self._receive = receive
        self._pace = pace
        self._began = asyncio.get_running_loop().time()
        self._ended = False
        self._timeout: asyncio.Timeout | None = None

    async def read(self, most: int) -> bool:
        """Read on until the end, or until more than `most` bytes have come.

        Returns whether the end has come. What has come by then is kept: a larger `most` may be
        tried afterwards.

        Raises:
            BodyTooSlowError: it came slower than the pace.
            SenderGoneError: the connection ended before the body did.
        """
        while not self._ended and self.received <= most:
            part = await self._next_part()
            self.file.write(part)
            self.received += len(part)
        return self._ended and self.received <= most

    async def skip(self, most: int) -> None:
        """Throw away what comes, so that the sender, who is still sending, hears the answer.

        Raises:
            BodyRefusedError: it came too slowly, more than `most` bytes came, or nobody is there.
        """
        skipped = 0
        while not self._ended:
            part = await self._next_part()
            self.received += len(part)
            skipped += len(part)
            if skipped > most:
                raise BodyTooLargeError

    def give_up(self) -> None:
        """Wait for it no longer: whoever reads it gets a BodyTooSlowError."""
        self._pace = Pace(longest=0.0)
        if self._timeout is not None:
            self._timeout.reschedule(self._began)

    def close(self) -> None:
        self.file.close()

    async def _next_part(self) -> bytes:
        until = self._began + self._pace.until(self.received)
        try:
            async with asyncio.timeout_at(until) as self._timeout:
                message = await self._receive()
        except TimeoutError as error:
            raise BodyTooSlowError from error
        finally:
            self._timeout = None
        if message["type"] != "http.request":
            raise SenderGoneError
        self._ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))

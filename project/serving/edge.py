"""The edge: an ASGI application that stands in front of Django, which is a WSGI one.

Many connections are held by one event loop, and cost next to nothing while they wait; Django runs
in one thread of each process, as it is fastest. So a request reaches Django when its body is
there, and leaves it when its answer is made, however slow the other side is. Who sends much waits
longer than who sends little (`project/serving/turns.py`). How large a body may
be, Django is asked before more than SMALL_BODY of it is read. `/healthz` is answered by the loop
itself, whatever Django is busy with.

Nothing here knows a company, a person or an address of a page.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections import Counter
from collections.abc import Callable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, Final

from project.serving.bodies import (
    Body,
    BodyTooLargeError,
    BodyTooSlowError,
    Pace,
    Receive,
    SenderGoneError,
)
from project.serving.responses import Answer, Send, plain_answer, refusal
from project.serving.turns import TooManyWaitError, Turns, line_of
from project.serving.wsgi_call import Application, Environ, call, environ_of
from tenants.limits.bodies import ASKS_BODY_LIMIT, BODY_LIMIT_HEADER, REFUSED_BODY, SMALL_BODY
from tenants.limits.sender import place_of_sender, sender_in
from tenants.observing.log_context import logged
from tenants.observing.metrics import count
from tenants.observing.request_ids import REQUEST_ID, REQUEST_ID_HEADER, request_id_of

logger = logging.getLogger(__name__)

# How many bodies are waited for, and how many requests wait for Django, in one process.
MOST_BODIES: Final = 1_000
MOST_QUEUED: Final = 200
# How many bodies larger than SMALL_BODY are kept at once, in memory and on disk, in one process.
MOST_LARGE: Final = 32
# How much of a body that is too large is thrown away, so that its sender hears why.
MOST_SKIPPED: Final = 64 * 1024 * 1024
# Django, or we in its place, have no time for this person.
NOT_NOW: Final = (429, 503)
MOST_HEADER_BYTES: Final = 32 * 1024
# A request that Django is busy with for longer (seconds): the process counts as stuck.
STUCK_SECONDS: Final = 300.0
HEALTH: Final = "/healthz"
HEADERS: Final = "HeadersTooLarge"

TOO_MUCH: Final = "What you send is too large."
TOO_SLOW: Final = "What you send comes too slowly. Please send it again."
BUSY: Final = "There is more to do than can be done at this moment. Please try again in a minute."


class Edge:
    """Serves a WSGI application to an ASGI server."""

    def __init__(self, application: Application, *, pace: Pace | None = None) -> None:
        self._application = application
        self._pace = pace or Pace()
        self._django = ThreadPoolExecutor(max_workers=1, thread_name_prefix="django")
        # Each with its sender, oldest first.
        self._bodies: dict[Body, str] = {}
        self._large: dict[Body, str] = {}
        self._turns = Turns(MOST_QUEUED)
        self._busy_since: float | None = None

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began = perf_counter()
        scope = {**scope, REQUEST_ID: _request_id(scope["headers"])}
        try:
            answer = await self._answer(scope, receive)
        except SenderGoneError:
            return
        if answer.refused:
            _say_refusal(scope, answer, perf_counter() - began)
        try:
            await answer.send(send)
        except TimeoutError:
            logger.info("A reader took an answer too slowly")
            raise  # the server closes the connection
        finally:
            answer.close()

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> Answer:
        if scope["path"] == HEALTH and scope["method"] in ("GET", "HEAD"):
            return self._health()
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > MOST_HEADER_BYTES:
            return refusal(431, HEADERS, "The headers are too large. Delete this site's cookies.")
        if not _announces_body(headers):
            return await self._ask_django(environ_of(scope, io.BytesIO(), 0))
        return await self._answer_to_body(scope, Body(receive, self._pace))

    async def _answer_to_body(self, scope: Mapping[str, Any], body: Body) -> Answer:
        try:
            if (refusal := await self._read(scope, body)) is not None:
                return refusal
            body.file.seek(0)
            environ = environ_of(scope, body.file, body.received)
            return await self._ask_django(environ)
        finally:
            self._large.pop(body, None)
            body.close()

    async def _read(self, scope: Mapping[str, Any], body: Body) -> Answer | None:
        """Read the body. What is answered in its place, where it is not taken.

        Raises:
            SenderGoneError: nobody is there any more.
        """
        place = place_of_sender(sender_in(environ_of(scope, io.BytesIO(), 0)))
        while len(self._bodies) >= MOST_BODIES:
            slowest = _makes_way(self._bodies, place, self._bodies)
            if slowest is None:
                break
            del self._bodies[slowest]
            slowest.give_up()
        self._bodies[body] = place
        try:
            return await self._read_within_limit(scope, body)
        except BodyTooSlowError:
            return refusal(408, "BodyTooSlow", TOO_SLOW, [(b"connection", b"close")])
        except BodyTooLargeError:
            return refusal(413, "BodyTooLarge", TOO_MUCH, [(b"connection", b"close")])
        finally:
            self._bodies.pop(body, None)

    async def _read_within_limit(self, scope: Mapping[str, Any], body: Body) -> Answer | None:
        announced = _content_length(scope["headers"])
        if announced <= SMALL_BODY and await body.read(SMALL_BODY):
            return None
        limit = await self._limit(scope)
        if isinstance(limit, Answer):
            return limit
        if limit <= SMALL_BODY:
            raise BodyTooLargeError
        if not self._may_keep(body):
            return refusal(503, "TooManyLargeBodies", BUSY, [(b"retry-after", b"60")])
        if announced <= limit and await body.read(limit):
            return None
        await body.skip(MOST_SKIPPED)
        environ = environ_of(scope, io.BytesIO(), 0)
        return await self._ask_django({**environ, REFUSED_BODY: limit})

    def _may_keep(self, body: Body) -> bool:
        """Whether there is room for one more large body: another one that still comes makes way."""
        place = self._bodies.get(body, "")
        if len(self._large) >= MOST_LARGE:
            oldest = _makes_way(self._large, place, self._bodies)
            if oldest is None:  # all of them are there, and wait for Django
                return False
            del self._large[oldest]
            oldest.give_up()
        self._large[body] = place
        return True

    async def _limit(self, scope: Mapping[str, Any]) -> int | Answer:
        """How large a body Django takes from this person at this address, in bytes.

        Where nothing is taken now, whatever its size, the answer that says so.
        """
        environ = environ_of(scope, io.BytesIO(), 0)
        answer = await self._ask_django({**environ, ASKS_BODY_LIMIT: True})
        if answer.status in NOT_NOW:
            answer.headers.append((b"connection", b"close"))
            return answer
        answer.close()
        name = BODY_LIMIT_HEADER.lower().encode()
        return int(dict(answer.headers).get(name, SMALL_BODY))

    async def _ask_django(self, environ: Environ) -> Answer:
        try:
            await self._turns.take(*line_of(environ))
        except TooManyWaitError:
            return refusal(503, "TooManyRequests", BUSY, [(b"retry-after", b"60")])
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(self._django, self._call, loop.time, environ)
        answer.add_done_callback(lambda _answer: self._turns.give_back())
        return await answer

    def _call(self, now: Callable[[], float], environ: Environ) -> Answer:
        self._busy_since = now()
        try:
            return call(self._application, environ)
        finally:
            self._busy_since = None

    def _health(self) -> Answer:
        since = self._busy_since
        if since is not None and asyncio.get_running_loop().time() - since > STUCK_SECONDS:
            return _as_json(plain_answer(503, '{"status": "stuck"}'))
        return _as_json(plain_answer(200, '{"status": "ok"}'))


def _makes_way(kept: Mapping[Body, str], place: str, coming: Container[Body]) -> Body | None:
    """Of those that still come the oldest of whoever has most, with the one that comes from
    `place` now: who sends many takes nobody else's room."""
    counts = Counter([*kept.values(), place])
    still = (each for each in kept if each in coming)
    return max(still, key=lambda each: counts[kept[each]], default=None)


def _request_id(headers: list[tuple[bytes, bytes]]) -> str:
    wanted = REQUEST_ID_HEADER.lower().encode()
    given = next((value for name, value in headers if name == wanted), None)
    return request_id_of(None if given is None else given.decode("latin-1"))


def _say_refusal(scope: Mapping[str, Any], answer: Answer, seconds: float) -> None:
    """Nobody knows which page it was for: in its path is what somebody typed."""
    request_id = str(scope[REQUEST_ID])
    answer.headers.append((REQUEST_ID_HEADER.lower().encode(), request_id.encode()))
    count("edge_refusals", reason=answer.refused)
    with logged(request=request_id, reason=answer.refused):
        logger.info(
            "Refused with %s (%s)",
            answer.status,
            answer.refused,
            extra={"facts": {"status": answer.status, "seconds": round(seconds, 4)}},
        )


def _as_json(answer: Answer) -> Answer:
    answer.headers[0] = (b"content-type", b"application/json")
    return answer


def _announces_body(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


def _content_length(headers: list[tuple[bytes, bytes]]) -> int:
    """What is announced; 0 where nothing is. The server has seen that it is a number."""
    return next((int(value) for name, value in headers if name == b"content-length"), 0)

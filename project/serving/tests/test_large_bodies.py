"""Large bodies take room: no one person's fill it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from unittest import TestCase, mock

from project.serving import edge
from project.serving.bodies import Pace
from project.serving.edge import Edge
from project.serving.tests.test_bodies import sender
from project.serving.tests.test_wsgi_call import scope
from project.serving.wsgi_call import Environ
from tenants.limits.bodies import BODY_LIMIT_HEADER, SMALL_BODY

LARGE = 4 * SMALL_BODY


def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [(BODY_LIMIT_HEADER, str(LARGE))])
    return [b""]


class LargeBodiesTest(TestCase):
    async def status(
        self, server: Edge, receive: Callable[[], Awaitable[Any]], *, client: str = "192.0.2.1"
    ) -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        head = [(b"content-length", str(LARGE).encode())]
        await server(
            scope(type="http", method="POST", headers=head, client=(client, "4000")), receive, send
        )
        return int(sent[0]["status"])

    def test_who_sends_many_takes_nobody_elses_room(self) -> None:
        """Neither among large bodies nor among all, however long somebody else has been sending."""

        async def run() -> tuple[bool, int]:
            server = Edge(application, pace=Pace(grace=600.0))

            async def begin(client: str) -> asyncio.Task[int]:
                silent = sender(b"x" * (SMALL_BODY + 1), then="silence")
                task = asyncio.create_task(self.status(server, silent, client=client))
                before = len(server._large)
                while len(server._large) == before and not task.done():
                    await asyncio.sleep(0)
                return task

            slow = await begin("198.51.100.7")
            greedy = await begin("192.0.2.1")
            whole = await self.status(server, sender(b"x" * LARGE))
            gone = await greedy
            is_left = not slow.done()
            slow.cancel()
            return is_left and gone == 408, whole

        for most in ("MOST_LARGE", "MOST_BODIES"):
            with self.subTest(most), mock.patch.object(edge, most, 2):
                self.assertEqual(asyncio.run(run()), (True, 200))

    def test_the_one_that_has_been_coming_for_longest_makes_way(self) -> None:
        async def run() -> tuple[int, int]:
            server = Edge(application, pace=Pace(grace=600.0))
            silent = asyncio.create_task(self.status(server, sender(b"x", then="silence")))
            while not server._large and not silent.done():
                await asyncio.sleep(0)
            whole = await self.status(server, sender(b"x" * LARGE))
            self.assertEqual(len(server._large), 0)
            return await silent, whole

        with mock.patch.object(edge, "MOST_LARGE", 1):
            self.assertEqual(asyncio.run(run()), (408, 200))

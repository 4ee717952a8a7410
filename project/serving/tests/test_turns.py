"""Whoever sends much waits for themselves."""

from __future__ import annotations

import asyncio
from unittest import TestCase

from django.conf import settings
from django.test import SimpleTestCase, override_settings

from project.serving.edge import Edge
from project.serving.turns import VISITORS, TooManyWaitError, Turns, line_of
from project.serving.wsgi_call import Environ


class TurnsTests(TestCase):
    def setUp(self) -> None:
        self.turns = Turns(most=6)
        self.done: list[str] = []
        self.asked: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """Requests such as `a.1`: the line, the member; a letter more tells them apart."""
        for name in names:
            self.asked[name] = asyncio.create_task(self.request(name))
            await asyncio.sleep(0)

    async def request(self, name: str) -> None:
        line, member, *_rest = name.split(".")
        await self.turns.take(line, member)
        self.done.append(name)
        await asyncio.sleep(0)
        self.turns.give_back()

    async def end(self) -> list[str]:
        await asyncio.gather(*self.asked.values(), return_exceptions=True)
        return self.done

    def test_senders_take_turns(self) -> None:
        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("a.1.p", "a.1.q", "a.1.r", "b.1.p", "c.1.p")
            self.turns.give_back()
            self.assertEqual(await self.end(), ["a.1.p", "b.1.p", "c.1.p", "a.1.q", "a.1.r"])

        asyncio.run(run())

    def test_whoever_comes_during_a_turn_is_before_the_next_of_its_line(self) -> None:
        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("v.1.p", "v.2.p", "v.3.p", "a.1.p")
            self.turns.give_back()
            await self.end()
            self.assertEqual(self.done[:2], ["v.1.p", "a.1.p"])
            self.done.clear()
            self.asked.clear()
            await self.turns.take("v", "1")
            await self.ask("v.2.p", "v.3.p", "a.1.p", "b.1.p")
            self.turns.give_back()
            self.assertEqual(await self.end(), ["a.1.p", "b.1.p", "v.2.p", "v.3.p"])

        asyncio.run(run())

    def test_sessions_of_one_address_do_so_within_its_line(self) -> None:
        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("a.1.p", "a.1.q", "a.1.r", "a.2.p", "b.1.p", "b.1.q")
            self.turns.give_back()
            self.assertEqual(
                await self.end(), ["a.1.p", "b.1.p", "a.2.p", "b.1.q", "a.1.q", "a.1.r"]
            )

        asyncio.run(run())

    def test_of_too_many_the_longest_line_loses_its_newest(self) -> None:
        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("a.1.p", "a.1.q", "a.1.r", "a.1.s", "b.1.p", "c.1.p")
            await self.ask("a.1.t", "b.1.q")
            self.turns.give_back()
            self.assertEqual(
                await self.end(), ["a.1.p", "b.1.p", "c.1.p", "a.1.q", "b.1.q", "a.1.r"]
            )
            for name in ("a.1.s", "a.1.t"):
                self.assertIsInstance(self.asked[name].exception(), TooManyWaitError)

        asyncio.run(run())

    def test_within_the_longest_line_it_is_whoever_has_most(self) -> None:
        """Or one machine that logs in on and on has everybody else's log-ins refused."""

        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("v.1.p", "v.1.q", "v.1.r", "v.1.s", "v.1.t", "a.1.p")
            await self.ask("v.2.p", "v.3.p", "v.1.u", "v.2.q", "v.3.q")
            self.turns.give_back()
            done = await self.end()
            self.assertEqual(done, ["v.1.p", "a.1.p", "v.2.p", "v.3.p", "v.1.q", "v.2.q"])
            for name in ("v.1.r", "v.1.s", "v.1.t", "v.1.u", "v.3.q"):
                self.assertIsInstance(self.asked[name].exception(), TooManyWaitError)

        asyncio.run(run())

    def test_where_nobody_has_more_the_newest_is_refused(self) -> None:
        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("v.1.p", "v.2.p", "v.3.p", "v.4.p", "v.5.p", "v.6.p", "v.7.p", "b.1.p")
            self.turns.give_back()
            await self.end()
            for name in ("v.6.p", "v.7.p"):
                self.assertIsInstance(self.asked[name].exception(), TooManyWaitError)
            self.assertEqual(self.done[:2], ["v.1.p", "b.1.p"])

        asyncio.run(run())

    def test_whoever_goes_away_is_passed_over(self) -> None:
        async def run() -> None:
            await self.turns.take("x", "")
            await self.ask("a.1.p", "b.1.p", "c.1.p")
            self.asked["b.1.p"].cancel()
            await asyncio.sleep(0)
            self.turns.give_back()
            self.asked["a.1.p"].cancel()  # its turn has come, and it does not know it yet
            self.assertEqual(await self.end(), ["c.1.p"])
            await self.ask("d.1.p")
            self.assertEqual(await self.end(), ["c.1.p", "d.1.p"])

        asyncio.run(run())


class EdgeTests(TestCase):
    """The edge lets nobody wait behind all that somebody else has sent."""

    def test_a_flood_of_log_ins_holds_no_page_up(self) -> None:
        self.assert_a_page_is_next("/app/")

    def test_what_takes_seconds_holds_no_page_up_wherever_it_comes_from(self) -> None:
        token = (b"authorization", b"Bearer tf_x")
        for path in ("/mcp", "/api/v1/bundles/check", "/api/v1/workflows/7/replay"):
            with self.subTest(path):
                self.assert_a_page_is_next(path, token)

    def assert_a_page_is_next(self, path: str, *headers: tuple[bytes, bytes]) -> None:
        """After what is just being done, whatever is sent to this address, from wherever."""

        async def run() -> None:
            served: list[str] = []

            def application(environ: Environ, start_response: object) -> list[bytes]:
                served.append(environ["HTTP_X_NAME"])
                assert callable(start_response)
                start_response("200 OK", [])
                return [b""]

            edge = Edge(application)
            cookie = f"{settings.SESSION_COOKIE_NAME}=s".encode()
            floods = [
                self.ask(
                    edge,
                    f"flood {number}",
                    client=f"9.9.9.{number}",
                    method="POST",
                    path=path,
                    headers=list(headers),
                )
                for number in range(20)
            ]
            page = self.ask(edge, "page", client="1.1.1.1", headers=[(b"cookie", cookie)])
            await asyncio.gather(*floods, page)
            self.assertEqual(len(served), 21)
            self.assertLessEqual(served.index("page"), 1)

        asyncio.run(run())

    async def ask(
        self,
        edge: Edge,
        name: str,
        *,
        client: str,
        method: str = "GET",
        path: str = "/app/",
        headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "http_version": "1.1",
            "client": (client, 1),
            "headers": [(b"x-name", name.encode()), *(headers or [])],
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: object) -> None:
            """Nobody reads it."""

        await edge(scope, receive, send)


class LineTests(SimpleTestCase):
    def line(self, method: str = "GET", cookies: str = "", **more: str) -> tuple[str, str]:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/app/",
            "REMOTE_ADDR": "1.2.3.4",
            "HTTP_COOKIE": cookies,
        }
        return line_of({**environ, **more})

    def test_it_is_the_senders_and_its_members_are_sessions(self) -> None:
        name = settings.SESSION_COOKIE_NAME
        self.assertEqual(self.line(), ("1.2.3.4", ""))
        self.assertEqual(self.line(cookies=f"x{name}=b; {name}=a; c=d"), ("1.2.3.4", "a"))
        self.assertEqual(self.line("POST", f"{name}=a"), ("1.2.3.4", "a"))

    def test_forms_of_visitors_share_one(self) -> None:
        for cookies in ("", "csrftoken=a", f"{settings.SESSION_COOKIE_NAME}="):
            self.assertEqual(self.line("POST", cookies), (VISITORS, "1.2.3.4"))

    @override_settings(HTTPS=True)
    def test_behind_a_proxy_it_is_whom_that_has_seen(self) -> None:
        forwarded = {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 2001:db8::1"}
        self.assertEqual(self.line(**forwarded), ("20010db800000000/64", ""))

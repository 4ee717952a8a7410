"""Who has no requests left is told so before a body is read, and before a right is looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from unittest import TestCase, mock

from django.core.cache import caches
from django.test import override_settings

from project.serving.edge import Edge
from project.serving.tests.test_bodies import sender
from project.serving.tests.test_wsgi_call import scope
from tenants.api.tests.api_case import ROOT, ApiCase
from tenants.connection import current_schema
from tenants.limits.bodies import ASKS_BODY_LIMIT, BODY_LIMIT_HEADER, SMALL_BODY
from tenants.models import User

LARGE = 4 * SMALL_BODY


class BodyLimitTests(ApiCase):
    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()
        self.addCleanup(caches["rates"].clear)

    def limit(self, path: str) -> Any:
        """What the edge is answered before it reads more of a large body."""
        headers = {"Authorization": f"Bearer {self.raw_of(self.uma)}"}
        asks: dict[str, Any] = {ASKS_BODY_LIMIT: True}
        return self.client.post(path, headers=headers, **asks)

    def test_who_has_none_left_is_refused_and_no_right_is_looked_up(self) -> None:
        self.raw_of(self.uma)
        for path in (ROOT + "tickets", "/mcp"):
            with (
                self.subTest(path),
                override_settings(TOKEN_REQUESTS_A_MINUTE=0),
                mock.patch.object(User, "has_perms") as has_perms,
            ):
                refused = self.limit(path)
                self.assert_problem(refused, 429)
                self.assertGreater(int(refused["Retry-After"]), 0)
                has_perms.assert_not_called()

    def test_a_process_that_remembers_it_does_not_ask_for_the_count_again(self) -> None:
        self.raw_of(self.uma)
        with override_settings(TOKEN_REQUESTS_A_MINUTE=0):
            self.limit("/mcp")
            counted = mock.patch("tenants.limits.table.counted_requests")
            with counted as asked:
                self.assert_problem(self.limit("/mcp"), 429)
            asked.assert_not_called()

    def test_it_counts_nothing_and_looks_in_the_company(self) -> None:
        where: list[str] = []

        def has_perms(*_asked: object) -> bool:
            where.append(current_schema())
            return True

        with (
            override_settings(TOKEN_REQUESTS_A_MINUTE=1),
            mock.patch.object(User, "has_perms", has_perms),
        ):
            for _each in range(3):
                answer = self.limit(ROOT + "tickets")
                self.assertGreater(int(answer[BODY_LIMIT_HEADER]), SMALL_BODY)
            self.ask(self.uma, "GET", "ticket-types", expect=200)
        self.assertEqual(set(where), {"acme"})


class EdgeTests(TestCase):
    def answered(self, status: str) -> dict[str, Any]:
        """The beginning of the answer to a large body, of which only a little ever comes."""
        sent: list[dict[str, Any]] = []

        def application(_environ: object, start_response: Any) -> Iterable[bytes]:
            start_response(status, [("Retry-After", "7"), (BODY_LIMIT_HEADER, str(LARGE))])
            return [b"Wait."]

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def run() -> None:
            head = [(b"content-length", str(LARGE).encode())]
            receive = sender(b"x", then="silence")
            await Edge(application)(scope(type="http", method="POST", headers=head), receive, send)

        asyncio.run(asyncio.wait_for(run(), 60))
        return sent[0]

    def test_what_django_has_no_time_for_is_answered_at_once(self) -> None:
        for status in (429, 503):
            with self.subTest(status):
                begun = self.answered(f"{status} Wait")
                self.assertEqual(begun["status"], status)
                self.assertIn((b"retry-after", b"7"), begun["headers"])
                self.assertIn((b"connection", b"close"), begun["headers"])

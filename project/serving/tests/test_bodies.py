"""How a body is read, without a network: parts come when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from unittest import TestCase

from project.serving.bodies import Body, BodyTooLargeError, BodyTooSlowError, Pace, SenderGoneError

PATIENT = Pace(grace=600.0)


def sender(*parts: bytes, then: str = "end") -> Callable[[], Awaitable[dict[str, object]]]:
    """Sends the parts, and after them the `end`, nothing any more ("silence"), or goes ("gone")."""
    left = list(parts)

    async def receive() -> dict[str, object]:
        if left:
            part = left.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(left) or then != "end"}
        if then == "gone":
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    return receive


class BodyTest(TestCase):
    def read(
        self, *parts: bytes, most: int, pace: Pace = PATIENT, then: str = "end"
    ) -> tuple[bool, bytes]:
        async def run() -> tuple[bool, bytes]:
            body = Body(sender(*parts, then=then), pace)
            try:
                is_whole = await body.read(most)
                body.file.seek(0)
                return is_whole, body.file.read()
            finally:
                body.close()

        return asyncio.run(run())

    def test_it_reads_a_body_to_its_end(self) -> None:
        self.assertEqual(self.read(b"ab", b"cd", most=4), (True, b"abcd"))

    def test_it_stops_where_more_comes_than_is_allowed(self) -> None:
        is_whole, read = self.read(b"ab", b"cd", b"ef", most=3)

        self.assertFalse(is_whole)
        self.assertEqual(read, b"abcd")

    def test_a_body_whose_last_part_is_too_much_is_not_whole(self) -> None:
        self.assertEqual(self.read(b"ab", b"cd", most=3), (False, b"abcd"))

    def test_it_reads_on_where_more_is_allowed_afterwards(self) -> None:
        async def run() -> bytes:
            body = Body(sender(b"ab", b"cd", b"ef"), PATIENT)
            self.assertFalse(await body.read(3))
            self.assertTrue(await body.read(10))
            body.file.seek(0)
            return body.file.read()

        self.assertEqual(asyncio.run(run()), b"abcdef")

    def test_a_sender_who_falls_silent_is_too_slow(self) -> None:
        with self.assertRaises(BodyTooSlowError):
            self.read(b"a", most=10, pace=Pace(grace=0.05), then="silence")

    def test_many_small_parts_are_no_way_to_stay(self) -> None:
        """However busily it sends: who lies behind the pace is too slow."""

        async def drip() -> dict[str, object]:
            await asyncio.sleep(0.001)
            return {"type": "http.request", "body": b"a", "more_body": True}

        async def run() -> None:
            await Body(drip, Pace(grace=0.05, bytes_per_second=1_000_000)).read(10**9)

        with self.assertRaises(BodyTooSlowError):
            asyncio.run(run())

    def test_no_pace_is_quick_enough_for_longer_than_the_longest(self) -> None:
        pace = Pace(grace=10, bytes_per_second=1, longest=60)

        self.assertEqual(pace.until(5), 15)
        self.assertEqual(pace.until(10**9), 60)

    def test_a_sender_who_goes_is_gone(self) -> None:
        with self.assertRaises(SenderGoneError):
            self.read(b"a", most=10, then="gone")

    def test_who_waits_for_a_body_can_be_freed(self) -> None:
        async def run() -> None:
            body = Body(sender(b"a", then="silence"), PATIENT)
            reading = asyncio.create_task(body.read(10))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            body.give_up()
            await reading

        with self.assertRaises(BodyTooSlowError):
            asyncio.run(run())

    def test_what_is_skipped_has_an_end(self) -> None:
        async def run() -> None:
            await Body(sender(b"ab", b"cd", then="silence"), PATIENT).skip(3)

        with self.assertRaises(BodyTooLargeError):
            asyncio.run(run())

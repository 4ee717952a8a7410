"""Requests are counted over all processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.core.cache import caches
from django.db import connection
from django.test import tag
from django.test.utils import CaptureQueriesContext

from tenants.errors import AttemptsPausedError, RateLimitedError
from tenants.limits.rates import (
    Pauses,
    begin_attempt,
    count_request,
    count_requests,
    count_what_fits,
    counted_requests,
    forget_old_counts,
)
from tenants.models import RequestCount
from tenants.testing import CompanyTestCase, CompanyTransactionTestCase, run_python

WINDOW = 60

MANY = """
import django
django.setup()
from tenants.errors import RateLimitedError
from tenants.limits.rates import count_request

passed = 0
for _each in range(40):
    try:
        count_request("kind", "somebody", most=50, seconds=60)
    except RateLimitedError:
        continue
    passed += 1
print(passed)
"""


class RateLimitTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        caches["rates"].clear()

    def pass_seconds(self, seconds: int) -> None:
        """All that was counted lies so much longer ago."""
        caches["rates"].clear()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tenants_requestcount SET began_at = began_at - %s * interval '1 second'",
                [seconds],
            )

    def refused(self, who: str = "uma", *, most: int = 2) -> int:
        """For how many seconds; 0 where the request passes."""
        try:
            count_request("kind", who, most=most, seconds=WINDOW)
        except RateLimitedError as limited:
            return limited.seconds
        return 0

    def test_many_at_once_are_all_counted_or_none(self) -> None:
        def left(number: int) -> int:
            """How many there could still be; -1 where they pass."""
            try:
                count_requests("kind", "uma", number, most=5, seconds=WINDOW)
            except RateLimitedError as limited:
                return limited.left
            return -1

        self.assertEqual([left(6), left(3), left(3), left(2), left(1)], [5, -1, 2, -1, 0])
        self.pass_seconds(WINDOW + 1)
        self.assertEqual([left(5), left(1)], [-1, 0])

    def test_of_several_what_fits_is_counted_and_no_more(self) -> None:
        def fits(most: int, **numbers: int) -> dict[str, int]:
            return count_what_fits("kind", numbers, most=most, seconds=WINDOW)

        def counted(who: str) -> int:
            return counted_requests("kind", who, seconds=WINDOW)

        self.assertEqual(fits(5, uma=3, walt=9), {"uma": 3, "walt": 5})
        self.assertEqual((counted("uma"), counted("walt")), (3, 5))
        self.assertEqual(fits(5, uma=4, walt=1), {"uma": 2, "walt": 0})
        self.assertEqual((counted("uma"), counted("walt")), (5, 5))
        # Fewer than there were, then more.
        self.assertEqual(fits(2, uma=4), {"uma": 0})
        self.assertEqual(counted("uma"), 5)
        self.assertEqual(fits(7, uma=4), {"uma": 2})
        self.pass_seconds(WINDOW + 1)
        self.assertEqual(fits(5, uma=9), {"uma": 5})
        self.assertEqual(counted("uma"), 5)

    def test_so_many_pass_and_the_next_one_is_told_how_long_to_wait(self) -> None:
        self.assertEqual([self.refused(), self.refused()], [0, 0])
        self.assertIn(self.refused(), range(WINDOW - 10, WINDOW + 1))
        self.assertEqual(self.refused("walt"), 0)

    def test_after_a_minute_it_begins_anew(self) -> None:
        for _each in range(3):
            self.refused()
        self.pass_seconds(WINDOW - 20)
        self.assertIn(self.refused(), range(10, 21))
        self.pass_seconds(20)
        self.assertEqual([self.refused(), self.refused()], [0, 0])
        self.assertGreater(self.refused(), WINDOW - 10)

    def test_a_flood_does_not_reach_the_database(self) -> None:
        for _each in range(3):
            self.refused()
        with CaptureQueriesContext(connection) as queries:
            for _each in range(50):
                self.assertGreater(self.refused(), 0)
        self.assertEqual(len(queries), 0)

    def test_attempts_are_counted_before_they_are_judged(self) -> None:
        pauses = Pauses(free=3, first=10, longest=60, memory=600)
        for _each in range(3):
            begin_attempt("kind", "uma", pauses=pauses)
        for _each in range(2):
            with self.assertRaises(AttemptsPausedError) as paused:
                begin_attempt("kind", "uma", pauses=pauses)
            self.assertIn(paused.exception.seconds, range(5, 11))
        begin_attempt("kind", "walt", pauses=pauses)

    def test_who_it_was_is_not_kept(self) -> None:
        for who in ("a-secret-token", "x" * 9_000, "\ud800", "\x00"):
            self.assertEqual(self.refused(who), 0)
        keys = list(RequestCount.objects.values_list("key", flat=True))
        self.assertEqual({len(key) for key in keys}, {64})
        self.assertFalse(any("secret" in key for key in keys))

    def test_old_counts_are_deleted(self) -> None:
        self.refused("early")
        self.pass_seconds(WINDOW + 1)
        self.refused("late")
        self.assertEqual(forget_old_counts(seconds=WINDOW), 1)
        self.assertEqual(RequestCount.objects.count(), 1)

    def test_the_table_needs_no_disk(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relpersistence FROM pg_class"
                " WHERE oid = 'public.tenants_requestcount'::regclass"
            )
            self.assertEqual(cursor.fetchone(), ("u",))


@tag("processes")
class SeveralProcessesTests(CompanyTransactionTestCase):
    def test_they_count_together(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(run_python, MANY) for _process in range(2)]
            ended = [run.result() for run in runs]
        for each in ended:
            self.assertEqual(each.returncode, 0, each.stderr)
        self.assertEqual(sum(int(each.stdout) for each in ended), 50)

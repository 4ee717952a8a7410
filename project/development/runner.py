from __future__ import annotations

import argparse
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from unittest import FunctionTestCase, SkipTest, TestCase, TestSuite

from django.db import connection
from django.test.runner import DiscoverRunner

from project.development.parallel_results import freeze_once
from project.development.parallel_tests import LongestFirst, prepare_process
from project.development.quick_migrations import quick_migrations
from project.development.upgrading import LEFT_OUT
from tenants.connection import PUBLIC
from tenants.testing import ACME, GLOBEX, make_test_companies
from tenants.testing_tools.endings import end_what_tests_share
from tenants.testing_tools.examples import make_long

# The line of a traceback that says what went wrong: it is not indented.
_SAYS = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Expired|DoesNotExist)\b")
MOST_SAID = 200
# Where the ids of the tests' rows begin, and how far those of two tables are apart.
FIRST_ID, IDS_OF_A_TABLE = 3_000_000, 10_000
# Tags of tests that are suites of their own, each with its option; what a usual run has of their
# kind is not tagged.
APART = {
    "browsers": "the tests in a browser",
    "companies": "the tests of whole companies: each page asked by others, made, restored, deleted",
    "processes": "the tests that start, stop and kill many processes, or race again and again",
}


class CompanyTestRunner(DiscoverRunner):
    """Django's runner, with the test companies made before the databases are cloned."""

    parallel_test_suite = LongestFirst

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--long",
            action="store_true",
            help="more examples, and what takes minutes by design: see docs/crash-tests.md",
        )
        for tag, what in APART.items():
            parser.add_argument(
                f"--{tag}", action="store_true", help=f"{what}: a suite of their own"
            )

    def __init__(
        self,
        *args: Any,
        long: bool = False,
        **kwargs: Any,
    ) -> None:
        if long:
            make_long()
        chosen = {tag for tag in APART if kwargs.pop(tag, False)}
        super().__init__(*args, **kwargs)
        self.tags |= chosen
        self.leaves_out = set() if long else {*APART} - self.tags

    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        self._fast = prepare_process()

    def build_suite(self, *args: Any, **kwargs: Any) -> TestSuite:
        """Tests that import a package which could not be installed are skipped, and counted so.

        Some tests are suites of their own, so that each stays short; who names modules gets all
        that is in them.
        """
        if not (args[0] if args else kwargs.get("test_labels")):
            for tag in sorted(self.leaves_out):
                self.log(f"Left out: {APART[tag]}. dev.py test --{tag} runs them.", logging.INFO)
            self.exclude_tags |= self.leaves_out
        suite: TestSuite = super().build_suite(*args, **kwargs)
        left_out = os.environ.get(LEFT_OUT, "").split()
        if not left_out:
            return suite
        return TestSuite(_skipped_without(test, left_out) or test for test in _flattened(suite))

    def teardown_test_environment(self, **kwargs: Any) -> None:
        self._fast.disable()
        super().teardown_test_environment(**kwargs)

    def setup_databases(self, **kwargs: Any) -> Any:
        create: Callable[..., str] = connection.creation.create_test_db

        def create_with_companies(*args: Any, **options: Any) -> str:
            with quick_migrations():
                name = create(*args, **options)
            _do_not_wait_for_the_disk(name)
            make_test_companies()
            begin_ids_far_apart()
            return name

        clone: Callable[..., None] = connection.creation.clone_test_db

        def clone_that_does_not_wait(suffix: str, *args: Any, **options: Any) -> None:
            clone(suffix, *args, **options)
            name = connection.creation.get_test_db_clone_settings(suffix)["NAME"]
            _do_not_wait_for_the_disk(name)

        creation: Any = connection.creation
        creation.create_test_db = create_with_companies
        creation.clone_test_db = clone_that_does_not_wait
        return super().setup_databases(**kwargs)

    def teardown_databases(self, *args: Any, **kwargs: Any) -> None:
        end_what_tests_share()
        super().teardown_databases(*args, **kwargs)

    def run_suite(self, suite: TestSuite, **kwargs: Any) -> Any:
        freeze_once()
        return super().run_suite(suite, **kwargs)

    def suite_result(self, suite: TestSuite, result: Any, **kwargs: Any) -> int:
        """Count, and close with one line that any tool can read."""
        broken = [test for test, _trace in (*result.failures, *result.errors)]
        broken += result.unexpectedSuccesses
        # A set-up that failed for a whole class is no test that ran; a sub-test is part of one.
        ran = {_test_id(test) for test in broken if _is_a_test(test)}
        failed = {_test_id(test) for test in broken}
        skipped = sum(1 for test, _reason in result.skipped if _is_a_test(test))
        self._failed = one_line_each((*result.failures, *result.errors))
        passed = result.testsRun - len(ran) - skipped
        self._summary = f"{passed} passed, {len(failed)} failed, {skipped} skipped"
        return int(super().suite_result(suite, result, **kwargs))

    def run_tests(self, test_labels: list[str], **kwargs: Any) -> int:
        failed = super().run_tests(test_labels, **kwargs)
        for line in self._failed:
            print(line)
        print(self._summary, flush=True)
        return failed


def _do_not_wait_for_the_disk(database: str) -> None:
    """Tests kill our processes, and never Postgres: what it has taken in is not lost with them."""
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(database)
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")


def begin_ids_far_apart() -> None:
    """An id is nothing that a test types, nor an id of another table, whatever ran before it.

    Without this, a search for 900 finds ticket 900 when a process has made so many.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass,"
            " greatest(last_value,"
            " %s + %s * row_number() OVER (ORDER BY schemaname, sequencename)),"
            " last_value IS NOT NULL)"  # one that was never asked stays so
            " FROM pg_sequences WHERE schemaname = ANY(%s)",
            [FIRST_ID, IDS_OF_A_TABLE, [PUBLIC, ACME, GLOBEX]],
        )


def _flattened(suite: TestSuite) -> Iterator[TestCase]:
    for each in suite:
        if isinstance(each, TestSuite):
            yield from _flattened(each)
        elif isinstance(each, TestCase):
            yield each


def _skipped_without(test: TestCase, modules: Sequence[str]) -> TestCase | None:
    """Stands for a test module whose import failed for want of one of these."""
    error = str(getattr(test, "_exception", ""))
    missing = next((each for each in modules if f"No module named '{each}" in error), None)
    if missing is None:
        return None

    def skip() -> None:
        raise SkipTest(f"{missing} is not installed")

    return FunctionTestCase(skip, description=test.id())


def one_line_each(broken: Iterable[tuple[object, str]]) -> list[str]:
    """Which test has failed, and the end of what it says, in a line that can be searched for."""
    lines = []
    for test, trace in broken:
        said = next((line for line in trace.splitlines() if _SAYS.match(line)), "")
        name = test.id() if isinstance(test, TestCase) else str(test)
        lines.append(f"Failed: {name}: {said[:MOST_SAID]}".rstrip(": "))
    return lines


def _is_a_test(test: object) -> bool:
    return type(test).__name__ != "_ErrorHolder"


def _test_id(test: Any) -> str:
    return str(getattr(test, "test_case", test).id())

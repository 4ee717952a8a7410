"""How tests are run: in which order, how many examples, and what they may not do."""

from __future__ import annotations

import ast
import os
import pickle
import signal
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from unittest import mock

from django.test import SimpleTestCase, TestCase, TransactionTestCase, tag

from project.development import parallel_results, time_limit
from project.development.parallel_results import HandingOverRunner
from project.development.parallel_tests import LongestFirst
from project.development.runner import APART, CompanyTestRunner, one_line_each
from project.environment import BASE_DIR
from tenants.testing_tools import endings
from tenants.testing_tools.effort import steps_of
from tenants.testing_tools.examples import LONG, LONG_SECONDS, examples, long_seconds, profile

OURS = ("bench", "project", "tenants", "workflows", "tickets")
# These ask for a moment, or leave something to chance, and are about that.
ABOUT_TIME = BASE_DIR / "tickets" / "tests" / "crash"
SHORTEST_TIMEOUT = 60  # seconds, of what a test waits for


def suite_of(kind: type[unittest.TestCase], tests: int, **attributes: float) -> unittest.TestSuite:
    name = f"{kind.__name__} {tests} {attributes}"
    made = type(name, (kind,), {"runTest": lambda _self: None, **attributes})
    return unittest.TestSuite(made("runTest") for _each in range(tests))


class _Plain(unittest.TestCase):
    def test(self) -> None:
        """It is not run."""


@tag("browsers")
class _Clicks(_Plain):
    pass


@tag("processes")
class _Kills(_Plain):
    pass


@tag("companies")
class _Restores(_Plain):
    pass


class _MainPath(_Clicks):
    tags: ClassVar[set[str]] = set()


class OrderTests(unittest.TestCase):
    def test_what_takes_longest_begins_first(self) -> None:
        ordered = [
            suite_of(unittest.TestCase, 1, SECONDS_EACH=20.0, GOES_FIRST=True),
            suite_of(unittest.TestCase, 1, SECONDS_EACH=10.0, GOES_FIRST=True),
            suite_of(unittest.TestCase, 2, SECONDS_EACH=60.0),
            suite_of(TransactionTestCase, 30),
            suite_of(TestCase, 30),
            suite_of(unittest.TestCase, 30),
            suite_of(unittest.TestCase, 1),
        ]
        shared = LongestFirst(ordered[::-1], processes=2)
        self.assertEqual(shared.subsuites, ordered)


class EndingsTests(unittest.TestCase):
    """Classes that follow each other share something; others begin without it."""

    def setUp(self) -> None:
        self.ended = 0
        self.kind = type("Kind", (unittest.TestCase,), {})
        self.enterContext(mock.patch.object(endings, "_while_kind_lasts", []))
        self.enterContext(mock.patch.object(endings, "_endings", []))

    def end(self) -> None:
        self.ended += 1

    def begin(self) -> type[unittest.TestCase]:
        begun = type("Begun", (self.kind,), {})
        endings.end_after_class(begun, self.kind, self.end)
        return begun

    def announce(self, is_so: bool) -> None:
        name = "_classes_are_announced"
        self.enterContext(mock.patch.object(endings, name, is_so))

    def test_it_is_ended_before_a_class_of_another_kind(self) -> None:
        self.announce(True)
        for _class in range(2):
            begun = self.begin()
            begun.doClassCleanups()
            endings.announce_class(begun)
            self.assertEqual(self.ended, 0)
        endings.announce_class(EndingsTests)
        self.assertEqual(self.ended, 1)
        endings.end_what_tests_share()
        self.assertEqual(self.ended, 1)

    def test_the_process_may_end_before(self) -> None:
        self.announce(True)
        self.begin()
        endings.end_what_tests_share()
        self.assertEqual(self.ended, 1)

    def test_where_nobody_says_what_comes_next_it_is_ended_after_each_class(self) -> None:
        self.announce(False)
        self.begin().doClassCleanups()
        self.assertEqual(self.ended, 1)


class _CannotBeSentError(Exception):
    def __init__(self, one: str, _other: object) -> None:
        super().__init__(one)


def _fail_in_many_ways(kind: type[unittest.TestCase]) -> type[unittest.TestCase]:
    """A class of tests each of which fails with, or holds, what cannot be pickled."""

    class Failing(kind):  # type: ignore[misc, valid-type]
        def setUp(self) -> None:
            self.held = lambda: None

        def test_error(self) -> None:
            raise _CannotBeSentError("cannot be sent", self.held)

        def test_failure(self) -> None:
            self.assertIsNone(self.held)

        def test_subtests(self) -> None:
            for held in (self.held, "plain"):
                with self.subTest("part", held=held):
                    self.fail("a part failed")

        @unittest.expectedFailure
        def test_expected(self) -> None:
            raise _CannotBeSentError("expected", self.held)

    # Where it is looked for when it is handed over.
    Failing.__qualname__ = Failing.__name__ = f"Failing{kind.__name__}"
    Failing.__module__ = __name__
    globals()[Failing.__name__] = Failing
    return Failing


class HandingOverTests(unittest.TestCase):
    """A process hands over what failed in it, whatever the tests and their errors hold."""

    def test_what_cannot_be_pickled_is_handed_over_as_text(self) -> None:
        for kind in (unittest.TestCase, SimpleTestCase):
            failing = _fail_in_many_ways(kind)
            suite = unittest.defaultTestLoader.loadTestsFromTestCase(failing)
            with mock.patch.object(parallel_results, "announce_class"):  # of a run within a run
                result = HandingOverRunner().run(suite)
            events = pickle.loads(pickle.dumps(result.events))  # noqa: S301 -- our own
            with self.subTest(kind.__name__):
                self.assertEqual(
                    sorted(event[0] for event in events if event[0].startswith("add")),
                    ["addDuration"] * 4
                    + ["addError", "addExpectedFailure", "addFailure"]
                    + ["addSubTest"] * 2,
                )
                (error,) = (event[2] for event in events if event[0] == "addError")
                self.assertIn("cannot be sent", str(error[1]))
                parts = [event[2] for event in events if event[0] == "addSubTest"]
                self.assertIn("[part] (held='<function", str(parts[0]))
                self.assertIn("[part] (held='plain')", str(parts[1]))

    def test_the_tests_of_a_parallel_run_are_handed_over_so(self) -> None:
        self.assertIs(LongestFirst.runner_class, HandingOverRunner)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no such signals here")
    def test_one_that_does_not_end_fails_and_the_others_go_on(self) -> None:
        class Endless(unittest.TestCase):
            def test_1(self) -> None:
                while True:
                    pass

            def test_2(self) -> None:
                """It is none of the kind."""

        suite = unittest.defaultTestLoader.loadTestsFromTestCase(Endless)
        with (
            mock.patch.object(parallel_results, "announce_class"),
            mock.patch.multiple(time_limit, SECONDS=0.1, SECONDS_OF_LONG_RUN=0.1),
        ):
            result = HandingOverRunner().run(suite)
        [failed] = [event for event in result.events if event[0] == "addFailure"]
        self.assertEqual(failed[2][0], time_limit.TooSlowError)
        self.assertEqual(signal.getitimer(signal.ITIMER_REAL), (0.0, 0.0))
        self.assertIn(("addSuccess", 1), result.events)


class FailedLinesTests(unittest.TestCase):
    def test_each_failure_is_one_line_with_its_test(self) -> None:
        class Failing(unittest.TestCase):
            def test_it(self) -> None:
                for seed in (1, 2):
                    with self.subTest(seed=seed):
                        self.assertEqual(seed, 1, "What must hold does not: see x")

        result = unittest.TestResult()
        Failing("test_it").run(result)
        [line] = one_line_each(result.failures)
        self.assertRegex(line, r"^Failed: .*Failing\.test_it \(seed=2\): AssertionError: 2 != 1")
        self.assertIn("What must hold does not", line)
        self.assertNotIn("\n", line)


class ApartTests(unittest.TestCase):
    """Some tests are suites of their own; each kind has something in a usual run, too."""

    def classes(self, *labels: str, **options: bool) -> set[str]:
        runner = CompanyTestRunner(verbosity=0, parallel=0, **options)
        # As discovery does, without importing everything.
        with mock.patch("django.test.runner.DiscoverRunner.load_tests_for_label") as load:
            load.side_effect = lambda _label, _options: unittest.TestSuite(
                case("test") for case in (_Clicks, _Kills, _MainPath, _Plain, _Restores)
            )
            return {type(each).__name__ for each in runner.build_suite(labels or None)}

    def test_a_run_of_everything_leaves_them_out(self) -> None:
        self.assertEqual(self.classes(), {"_MainPath", "_Plain"})

    def test_by_themselves(self) -> None:
        self.assertEqual(self.classes(browsers=True), {"_Clicks"})
        self.assertEqual(self.classes(companies=True), {"_Restores"})
        self.assertEqual(self.classes(processes=True), {"_Kills"})
        self.assertEqual(self.classes(browsers=True, processes=True), {"_Clicks", "_Kills"})

    def test_who_names_a_module_gets_all_of_it(self) -> None:
        everything = {"_Clicks", "_Kills", "_MainPath", "_Plain", "_Restores"}
        self.assertEqual(self.classes("somewhere"), everything)

    def test_ci_runs_each_of_them(self) -> None:
        commands = (BASE_DIR / ".ci" / "run").read_text(encoding="utf-8")
        for name in APART:
            self.assertIn(f"dev.py test --{name}\n", commands)


class ExamplesTests(unittest.TestCase):
    def test_the_environment_says_how_many_are_made_up(self) -> None:
        for environment, name, most in (
            ({LONG: "", "CI": ""}, "default", 13),
            ({LONG: "", "CI": "true"}, "ci", 13),
            ({LONG: LONG_SECONDS, "CI": "true"}, "long", 400),
        ):
            with self.subTest(name), mock.patch.dict(os.environ, environment):
                self.assertEqual(profile(), name)
                self.assertEqual(examples(40).max_examples, most)
                self.assertIsNone(examples(40).deadline)

    def test_a_long_run_may_be_longer(self) -> None:
        with mock.patch.dict(os.environ, {LONG: "3600"}):
            self.assertEqual(long_seconds(), 3600)


class StepsTests(unittest.TestCase):
    def test_the_same_work_takes_the_same_steps(self) -> None:
        def work(turns: int) -> int:
            return sum(abs(each) for each in range(turns))

        hundred = steps_of(lambda: work(100))
        self.assertEqual(hundred, steps_of(lambda: work(100)))
        self.assertGreater(steps_of(lambda: work(1_000)), 9 * hundred)

    def test_a_loop_without_a_call_is_work_too(self) -> None:
        def loop() -> None:
            number = 0
            while number < 1_000:
                number += 1

        self.assertGreater(steps_of(loop), 1_000)


class HabitTests(unittest.TestCase):
    """What ruff cannot see; pyproject.toml forbids the clock."""

    def test_no_test_waits_for_a_time_or_not_long_enough(self) -> None:
        found = [
            f"{path.relative_to(BASE_DIR)}:{node.lineno}"
            for path in self.sources()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and (waits_for_a_time(node) or is_impatient(node))
        ]
        self.assertEqual(found, [], "Wait until something is so: tenants.testing_tools.waits.")

    def sources(self) -> Iterator[Path]:
        for app in OURS:
            for path in (BASE_DIR / app).rglob("*.py"):
                if "tests" in path.parts and ABOUT_TIME not in path.parents:
                    yield path

    def test_such_a_test_is_found(self) -> None:
        for text, is_wrong in (
            ("page.wait_for_timeout(500)", True),
            ("thread.join(timeout=30)", True),
            ("done.wait(5)", True),
            ("done.wait(timeout=PATIENCE)", False),
            ("subprocess.run(command, timeout=300)", False),
            ("self.drop.wait(timeout=0.05)", False),  # a pause
        ):
            call = ast.parse(text).body[0]
            assert isinstance(call, ast.Expr)
            assert isinstance(call.value, ast.Call)
            with self.subTest(text):
                found = waits_for_a_time(call.value) or is_impatient(call.value)
                self.assertEqual(found, is_wrong)


def waits_for_a_time(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "wait_for_timeout"


def is_impatient(call: ast.Call) -> bool:
    """Whether it gives up after seconds that a busy machine may well need."""
    given = [each.value for each in call.keywords if each.arg == "timeout"]
    if isinstance(call.func, ast.Attribute) and call.func.attr in {"wait", "join"}:
        given += call.args
    numbers = [each.value for each in given if isinstance(each, ast.Constant)]
    return any(isinstance(n, int | float) and 1 <= n < SHORTEST_TIMEOUT for n in numbers)

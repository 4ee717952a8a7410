"""What a process of a parallel run hands over of its tests.

Django hands over the failed sub-test and its error as they are. Where either cannot be pickled the
whole run breaks off, and of its other tests nothing is known.
"""

from __future__ import annotations

import functools
import pickle
import traceback
from typing import Any
from unittest import TestCase, TestSuite

from django.test.runner import RemoteTestResult, RemoteTestRunner

from project.development.time_limit import begin_limit, end_limit
from project.serving.long_lived import freeze_what_is_loaded
from tenants.testing_tools.endings import announce_class


@functools.cache
def freeze_once() -> None:
    """In each process that runs tests, when all of them are loaded."""
    freeze_what_is_loaded()


class HandedOverResult(RemoteTestResult):
    """Hands over what can be, and what else there is to say as text. No test goes on for ever."""

    def startTest(self, test: TestCase) -> None:  # noqa: N802 -- unittest's name
        super().startTest(test)
        begin_limit()

    def stopTest(self, test: TestCase) -> None:  # noqa: N802
        end_limit()
        super().stopTest(test)

    def addError(self, test: TestCase, err: Any) -> None:  # noqa: N802
        super().addError(test, sendable_error(err))

    def addFailure(self, test: TestCase, err: Any) -> None:  # noqa: N802
        super().addFailure(test, sendable_error(err))

    def addExpectedFailure(self, test: TestCase, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, sendable_error(err))

    def addSubTest(self, test: TestCase, subtest: TestCase, err: Any) -> None:  # noqa: N802
        if err is not None:
            err, subtest = sendable_error(err), sendable_subtest(subtest)
        super().addSubTest(test, subtest, err)


class HandingOverRunner(RemoteTestRunner):
    """Runs the tests of one class in a process."""

    resultclass = HandedOverResult

    def run(self, test: TestSuite) -> Any:
        freeze_once()
        classes = {type(each) for each in test if isinstance(each, TestCase)}
        announce_class(classes.pop() if len(classes) == 1 else None)
        return super().run(test)


def sendable_error(err: Any) -> Any:
    """An error (class, exception, traceback); as its text where it cannot be handed over."""
    kind, error, where = err
    if _is_sendable(error):
        return err
    text = "".join(traceback.format_exception_only(error)).strip()
    stand_in = AssertionError if issubclass(kind, AssertionError) else RuntimeError
    return stand_in, stand_in(text), where


def sendable_subtest(subtest: Any) -> Any:
    """A sub-test of another object of the same test: the first one's may hold anything."""
    test = subtest.test_case
    params = {
        name: value if _is_sendable(value) else repr(value)
        for name, value in subtest.params.items()
    }
    return type(subtest)(type(test)(test._testMethodName), subtest._message, params)


def _is_sendable(value: object) -> bool:
    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301 -- our own
    except Exception:
        return False
    return True

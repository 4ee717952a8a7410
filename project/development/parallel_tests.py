"""How the tests are shared out to the processes of a parallel run, and what each of those needs.

A process that is no copy of the first one reads this before Django is set up: import no models.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any
from unittest import TestCase, TestSuite

import django
from django.conf import settings
from django.test import TestCase as DatabaseTestCase
from django.test import TransactionTestCase
from django.test.runner import ParallelTestSuite
from django.test.utils import override_settings
from django.urls import get_resolver

from project.development.parallel_results import HandingOverRunner

OUR_MODULES = r"(project|tenants|workflows|tickets)(\.|$)"

# A guess, in seconds of a quiet machine, of what a test of each kind takes; nothing depends on
# it but the order. A class whose tests take much longer says so: `SECONDS_EACH`.
SECONDS = ((DatabaseTestCase, 0.2), (TransactionTestCase, 1.0), (TestCase, 0.02))


def prepare_process() -> override_settings:
    """What each process that runs tests needs; the settings that it has changed."""
    fast = override_settings(
        # A real password hash takes a fifth of a second by design; no test is about that.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        # A test may ask within a second what people ask in an hour; some are about these limits.
        DEAR_REQUESTS_A_MINUTE=100_000,
        COMPANY_MOST_DEAR_REQUESTS_A_MINUTE=100_000,
        CHECKS_WHILE_TYPING_A_MINUTE=100_000,
        COMPANY_MOST_CHECKS_WHILE_TYPING_A_MINUTE=100_000,
        STORAGES={
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    )
    fast.enable()
    # Hundreds of tests ask for what they must not get; each refusal would print a warning.
    for name in ("django.request", "project.observing.requests", "project.serving.edge"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # What the next Django or Python takes away, and our own code still uses.
    for category in (DeprecationWarning, PendingDeprecationWarning):
        warnings.filterwarnings("error", category=category, module=OUR_MODULES)
    return fast


def begin_process() -> None:
    """Where a process of a parallel run is no copy of the first one (elsewhere than on Linux)."""
    django.setup()
    prepare_process()
    _ = get_resolver().url_patterns  # in the first process Django's checks have read them


class LongestFirst(ParallelTestSuite):
    """The classes that take longest begin first: otherwise a process works on one of them in
    the end while the others have nothing to do. Before them come those that share something while
    they follow each other (`GOES_FIRST`)."""

    process_setup = begin_process
    runner_class = HandingOverRunner

    def __init__(self, subsuites: list[TestSuite], *args: Any, **kwargs: Any) -> None:
        ordered = sorted(subsuites, key=_rank, reverse=True)
        super().__init__(ordered, *args, **kwargs)


def _rank(tests: TestSuite) -> tuple[bool, float]:
    return any(getattr(each, "GOES_FIRST", False) for each in tests), expected_seconds(tests)


def expected_seconds(tests: TestSuite) -> float:
    """What the tests of a class take altogether, by a guess."""
    return sum(_seconds(each) for each in tests)


def _seconds(test: object) -> float:
    by_kind = next((each for kind, each in SECONDS if isinstance(test, kind)), 0.0)
    return float(getattr(test, "SECONDS_EACH", by_kind))

"""How much the tests do: in a usual run, in continuous integration, and in a long one.

What hypothesis makes up is bounded, and never measured: a slow machine is no fault. In continuous
integration the examples are the same each time. `dev.py test --long` makes up thirty times as many,
and runs what takes minutes by design.
"""

from __future__ import annotations

import os
import unittest
from collections.abc import Callable

from hypothesis import HealthCheck, settings

# For how many seconds those tests of a long run go on that would go on for ever; also set for
# the processes of a parallel run.
LONG = "LONG_TESTS"
LONG_SECONDS = "600"  # where nobody has said something else
TIMES_AS_MANY = 10  # examples in a long run
PART = 3  # of the examples is enough for a usual run, which is one of many

UNMEASURED = settings(
    deadline=None,
    # Both depend on how busy the machine is, or on how large our documents are.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("default", UNMEASURED)
settings.register_profile("ci", UNMEASURED, derandomize=True, database=None, print_blob=True)
settings.register_profile("long", UNMEASURED, print_blob=True)


def make_long() -> None:
    """Say that this is a long run. What is made up is decided as the tests are imported."""
    os.environ.setdefault(LONG, LONG_SECONDS)
    settings.load_profile(profile())


def long_seconds() -> int:
    """How long a test shall go on that would go on for ever; 0: this is no long run."""
    return int(os.environ.get(LONG) or 0)


def is_long_run() -> bool:
    return long_seconds() > 0


def profile() -> str:
    """The name of the profile that the environment asks for."""
    if is_long_run():
        return "long"
    return "ci" if os.environ.get("CI") else "default"


def examples(most: int) -> settings:
    """A decorator of a test for which hypothesis makes up examples.

    In a usual run a part of so many, in a long one several times as many.
    """
    return settings(max_examples=most * TIMES_AS_MANY if is_long_run() else max(most // PART, 10))


def long_run_only[T: type[unittest.TestCase] | Callable[..., None]](test: T) -> T:
    """A decorator of what takes minutes by design, or says once more what a shorter test says."""
    return unittest.skipUnless(is_long_run(), "It is for dev.py test --long.")(test)


# Whoever imports this has it, with or without our test runner.
settings.load_profile(profile())

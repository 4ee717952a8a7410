from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from unittest import TestSuite

from django.conf import settings
from django.db import connection
from django.test.runner import DiscoverRunner
from django.test.utils import override_settings

from tenants.testing import make_test_companies


class CompanyTestRunner(DiscoverRunner):
    """Django's runner, with the test companies made before the databases are cloned."""

    def setup_test_environment(self, **kwargs: Any) -> None:
        super().setup_test_environment(**kwargs)
        # A real password hash takes a fifth of a second by design; no test is about that.
        self._fast = override_settings(
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            STORAGES={
                **settings.STORAGES,
                "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
            },
        )
        self._fast.enable()
        # Hundreds of tests ask for what they must not get; each refusal would print a warning.
        logging.getLogger("django.request").setLevel(logging.ERROR)

    def teardown_test_environment(self, **kwargs: Any) -> None:
        self._fast.disable()
        super().teardown_test_environment(**kwargs)

    def setup_databases(self, **kwargs: Any) -> Any:
        create: Callable[..., str] = connection.creation.create_test_db

        def create_with_companies(*args: Any, **options: Any) -> str:
            name = create(*args, **options)
            make_test_companies()
            return name

        connection.creation.create_test_db = create_with_companies  # type: ignore[method-assign]
        return super().setup_databases(**kwargs)

    def suite_result(self, suite: TestSuite, result: Any, **kwargs: Any) -> int:
        """Count, and close with one line that any tool can read."""
        broken = [test for test, _trace in (*result.failures, *result.errors)]
        broken += result.unexpectedSuccesses
        # A set-up that failed for a whole class is no test that ran; a sub-test is part of one.
        ran = {_test_id(test) for test in broken if _is_a_test(test)}
        failed = {_test_id(test) for test in broken}
        skipped = sum(1 for test, _reason in result.skipped if _is_a_test(test))
        passed = result.testsRun - len(ran) - skipped
        self._summary = f"{passed} passed, {len(failed)} failed, {skipped} skipped"
        return int(super().suite_result(suite, result, **kwargs))

    def run_tests(self, test_labels: list[str], **kwargs: Any) -> int:
        failed = super().run_tests(test_labels, **kwargs)
        print(self._summary, flush=True)
        return failed


def _is_a_test(test: object) -> bool:
    return type(test).__name__ != "_ErrorHolder"


def _test_id(test: Any) -> str:
    return str(getattr(test, "test_case", test).id())

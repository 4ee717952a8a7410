"""The second environment, with the newest Django; pip itself is not asked here."""

from __future__ import annotations

import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import TestSuite, mock

from django.test import SimpleTestCase

from project.development.errors import DevelopmentError
from project.development.runner import CompanyTestRunner
from project.development.upgrading import LEFT_OUT, newest_django
from project.development.upgrading.newest_django import (
    Newest,
    install_all,
    swapped_requirements,
)
from project.environment import BASE_DIR


class FakePip:
    """Refuses what begins with one of these words."""

    def __init__(self, *refused: str, checked: list[str] | None = None) -> None:
        self.refused = refused
        self.checked = checked or []
        self.installed: list[str] = []

    def install(self, *arguments: str) -> bool:
        if any(each.startswith(self.refused) for each in arguments):
            return False
        self.installed += arguments
        return True

    def check(self) -> list[str]:
        return self.checked


class RequirementsTests(SimpleTestCase):
    def test_what_is_swapped_has_no_pin_left(self) -> None:
        swapped, others, constraints = swapped_requirements()
        self.assertTrue(swapped[0].startswith("Django>=6"))
        for each in (*others, *constraints):
            self.assertRegex(each, "==", "is not pinned")
            self.assertFalse(each.lower().startswith(("django==", "django-stubs", "mypy==")), each)
        self.assertTrue(any(each.startswith("django-tenants==") for each in others))
        self.assertTrue(any(each.startswith("hypothesis==") for each in others))

    def test_only_what_is_pinned_is_swapped(self) -> None:
        """Else a name that was mistyped would be installed beside the pin."""
        pinned = (BASE_DIR / "constraints.txt").read_text(encoding="utf-8").lower()
        for each in swapped_requirements()[0]:
            name = each.split(">")[0].split("[")[0].lower()
            self.assertIn(f"\n{name}==", pinned)


class InstallTests(SimpleTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ticketflower-test-")
        self.addCleanup(folder.cleanup)
        self.enterContext(mock.patch.object(newest_django, "VENV", Path(folder.name)))
        self.newest = Newest(Path("python"))

    def test_all_of_it_is_installed_together(self) -> None:
        pip = FakePip()
        install_all(pip, self.newest)
        self.assertEqual(pip.installed.count("--constraint"), 1)
        self.assertEqual((self.newest.conflicts, self.newest.left_out), ([], []))

    def test_a_package_that_does_not_go_with_it_is_told_and_tested(self) -> None:
        conflict = "django-tenants 4.0.1 has requirement Django<6, but you have django 6.1"
        pip = FakePip("--constraint", checked=[conflict])
        install_all(pip, self.newest)
        self.assertIn("django-tenants==4.0.1", pip.installed)
        self.assertEqual(self.newest.conflicts, [f"{conflict}; it is tested all the same."])
        self.assertEqual(self.newest.left_out, [])

    def test_one_that_cannot_be_installed_is_told_and_left_out(self) -> None:
        pip = FakePip("--constraint", "PyYAML==", "hypothesis==")
        install_all(pip, self.newest)
        self.assertEqual(self.newest.left_out, ["hypothesis", "pyyaml"])
        self.assertRegex(self.newest.conflicts[0], "^hypothesis==.* cannot be installed")
        self.assertLessEqual({"hypothesis", "yaml"}, set(self.newest.modules_left_out()))
        self.assertIn("django-tenants==4.0.1", pip.installed)

    def test_without_a_django_nothing_goes(self) -> None:
        with self.assertRaisesMessage(DevelopmentError, "needs the registry"):
            install_all(FakePip("--constraint", "Django>="), self.newest)


class SkippedTests(SimpleTestCase):
    def test_tests_that_import_what_is_left_out_are_skipped(self) -> None:
        loader = unittest.TestLoader()
        with tempfile.TemporaryDirectory() as folder:
            for name, module in {"test_needs": "nowhere.deep", "test_broken": "elsewhere"}.items():
                (Path(folder) / f"{name}.py").write_text(f"import {module}\n", encoding="utf-8")
            found = loader.discover(folder)
        with (
            mock.patch("django.test.runner.DiscoverRunner.build_suite", return_value=found),
            mock.patch.dict("os.environ", {LEFT_OUT: "nowhere other"}),
        ):
            suite = CompanyTestRunner().build_suite([])
        self.assertIsInstance(suite, TestSuite)
        result = unittest.TestResult()
        suite.run(result)
        self.assertEqual([reason for _test, reason in result.skipped], ["nowhere is not installed"])
        self.assertEqual(len(result.errors), 1)
        self.assertIn("No module named 'elsewhere'", result.errors[0][1])


class DeprecationTests(SimpleTestCase):
    def test_what_is_deprecated_fails_in_our_own_code_alone(self) -> None:
        for category in (DeprecationWarning, PendingDeprecationWarning):
            for module, is_ours in {
                "tickets.services.submit_ticket": True,
                "project": True,
                "unfold.admin": False,
                "projections": False,
            }.items():
                with self.subTest(module=module, category=category.__name__):
                    self.assertEqual(self.fails(category, module), is_ours)

    def fails(self, category: type[Warning], module: str) -> bool:
        with warnings.catch_warnings(record=True):  # those that do not fail are not shown
            try:
                warnings.warn_explicit("It will go.", category, f"{module}.py", 1, module=module)
            except category:
                return True
        return False

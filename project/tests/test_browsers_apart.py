"""Which tests are a suite of their own: see project/development/runner.py."""

from __future__ import annotations

from django.test import SimpleTestCase

from project.development.runner import APART
from project.tests import browser, test_browser_main_path, test_main_path


class TagTests(SimpleTestCase):
    def test_the_main_path_is_walked_in_each_run_and_clicked_with_all_else(self) -> None:
        for test, expected in (
            (browser.BrowserTestCase, {"browsers"}),
            (test_browser_main_path.MainPathTests, {"browsers"}),
            (test_main_path.MainPathTests, set()),
        ):
            tagged: set[str] = getattr(test, "tags", set())
            self.assertEqual((tagged, tagged - {*APART}), (expected, set()), test)

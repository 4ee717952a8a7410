"""Which tests are a suite of their own: see project/development/runner.py."""

from __future__ import annotations

from django.test import SimpleTestCase

from project.development.runner import APART
from project.tests import browser, test_browser_main_path


class TagTests(SimpleTestCase):
    def test_the_main_path_alone_is_clicked_in_each_run(self) -> None:
        tagged: set[str] = getattr(browser.BrowserTestCase, "tags", set())
        self.assertEqual((tagged, tagged - {*APART}), ({"browsers"}, set()))
        self.assertEqual(test_browser_main_path.MainPathTests.tags, set())

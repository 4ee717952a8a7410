"""Who is not logged in is led to the log-in, from every page that is not for visitors."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from django.test import tag
from django.urls import reverse

from project.tests.isolation.examples import MARK
from project.tests.isolation.isolation_case import IsolationTestCase
from project.tests.isolation.kinds_of_pages import FOR_VISITORS
from project.tests.pages import Page


class VisitorCase(IsolationTestCase):
    def ask_as_visitor(self, addresses: Iterable[tuple[Page, str]]) -> None:
        login = reverse("admin:login")
        for page, address in addresses:
            with self.subTest(address):
                answer = self.get(address)
                self.assertFalse(answer.is_broken, str(answer))
                self.assertNotIn(MARK.lower(), answer.text.lower())
                if answer.status_code == 200 and page.name not in FOR_VISITORS:
                    target = answer.path
                    self.assertTrue(target == login or target.startswith("/static/"), target)


class SomeVisitorTests(VisitorCase):
    def test_visitors_are_led_from_some_pages_to_the_log_in(self) -> None:
        """A part of them, always the same: `VisitorTests` asks for each."""
        self.ask_as_visitor(Random(7).sample([*self.addresses(queries=False)], 40))


@tag("companies")
class VisitorTests(VisitorCase):
    def test_visitors_are_led_to_the_log_in(self) -> None:
        self.ask_as_visitor(self.addresses())

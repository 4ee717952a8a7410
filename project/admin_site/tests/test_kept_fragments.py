from __future__ import annotations

import re
from unittest import mock

from django.http import HttpRequest
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, override

from project.admin_site import kept_fragments, navigation
from project.admin_site.kept_fragments import NotFixedError, kept_fragment
from tenants.models import User
from tenants.testing import CompanyTestCase

SECTION = "project/sidebar_section.html"


def section(title: object = "Work", **item: object) -> str:
    entry = {"title": "Mine", "icon": "inbox", "link": "/app/", "active": False, **item}
    return kept_fragment(SECTION, {"title": title, "separator": True, "items": [entry]})


class KeptFragmentTests(SimpleTestCase):
    def test_it_is_rendered_once_for_the_same_values(self) -> None:
        self.assertIs(section(badge="3"), section(badge="3"))

    def test_every_value_that_is_shown_makes_another_one(self) -> None:
        texts = {
            section(),
            section("Other"),
            section(title="Yours"),
            section(icon="task"),
            section(link="/app/other/"),
            section(active=True),
            section(badge="3", badge_variant="danger"),
            section(badge="4", badge_variant="danger"),
            section(badge="4", badge_variant="primary"),
        }
        self.assertEqual(len(texts), 9)

    def test_each_language_has_its_own(self) -> None:
        title = gettext_lazy("My work")
        with override("en"):
            self.assertIn("My work", section(title))
        with override("de"):
            self.assertIn("Meine Arbeit", section(title))
        with override("en"):
            self.assertIn("My work", section(title))

    def test_texts_are_escaped(self) -> None:
        self.assertIn("&lt;b&gt;", section("<b>"))

    def test_nothing_that_is_not_shown_as_it_compares_is_taken(self) -> None:
        """1 equals True, and a safe text one that is not; a request has all the rest."""
        for value in (1, SafeString("<b>"), HttpRequest(), User(email="x@example.com"), object()):
            with self.subTest(type(value).__name__), self.assertRaises(NotFixedError):
                section(badge=value)


class KeptOfPeopleTests(CompanyTestCase):
    """What was kept for one is shown to others only where it would be the same."""

    def sidebar_of(self, user: User) -> str:
        self.log_in(user)
        page = self.client.get(reverse("admin:index")).content.decode()
        return "".join(re.findall(r'<ol class="flex flex-col px-6">.*?</ol>', page, re.DOTALL))

    def test_nobody_sees_the_entries_or_numbers_of_somebody_else(self) -> None:
        people = (self.uma, self.wendy, self.walt, self.terry, self.alice, self.charlie, self.root)
        with mock.patch.object(navigation, "cached_count", self.number_of):
            alone = {}
            for person in people:
                kept_fragments._rendered.cache_clear()
                alone[person] = self.sidebar_of(person)
            for person in (*people, *reversed(people)):
                with self.subTest(person):
                    self.assertEqual(self.sidebar_of(person), alone[person])
        for person in (self.wendy, self.walt):
            shown = re.findall(r"badge.*?(\d+)\s*</span>", alone[person], re.DOTALL)
            self.assertEqual(shown, [str(self.number_of("", None, person))])

    @staticmethod
    def number_of(_name: str, _count: object, person: User) -> int:
        """Another one for each person."""
        return person.pk % 50 + 1

"""The company's name stands on every page, also on a phone, where the menu is closed."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import Page, ViewportSize

from project.tests.browser import OVERFLOW, BrowserTestCase
from tenants.models import Company, User
from tenants.names import LONGEST_NAME
from tickets.tests.screens import make_type

SMALL: ViewportSize = {"width": 360, "height": 740}
WORD = "Shipping "


class CompanyNameTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        make_type()
        self.name = (WORD * LONGEST_NAME)[:LONGEST_NAME].strip()
        Company.objects.filter(pk=self.acme.pk).update(name=self.name)
        self.addCleanup(Company.objects.filter(pk=self.acme.pk).update, name="Acme")

    def open_phone(self, person: User) -> Page:
        page = self.open_window(person)
        page.set_viewport_size(SMALL)
        return page

    def assert_named(self, page: Page, name: str) -> None:
        """It is seen without opening anything, inside the window, on one line, and read in full."""
        shown = page.locator(".tf-company:visible")
        box = shown.bounding_box()
        assert box is not None, page.url
        self.assertGreaterEqual(box["x"], 0)
        self.assertLessEqual(box["x"] + box["width"], SMALL["width"])
        self.assertLess(box["height"], 32, page.url)
        self.assertLess(box["y"], 100, page.url)
        self.assertEqual(shown.get_attribute("title"), name)
        self.assertIn(name, shown.text_content() or "")
        self.assertEqual(page.evaluate(OVERFLOW), "", page.url)

    def test_of_every_kind_of_page(self) -> None:
        page = self.open_phone(self.alice)
        for address in (
            reverse("admin:index"),
            reverse("admin:tenants_user_changelist"),
            reverse("admin:tenants_user_change", args=(self.uma.pk,)),
            reverse("admin:workflows_businesscalendar"),
            reverse("admin:password_change"),
            reverse("admin:tenants_user_import"),
        ):
            page.goto(address)
            self.assert_named(page, self.name)
        self.assertEqual(self.errors, [])
        page = self.open_phone(self.uma)
        page.goto(reverse("admin:tickets_myticket_submit"))
        self.assert_named(page, self.name)

    def test_of_error_pages(self) -> None:
        page = self.open_phone(self.uma)
        page.goto(reverse("admin:tenants_user_changelist"))  # 403
        self.assert_named(page, self.name)

    def test_outside_every_company(self) -> None:
        page = self.open_phone(self.root)
        for name in ("index", "tenants_user_changelist", "tenants_user_add"):
            page.goto(reverse(f"admin:{name}"))
            self.assert_named(page, "No company")

"""A token that is shown once is copied by its button, in a real browser."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from project.tests.axe import problems_by_view
from project.tests.browser import PHONE, BrowserTestCase
from tenants.models import AccessToken
from tenants.tokens.holder import holder_of

NO_CLIPBOARD: Final = """
Object.defineProperty(navigator, "clipboard", { value: undefined });
document.execCommand = () => false;
"""
SELECTED: Final = "getSelection().toString()"


class CopyInBrowserTests(BrowserTestCase):
    def made(self, page: Page) -> Locator:
        """A window on a new token: the card with it."""
        page.goto(reverse("admin:account_token_new"))
        page.get_by_label("Name", exact=True).fill("Payroll export")
        page.get_by_label("Read ticket types and tickets").check()
        page.get_by_role("button", name="Make the token").click()
        expect(page.get_by_text("Your new token")).to_be_visible()
        return page.locator("[data-token]")

    def raw_in(self, card: Locator) -> str:
        return card.locator("code").inner_text()

    def look(self, page: Page) -> None:
        self.check(page)
        self.assertEqual(problems_by_view(page, narrow=PHONE), {})

    def test_it_is_copied_by_mouse_and_by_key(self) -> None:
        page = self.open_window(self.uma)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        card = self.made(page)
        raw = self.raw_in(card)
        card.get_by_role("button", name="Copy").click()
        expect(card.get_by_role("status")).to_have_text("Copied")
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), raw)
        self.assertEqual(holder_of(raw, now=timezone.now(), address="").user, self.uma)
        page.evaluate("navigator.clipboard.writeText('')")
        card.get_by_role("button", name="Copy").press("Enter")
        page.wait_for_function(
            "raw => navigator.clipboard.readText().then((text) => text === raw)", arg=raw
        )
        self.look(page)
        # The address for assistants has a button of its own.
        page.get_by_role("button", name="Copy").nth(1).click()
        self.assertEqual(page.evaluate("navigator.clipboard.readText()"), f"{self.address}/mcp")

    def test_where_no_page_may_copy_it_is_selected(self) -> None:
        page = self.open_window(self.uma)
        page.add_init_script(NO_CLIPBOARD)
        card = self.made(page)
        card.get_by_role("button", name="Copy").press("Space")
        expect(card.get_by_role("status")).to_contain_text("It is selected now")
        self.assertEqual(page.evaluate(SELECTED), self.raw_in(card))
        self.assertEqual(AccessToken.objects.count(), 1)
        self.look(page)

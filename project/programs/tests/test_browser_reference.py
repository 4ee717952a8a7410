"""The page to read the API by, in a real browser: found by its contents, letters, and links."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from playwright.sync_api import Page, expect

from project.tests.axe import problems
from project.tests.browser import PHONE, WIDE, BrowserTestCase

IS_SEEN: Final = """(element) => {
    const place = element.getBoundingClientRect();
    return place.top >= -1 && place.top < innerHeight;
}"""


class ReferenceInBrowserTests(BrowserTestCase):
    def open(self, hash_: str = "") -> Page:
        page = self.open_window()
        page.goto(f"{reverse('api_reference')}{hash_}")
        return page

    def assert_seen(self, page: Page, place: str) -> None:
        page.wait_for_function(f"({IS_SEEN})(document.getElementById('{place}'))")

    def test_the_contents_lead_there_by_key_and_on_a_phone(self) -> None:
        page = self.open()
        self.check(page)
        contents = page.get_by_role("navigation", name="Contents")
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            contents.get_by_role("link", name="Tasks", exact=True).press("Enter")
            self.assert_seen(page, "subject-tasks")
            page.locator("#subject-tasks").get_by_role("link", name="Complete a task").click()
            self.assert_seen(page, "complete_task")
            page.locator("#subject-tasks .tf-api-back a").press("Enter")
            self.assert_seen(page, "contents")
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                self.assertEqual(problems(page), [], f"{scheme} {size}")

    def test_letters_leave_what_has_them(self) -> None:
        page = self.open()
        box = page.get_by_label("Find operations and shapes")
        box.fill("webhook POST")
        expect(page.locator("#found")).to_contain_text("are shown")
        expect(page.locator("#test_webhook")).to_be_visible()
        expect(page.locator("#complete_task")).to_be_hidden()
        contents = page.get_by_role("navigation", name="Contents")
        expect(contents.get_by_role("link")).to_have_text(["Webhooks"])
        box.fill("xyzzy")
        expect(page.locator("#found")).to_contain_text("Nothing is called so.")
        expect(page.get_by_role("heading", name="Contents")).to_be_hidden()
        box.fill("")
        expect(page.locator("#found")).to_have_text("")
        expect(page.locator("#complete_task")).to_be_visible()

    def test_a_link_to_a_shape_opens_it_also_where_it_was_not_looked_for(self) -> None:
        page = self.open("#schema-TicketDetail")
        expect(page.get_by_role("region", name="TicketDetail", exact=True)).to_be_visible()
        page.get_by_label("Find operations and shapes").fill("submit a ticket")
        link = page.locator("#submit_a_ticket").get_by_role(
            "link", name="SubmittedTicket", exact=True
        )
        link.click()
        expect(page.get_by_role("region", name="SubmittedTicket", exact=True)).to_be_visible()
        self.assert_seen(page, "schema-SubmittedTicket")
        self.assertEqual(self.errors, [])

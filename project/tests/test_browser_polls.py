"""What pages ask of themselves: no more than once in 20 seconds, whatever stands on them."""

from __future__ import annotations

from playwright.sync_api import Request, expect

from project.tests.browser import BrowserTestCase

MINUTE = 60_000  # in milliseconds, of the page's own clock
MOST = 3  # in that time


class PollTests(BrowserTestCase):
    def test_pages_ask_for_news_three_times_a_minute_at_most(self) -> None:
        page = self.open_window(self.terry)
        page.clock.install()
        asked: list[str] = []

        def note(request: Request) -> None:
            if request.resource_type in ("fetch", "xhr"):
                asked.append(request.url)

        for address in ("/app/", "/app/tickets/ticket/", "/app/notices/"):
            with self.subTest(address):
                page.goto(address)
                expect(page.locator("#tf-bell")).to_be_visible()
                asked.clear()
                page.on("request", note)
                page.clock.run_for(MINUTE)
                page.wait_for_load_state("networkidle")
                page.remove_listener("request", note)
                self.assertLessEqual(len(asked), MOST, asked)
                self.assertGreater(len(asked), 0, "The bell has not asked at all.")
        self.check(page)

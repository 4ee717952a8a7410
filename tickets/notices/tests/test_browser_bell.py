"""The bell in a real browser: it comes up to date by itself, and opening a notice reads it."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import Request, expect

from project.tests.browser import BrowserTestCase
from tickets.models import Notice
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type

PAUSE = 31_000  # in milliseconds, of the page's own clock


class BellTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        definition = make_type()
        self.ticket = submit_ticket(definition=definition, data={"what": "A desk"}, user=self.uma)
        Notice.objects.all().delete()

    def add(self) -> None:
        Notice.objects.create(
            recipient=self.uma, kind="MENTION", ticket=self.ticket, actor=self.terry
        )

    def test_it_keeps_itself_and_the_list_up_to_date(self) -> None:
        page = self.open_window(self.uma)
        page.clock.install()
        polls: list[Request] = []
        page.on("request", lambda each: polls.append(each) if "/bell/" in each.url else None)
        page.goto(reverse("admin:notices"))
        bell = page.locator("#tf-bell")
        expect(bell).to_have_attribute("aria-label", "Notices: none is unread")
        self.add()
        page.clock.run_for(PAUSE)
        expect(bell).to_have_attribute("aria-label", "Notices: 1 is unread")
        expect(page.locator(".tf-notice-unread")).to_have_count(1)
        said = page.locator("#tf-bell-said").filter(has_text="1 is unread")
        expect(said).to_have_count(1)
        self.assertEqual({each.headers.get("x-poll") for each in polls}, {"1"})
        self.assertEqual(len(polls), 1)
        page.clock.run_for(PAUSE // 3)
        self.assertEqual(len(polls), 1)
        self.check(page)

    def test_opening_a_notice_reads_it(self) -> None:
        self.add()
        page = self.open_window(self.uma)
        page.goto(reverse("admin:notices"))
        self.follow_link(page.locator(".tf-notice-unread a"))
        expect(page).to_have_url(
            f"{self.address}{reverse('admin:tickets_myticket_change', args=[self.ticket.pk])}"
        )
        expect(page.locator("#tf-bell")).to_have_attribute("aria-label", "Notices: none is unread")
        self.assertIsNotNone(Notice.objects.get().read_at)

    def test_by_keyboard(self) -> None:
        self.add()
        page = self.open_window(self.uma)
        page.goto(reverse("admin:index"))
        page.locator("#tf-bell").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{self.address}{reverse('admin:notices')}")
        page.get_by_role("button", name="Mark as read").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".tf-notice-unread")).to_have_count(0)
        self.assertEqual(self.errors, [])

"""The main path by clicking: from sign-up to a completed ticket.

What needs no browser of it, test_main_path says in each run.
"""

from __future__ import annotations

import re

from django.conf import settings
from playwright.sync_api import Page, expect

from project.tests.browser import BrowserTestCase
from tickets.testing import import_fixture

PASSWORD = "a long walk in the rain"
BUNDLE = settings.BASE_DIR / "fixtures" / "vacation.json"


class MainPathTests(BrowserTestCase):
    def test_from_sign_up_to_a_completed_ticket(self) -> None:
        fiona = self.open_window()
        self.sign_up(fiona)
        self.import_and_publish(fiona)
        self.add_worker(fiona)
        self.fill_role(fiona)
        self.submit(fiona)

        wendy = self.open_window()
        self.log_in_by_form(wendy, "wendy@clicks.example")
        self.complete(wendy)

        fiona.goto("/app/")
        self.open_sidebar_entry(fiona, "My tickets")
        fiona.get_by_role("link", name="Archive").click()
        fiona.get_by_role("link", name="Ten days of surfing").click()
        main = fiona.locator("#main, body").first
        expect(main).to_contain_text("Completed")
        expect(main).to_contain_text("vacation approved")
        answer = fiona.locator(".tk-told")
        expect(answer).to_contain_text("Answer")
        expect(answer).to_contain_text("Have fun.")
        expect(main).to_contain_text("Wendy Willing completed Approve the vacation.")
        expect(fiona.locator("svg").filter(has_text="Approve the vacation")).to_be_visible()
        self.check(fiona)

    def test_a_chosen_file_leaves_the_other_answers_alone(self) -> None:
        """The theme's script writes its name into the first text input that it finds."""
        invoice = import_fixture("invoice", by=self.carla).ticket_definitions.get()
        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/add/?definition={invoice.pk}")
        page.get_by_label("Invoice document").set_input_files(BUNDLE)
        for label in ("Title", "Creditor", "Amount in EUR", "Invoice number"):
            expect(page.get_by_label(label, exact=False)).to_have_value("")
        self.check(page)

    # --- the steps

    def sign_up(self, page: Page) -> None:
        page.goto("/")
        self.check(page)
        self.follow_link(page.get_by_role("link", name="Sign your company up").first)
        self.check(page)
        page.get_by_label("Company name").fill("Clicks & Sons")
        page.get_by_label("First name").fill("Fiona")
        page.get_by_label("Last name").fill("Founder")
        page.get_by_label("E-mail").fill("fiona@clicks.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign up").click()
        expect(page).to_have_url(re.compile("/app/$"))
        expect(page.locator("body")).to_contain_text("Clicks & Sons")
        self.check(page)

    def import_and_publish(self, page: Page) -> None:
        self.open_sidebar_entry(page, "Workflows")
        self.check(page)
        page.get_by_role("link", name="Import").first.click()
        page.get_by_label("A file").set_input_files(BUNDLE)
        page.get_by_role("button", name="Check").click()
        outcome = page.get_by_role("status").filter(has_text="it would become")
        expect(outcome).to_contain_text("it would become version 1, as a draft")
        self.check(page)
        page.get_by_role("button", name="Apply as draft").click()
        expect(page.locator("body")).to_contain_text("This is a draft: no ticket uses it yet.")
        self.check(page)
        page.get_by_role("button", name="Publish version 1").click()
        expect(page.locator("body")).to_contain_text("is published.")
        self.check(page)

    def add_worker(self, page: Page) -> None:
        self.open_sidebar_entry(page, "People")
        self.check(page)
        page.goto("/app/")
        page.get_by_role("link", name="Add a person").click()
        page.get_by_label("First name").fill("Wendy")
        page.get_by_label("Last name").fill("Willing")
        page.get_by_label("E-mail").fill("wendy@clicks.example")
        page.locator("input[name=password1]").fill(PASSWORD)
        page.locator("input[name=password2]").fill(PASSWORD)
        page.get_by_label(re.compile("Task worker")).check()
        self.check(page)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("body")).to_contain_text("Wendy Willing")

    def fill_role(self, page: Page) -> None:
        self.open_sidebar_entry(page, "Company roles")
        self.check(page)
        self.follow_link(page.get_by_role("link", name="Vacation Approver"))
        self.check(page)
        page.get_by_label("Wendy Willing").check()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("tr").filter(has_text="Vacation Approver")).to_contain_text("1")

    def submit(self, page: Page) -> None:
        """First with a required answer missing: it is said beside the field, and the rest stays."""
        self.open_sidebar_entry(page, "Submit a ticket")
        self.check(page)
        page.get_by_role("link", name="Vacation").click()
        page.get_by_label("Title").fill("Ten days of surfing")
        page.get_by_label("What would you like to do there?").fill("Surf & read")
        page.get_by_label("Jamaica").check()
        self.check(page)
        page.get_by_role("button", name="Submit").click()

        season = page.locator(".tk-field.errors")
        expect(season).to_have_count(1)
        expect(season).to_contain_text("In which season?")
        expect(page.get_by_label("Title")).to_have_value("Ten days of surfing")
        expect(page.get_by_label("What would you like to do there?")).to_have_value("Surf & read")
        expect(page.get_by_label("Jamaica")).to_be_checked()
        self.check(page)

        page.get_by_label("Summer").check()
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        expect(page.locator("body")).to_contain_text("Wendy Willing")
        self.check(page)
        self.open_sidebar_entry(page, "My tickets")
        expect(page.locator("body")).to_contain_text("Approve the vacation, with Wendy Willing")
        self.check(page)

    def complete(self, page: Page) -> None:
        self.open_sidebar_entry(page, "My tasks")
        self.check(page)
        page.get_by_role("link", name="Approve the vacation").click()
        expect(page.locator("body")).to_contain_text("Surf & read")
        self.check(page)
        expect(page.locator("body")).to_contain_text("Whoever submitted the ticket sees this")
        page.get_by_role("radio", name="Approved").check()
        page.get_by_label("Explanation").fill("Have fun.")
        page.get_by_role("button", name="Complete").click()
        expect(page.locator("body")).to_contain_text("is done. Thank you.")
        self.check(page)

    # --- what they share

    def log_in_by_form(self, page: Page, email: str) -> None:
        page.goto("/app/")
        self.check(page)
        page.locator("input[name=username]").fill(email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("body")).to_contain_text("Clicks & Sons")
        self.check(page)

    def open_sidebar_entry(self, page: Page, title: str) -> None:
        """An entry of the sidebar."""
        named = re.compile(rf"^\W*{re.escape(title)}\W*\d*$")  # some have a number beside them
        page.locator("#nav-sidebar").get_by_role("link", name=named).click()

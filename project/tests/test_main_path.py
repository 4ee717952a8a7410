"""The main path, page by page: from sign-up to a completed ticket, which no other company sees.

Links are followed and forms are sent as the pages show them, and what is done is committed; a
browser walks the same path in test_browser_main_path.
"""

from __future__ import annotations

import httpx
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from project.development.smoke.browsing import PASSWORD, Browser, Page
from tenants.connection import use_public
from tenants.testing import CompanyTransactionTestCase

BUNDLE = settings.BASE_DIR / "fixtures" / "vacation.json"
FOUNDER, WORKER = "fiona@clicks.example", "wendy@clicks.example"


class MainPathTests(CompanyTransactionTestCase):
    SECONDS_EACH = 4.0
    works_outside = True

    def open_browser(self) -> Browser:
        browser = Browser("http://testserver", httpx.WSGITransport(app=WSGIHandler()))
        self.addCleanup(use_public)  # a request leaves it in the company that it was for
        self.addCleanup(browser.close)
        return browser

    def test_from_sign_up_to_a_completed_ticket(self) -> None:
        fiona = self.open_browser()
        self.sign_up(fiona)
        self.import_and_publish(fiona)
        self.add_worker(fiona)
        self.fill_role(fiona)
        ticket = self.submit(fiona)

        wendy = self.open_browser()
        wendy.log_in(WORKER).expect_texts("Clicks & Sons")
        self.complete(wendy)

        page = self.follow(fiona, "My tickets")
        self.assertNotIn("Ten days of surfing", page.text)
        page = fiona.get(fiona.get(page.link("Archive")).link("Ten days of surfing"))
        page.expect_texts("Completed", "vacation approved", "Answer", "Have fun.")
        page.expect_texts("Wendy Willing completed Approve the vacation.")
        self.assertIn("<svg", page.html)

        use_public()
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(ticket).status_code, 404)

    # --- the steps

    def sign_up(self, fiona: Browser) -> None:
        form = fiona.get(fiona.get("/").link("Sign your company up")).form("company_name")
        names = {"company_name": "Clicks & Sons", "first_name": "Fiona", "last_name": "Founder"}
        page = fiona.send(form, {**names, "email": FOUNDER, "password": PASSWORD})
        self.assertEqual(page.path, "/app/")
        page.expect_texts("Clicks & Sons")

    def import_and_publish(self, fiona: Browser) -> None:
        page = fiona.get(self.follow(fiona, "Workflows").link("Import"))
        page = fiona.send(page.form("file", "text"), files={"file": BUNDLE}, button="check")
        page.expect_texts("it would become version 1, as a draft")
        page = fiona.send(page.form("file", "text", "apply"), button="apply")
        page.expect_texts("This is a draft: no ticket uses it yet.")
        fiona.send(page.form_to("/publish/")).expect_texts("is published.")

    def add_worker(self, fiona: Browser) -> None:
        form = fiona.get(fiona.get("/app/").link("Add a person")).form("password1", "password2")
        values: dict[str, str | list[str]] = {
            "first_name": "Wendy",
            "last_name": "Willing",
            "email": WORKER,
            "password1": PASSWORD,
            "password2": PASSWORD,
            "system_roles": ["task_worker"],
        }
        fiona.send(form, values, button="_save").expect_texts("Wendy Willing")

    def fill_role(self, fiona: Browser) -> None:
        page = fiona.get(self.follow(fiona, "Company roles").link("Vacation Approver"))
        form = page.form("name", "members")
        wendy = form.option("members", f"Wendy Willing ({WORKER})")
        page = fiona.send(form, {"members": [wendy]}, button="_save")
        form = fiona.get(page.link("Vacation Approver")).form("name", "members")
        self.assertEqual(form.values["members"], [wendy])

    def submit(self, fiona: Browser) -> str:
        """First with a required answer missing: it is said, and the rest stays. The address."""
        page = fiona.get(self.follow(fiona, "Submit a ticket").link("Vacation"))
        form = page.form("title")
        answers: dict[str, str | list[str]] = {
            "title": "Ten days of surfing",
            "answers-activities": "Surf & read",
            "answers-location": "Jamaica",
        }
        page = fiona.send(form, answers).expect_texts("In which season?")
        form = page.form("title")
        self.assertEqual(form.values["answers-activities"], ["Surf & read"])
        self.assertEqual(form.values["answers-location"], ["Jamaica"])
        page = fiona.send(form, {"answers-season": "Summer"})
        page.expect_texts("Your ticket was submitted.", "Wendy Willing")
        ticket = page.path
        page = self.follow(fiona, "My tickets")
        page.expect_texts("Ten days of surfing", "Approve the vacation, with Wendy Willing")
        return ticket

    def complete(self, wendy: Browser) -> None:
        page = self.follow(wendy, "My tasks")
        page = wendy.get(page.link("Approve the vacation"))
        page.expect_texts("Surf & read", "Whoever submitted the ticket sees this")
        form = page.form("answers-approved")
        answers = {"answers-approved": "approved", "answers-explanation": "Have fun."}
        wendy.send(form, answers).expect_texts("is done. Thank you.")

    def follow(self, browser: Browser, entry: str) -> Page:
        """An entry of the menu."""
        return browser.get(browser.get("/app/").link(entry))

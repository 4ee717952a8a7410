"""What a person typed into a form survives errors, an ended session, and the browser itself."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import PASSWORD
from tenants.testing_tools.examples import long_run_only
from tickets.models import SavedAnswers, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import FIELDS, make_type
from workflows.engine.process import JsonObject
from workflows.models import TicketDefinition

RESTORED = "What you typed here before was put back."
ITEMS: JsonObject = {
    "name": "items", "label": "Items", "type": "records",
    "fields": [
        {"name": "name", "label": "Name", "type": "text"},
        {"name": "kind", "label": "Kind", "type": "choice", "choices": ["chair", "desk"]},
    ],
}  # fmt: skip
COLOURS: JsonObject = {
    "name": "colours", "label": "Colours", "type": "choices", "choices": ["red", "blue"],
}  # fmt: skip


@cache
def hashed_password() -> str:
    """As the server hashes it, which takes long by design: once for all tests."""
    return PBKDF2PasswordHasher().encode(PASSWORD, "salt-of-22-characters!")


class FormTests(BrowserTestCase):
    definition: ClassVar[TicketDefinition]

    def setUp(self) -> None:
        super().setUp()
        self.definition = make_type(fields=[*FIELDS, COLOURS, ITEMS])  # type: ignore[misc]
        self.address_of_form = f"/app/tickets/myticket/add/?definition={self.definition.pk}"

        # The server of the browser tests takes no password that is hashed for tests' speed.
        for person in (self.uma, self.walt, self.wendy):
            row = User.objects.filter(pk=person.pk)
            self.addCleanup(row.update, password=person.password)
            row.update(password=hashed_password())
            # A session ends when the password is changed: nobody may log in with the old one.
            person.refresh_from_db()

    # --- the tests

    def test_questions_come_and_go_without_a_reload(self) -> None:
        page = self.open_form(self.uma)
        why = page.get_by_label("Why so much?")
        expect(why).to_be_hidden()
        page.evaluate("window.isTheSamePage = true")
        page.get_by_label("Amount").fill("2000")
        expect(why).to_be_visible()
        page.get_by_label("Amount").fill("20")
        expect(why).to_be_hidden()
        self.assertTrue(page.evaluate("window.isTheSamePage"))
        self.check(page)

    def test_a_missing_answer_loses_nothing(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.get_by_label("What do you need?").fill("")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator(".tk-field.errors")).to_have_count(1)
        self.expect_filled(page, what="")
        expect(page.get_by_text(RESTORED)).to_be_hidden()
        page.get_by_label("What do you need?").fill("A desk")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.expect_forgotten(page)

    def test_an_answer_that_is_not_asked_for_any_more_is_not_sent_again(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        # Whoever is quicker than the server sends what is about to be hidden, once.
        page.get_by_role("button", name="Submit").evaluate(
            """(submit) => {
                const amount = submit.form.elements.namedItem("answers-amount");
                amount.value = "20";
                amount.dispatchEvent(new Event("input", { bubbles: true }));
                submit.click();
            }"""
        )
        expect(page.locator(".tk-field.errors")).to_contain_text("not asked with these answers")
        expect(page.get_by_label("Why so much?")).to_be_disabled()
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.assertNotIn("why", Ticket.objects.latest("pk").data)

    def test_a_reload_loses_nothing(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.reload()
        expect(page.get_by_text(RESTORED)).to_be_visible()
        self.expect_filled(page)
        self.check(page)
        page.get_by_role("button", name="Discard it").click()
        expect(page.get_by_label("What do you need?")).to_have_value("")
        expect(page.get_by_text(RESTORED)).to_be_hidden()
        page.reload()
        expect(page.get_by_text(RESTORED)).to_be_hidden()

    def test_an_ended_session_loses_nothing(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        self.end_session(page)
        # Which questions show is asked in the background; that must not end the session unseen.
        # What was asked before the session ended may be answered only now.
        with page.expect_response(
            lambda response: "/visible/" in response.url and response.status == 401
        ):
            page.get_by_label("Amount").fill("2000")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your session has ended.")
        self.log_in_here(page, self.uma)
        expect(page.get_by_text(RESTORED)).to_be_visible()
        self.expect_filled(page)
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        data = Ticket.objects.get().data
        self.assertEqual(data["items"], [{"name": "Chair", "kind": "chair"}, {"name": "Desk"}])
        self.assertEqual((data["what"], data["colours"]), ("A desk", ["blue"]))
        self.expect_forgotten(page)
        page.goto(self.address_of_form)
        expect(page.get_by_label("What do you need?")).to_have_value("")
        self.check(page)

    def test_whoever_else_logs_in_does_not_see_it(self) -> None:
        self.give_role(self.walt, SystemRole.USER)
        page = self.open_form(self.uma)
        self.fill(page)
        self.end_session(page)
        page.get_by_role("button", name="Submit").click()
        self.log_in_here(page, self.walt)
        expect(page.get_by_label("What do you need?")).to_have_value("")
        expect(page.get_by_text(RESTORED)).to_be_hidden()
        self.expect_forgotten(page)

    def test_logging_out_forgets_it(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.goto("/app/")
        self.assertTrue(self.kept(page))
        page.evaluate("document.getElementById('logout-form').requestSubmit()")
        page.wait_for_url(lambda address: "/app/" not in address)
        self.assertEqual(self.kept(page), [])

    def test_a_form_from_before_the_last_log_in_loses_nothing(self) -> None:
        """Logging in again, in another tab, makes the form's token invalid."""
        page = self.open_form(self.uma)
        self.fill(page)
        self.end_session(page)
        other = page.context.new_page()
        other.goto("/app/login/")
        self.log_in_here(other, self.uma)
        expect(other.locator("body")).to_contain_text("Dashboard")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("This form was open for too long")
        page.get_by_role("link", name="Open the page again").click()
        expect(page.get_by_text(RESTORED)).to_be_visible()
        self.expect_filled(page)
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")

    @long_run_only
    def test_a_network_error_loses_nothing(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.context.set_offline(True)
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url("chrome-error://chromewebdata/")
        page.context.set_offline(False)
        page.goto(self.address_of_form)
        expect(page.get_by_text(RESTORED)).to_be_visible()
        self.expect_filled(page)

    def test_a_ticket_is_saved_and_continued(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.get_by_role("button", name="Save and continue later").click()
        expect(page.locator("body")).to_contain_text("Not yet submitted")
        self.expect_forgotten(page)
        self.check(page)
        page.get_by_role("link", name="Continue My desk").click()
        self.expect_filled(page)
        expect(page.get_by_text(RESTORED)).to_be_hidden()
        self.check(page)
        page.get_by_label("What do you need?").fill("Two desks")
        self.end_session(page)
        page.get_by_role("button", name="Submit").click()
        self.log_in_here(page, self.uma)
        expect(page.get_by_label("What do you need?")).to_have_value("Two desks")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.assertEqual(Ticket.objects.get().data["what"], "Two desks")
        self.assertEqual(SavedAnswers.objects.count(), 0)

    def test_a_number_that_may_be_two_is_asked_for(self) -> None:
        page = self.open_form(self.uma)
        page.get_by_label("Title").fill("My desk")
        page.get_by_label("What do you need?").fill("A desk")
        amount = page.get_by_label("Amount")
        amount.fill("2.000")
        # Saved for later it stays what was typed, and is asked for when it is sent.
        page.get_by_role("button", name="Save and continue later").click()
        page.get_by_role("link", name="Continue My desk").click()
        expect(amount).to_have_value("2.000")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator(".tk-field.errors")).to_contain_text("Write 2000 or 2.0.")
        expect(amount).to_have_value("2.000")
        self.check(page)
        amount.fill("1\u00a0234,50")
        page.get_by_label("Why so much?").fill("It is large")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.assertEqual(Ticket.objects.get().data["amount"], 1234.5)

    def test_a_task_survives_an_ended_session_and_is_saved(self) -> None:
        self.walt.is_available = False
        self.walt.save()
        submit_ticket(definition=self.definition, data={"what": "A desk"}, user=self.uma)
        page = self.open_window(self.wendy)
        page.goto("/app/tickets/mytask/")
        page.get_by_role("link", name="Check it").click()
        page.get_by_role("radio", name="No", exact=True).check()
        page.get_by_label("What is wrong?").fill("Too dear")
        self.end_session(page)
        page.get_by_role("button", name="Complete").click()
        self.log_in_here(page, self.wendy)
        expect(page.get_by_text(RESTORED).first).to_be_visible()
        expect(page.get_by_label("What is wrong?")).to_have_value("Too dear")
        self.check(page)
        page.get_by_role("button", name="Save and continue later").click()
        expect(page.locator("body")).to_contain_text("Answers saved")
        self.expect_forgotten(page)
        self.check(page)
        page.get_by_role("link", name="Check it").click()
        expect(page.get_by_label("What is wrong?")).to_have_value("Too dear")
        self.check(page)
        page.get_by_role("button", name="Complete").click()
        expect(page.locator("body")).to_contain_text("is done. Thank you.")

    def test_going_back_and_sending_again_makes_no_second_ticket(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        page.go_back()
        expect(page.locator("body")).to_contain_text("You have submitted this form already")
        expect(page.get_by_role("button", name="Submit")).to_have_count(0)
        self.check(page)
        page.get_by_role("link", name="Submit another one").click()
        expect(page.get_by_label("What do you need?")).to_have_value("")
        page.get_by_label("What do you need?").fill("A second desk")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.assertEqual(Ticket.objects.count(), 2)

    @long_run_only
    def test_going_back_to_a_saved_ticket_that_was_submitted(self) -> None:
        page = self.open_form(self.uma)
        self.fill(page)
        page.get_by_role("button", name="Save and continue later").click()
        page.get_by_role("link", name="Continue My desk").click()
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        page.go_back()
        expect(page.locator("body")).to_contain_text("You have submitted this form already")
        self.assertEqual(Ticket.objects.count(), 1)

    def test_going_back_shows_the_questions_of_the_answers_that_are_put_back(self) -> None:
        urgent: JsonObject = {
            "name": "urgent", "label": "How soon?", "type": "choice", "required": True,
            "choices": ["now", "today", "this week", "this month", "this year", "some day"],
        }  # fmt: skip
        why: JsonObject = {
            "name": "why", "label": "Why now?", "type": "text",
            "visible_when": {"==": [{"var": "urgent"}, "now"]},
        }  # fmt: skip
        other = make_type(key="soon", fields=[urgent, why])
        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/add/?definition={other.pk}")
        # Without what this tab keeps: here the browser itself puts the answers back.
        page.evaluate("Storage.prototype.setItem = () => {}")
        page.get_by_label("How soon?").select_option("now")
        expect(page.get_by_label("Why now?")).to_be_visible()
        page.get_by_role("link", name="Cancel").click()
        expect(page.locator("body")).to_contain_text("What is it about?")
        page.go_back()
        expect(page.get_by_label("How soon?")).to_have_value("now")
        expect(page.get_by_label("Why now?")).to_be_visible()

    # --- what they share

    def open_form(self, user: User) -> Page:
        page = self.open_window(user)
        page.goto(self.address_of_form)
        return page

    def fill(self, page: Page) -> None:
        page.get_by_label("Title").fill("My desk")
        page.get_by_label("What do you need?").fill("A desk")
        page.get_by_label("Amount").fill("2000")
        page.get_by_label("Why so much?").fill("It is large")
        page.get_by_label("blue").check()
        for number, name in enumerate(("Chair", "Desk")):
            page.get_by_role("button", name="Add a row").click()
            page.get_by_label("Name").nth(number).fill(name)
        page.get_by_label("Kind").first.select_option("chair")
        # What is typed is written down a moment later.
        page.wait_for_function(
            "Object.values(sessionStorage).some((each) => each.includes('chair'))"
        )

    def expect_filled(self, page: Page, what: str = "A desk") -> None:
        expect(page.get_by_label("Title")).to_have_value("My desk")
        expect(page.get_by_label("What do you need?")).to_have_value(what)
        expect(page.get_by_label("Amount")).to_have_value("2000")
        expect(page.get_by_label("Why so much?")).to_have_value("It is large")
        expect(page.get_by_label("Why so much?")).to_be_visible()
        expect(page.get_by_label("blue")).to_be_checked()
        expect(page.get_by_label("red")).not_to_be_checked()
        expect(page.get_by_label("Name")).to_have_count(2)
        expect(page.get_by_label("Name").nth(1)).to_have_value("Desk")
        expect(page.get_by_label("Kind").first).to_have_value("chair")

    def end_session(self, page: Page) -> None:
        """As after two weeks: the browser still has the cookie, the server nothing."""
        name = settings.SESSION_COOKIE_NAME
        page.context.clear_cookies(name=name)
        page.context.add_cookies([{"name": name, "value": "x" * 32, "url": self.address}])

    def log_in_here(self, page: Page, user: User) -> None:
        # The browser notes in the console what was refused without a session.
        self.errors = [error for error in self.errors if "status of 401" not in error]
        page.locator("input[name=username]").fill(user.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/login/" not in address)

    def kept(self, page: Page) -> list[str]:
        keys: list[str] = page.evaluate("Object.keys(sessionStorage)")
        return [key for key in keys if key.startswith("typed:")]

    def expect_forgotten(self, page: Page) -> None:
        page.wait_for_load_state("load")
        self.assertEqual(self.kept(page), [])

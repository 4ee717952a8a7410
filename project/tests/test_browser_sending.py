"""A form that was sent, and a page that stays after all: it can be sent again."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from project.tests.browser import BrowserTestCase
from project.tests.late_answers import make_up
from tickets.models import Ticket
from tickets.tests.screens import make_type

# A device that has a key.
DEVICE = """
window.PublicKeyCredential = class {};
const key = { id: "a", rawId: new ArrayBuffer(1), type: "public-key", response: {
  clientDataJSON: new ArrayBuffer(1),
  authenticatorData: new ArrayBuffer(1),
  signature: new ArrayBuffer(1),
} };
Object.defineProperty(navigator, "credentials", { value: { get: async () => key } });
"""
PASSKEY = """<form data-passkey="use" data-options='{"challenge": "AA"}' method="post">
<input name="passkey"><p data-passkey-error hidden></p><button>Log in</button></form>"""
ONCE = (
    """<form data-once method="post"><div class="tk-actions"><button>Send</button></div></form>"""
)
CLICK_LATER = """(button) => setTimeout(() => {
  button.click();
  window.locked = button.getAttribute("aria-disabled");
})"""


class SendingTests(BrowserTestCase):
    def test_what_the_browser_was_told_to_stop_can_be_sent_again(self) -> None:
        definition = make_type()
        page = self.open_window(self.uma)
        devtools = page.context.new_cdp_session(page)
        page.goto(f"/app/tickets/myticket/add/?definition={definition.pk}")
        page.get_by_label("What do you need?").fill("A desk")
        button = page.get_by_role("button", name="Submit")
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/myticket/add/**", hold)
        # Playwright waits for the next page before it clicks, or looks at anything.
        with page.expect_request("**/myticket/add/**"):
            button.evaluate(CLICK_LATER)
        devtools.send("Page.stopLoading")
        expect(button).not_to_have_attribute("aria-disabled", "true")
        self.assertEqual(page.evaluate("window.locked"), "true")
        page.unroute_all()
        button.click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.assertEqual(Ticket.objects.count(), 1)
        self.assertEqual(len(held), 1)

    def test_a_page_that_stays_lets_the_form_be_sent_again(self) -> None:
        page = self.answered_by_nothing("forms/forms.js", ONCE)
        button = page.get_by_role("button")
        with page.expect_request(lambda request: request.method == "POST"):
            button.click(no_wait_after=True)
        expect(button).to_have_attribute("aria-disabled", "true")
        page.clock.run_for(31_000)
        expect(button).not_to_have_attribute("aria-disabled", "true")
        with page.expect_request(lambda request: request.method == "POST"):
            button.click(no_wait_after=True)

    def test_a_passkey_too(self) -> None:
        page = self.answered_by_nothing("account/passkeys.js", PASSKEY)
        button = page.get_by_role("button")
        with page.expect_request(lambda request: request.method == "POST"):
            button.click(no_wait_after=True)
        expect(button).to_be_disabled()
        page.clock.run_for(31_000)
        expect(button).to_be_enabled()
        expect(page.locator("input")).to_have_value("")

    def answered_by_nothing(self, script: str, body: str) -> Page:
        """A page that stays, as there is nothing to show."""
        page = self.open_window(self.uma)
        page.add_init_script(DEVICE)
        page.clock.install()
        make_up(page, script, body)
        page.goto("/made-up/")
        page.unroute_all()
        page.route("**/made-up/", lambda route: route.fulfill(status=204))
        return page

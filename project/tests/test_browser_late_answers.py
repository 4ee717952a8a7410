"""Forms and messages while the server is slow: what was typed or left meanwhile is what counts."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from project.tests.browser import BrowserTestCase
from project.tests.late_answers import HELD, LATE, SETTLED, make_up
from tenants.models import User
from tickets.models import CannedReply, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.models import TaskInstance, TicketDefinition
from workflows.running.definition_cache import forget_definitions

SHOWN = "export default ({ value }) => <b>What: {value.what}</b>;"
TYPED = """export default ({ value, onChange }) => {
  const type = (event) => onChange({ what: event.target.value });
  return <input aria-label="What" value={value.what} onChange={type} />;
};"""
# What a layout says stays on its way, as when both are busy.
LATE_WORDS = """
if (window.top === window) {
  const held = [];
  window.addEventListener("message", (event) => {
    if (!window.isHolding || !String(event.data).includes('"type":"change"')) return;
    event.stopImmediatePropagation();
    held.push(event);
    window.hasHeld = true;
  }, true);
  window.letGo = () => {
    window.isHolding = false;
    for (const { data, origin, source } of held.splice(0)) {
      dispatchEvent(new MessageEvent("message", { data, origin, source }));
    }
  };
}
"""
SEND_BUSY = """(button) => setTimeout(() => {
  setTimeout(window.letGo);
  button.click();
})"""
# The text of the first answer is held back.
LATE_TEXTS = """
const read = Response.prototype.json;
let number = 0;
Response.prototype.json = async function () {
  if (number++ === 0) await new Promise((resolve) => { window.release = resolve; });
  return read.call(this);
};
"""
# Types a larger amount and lets the answer about the smaller one come.
WATCHED = """() => {
  const why = document.querySelector("[name$=why]");
  const observer = new MutationObserver(() => { window.wasSwitchedOff ||= why.disabled; });
  observer.observe(why, { attributes: true });
  window.wasSwitchedOff = false;
  type(document.querySelector("[name$=amount]"), "2500");
  window.release();
}"""


class LateAnswersTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        self.definition = make_type()

    def open(self, user: User, address: str, script: str = LATE) -> Page:
        page = self.open_window(user)
        page.add_init_script(script)
        page.goto(address)
        return page

    def form(self, script: str = LATE) -> Page:
        address = f"/app/tickets/myticket/add/?definition={self.definition.pk}"
        return self.open(self.uma, address, script)

    def conversation(self) -> Page:
        """A worker's task, with its messages."""
        ticket: Ticket = submit_ticket(
            definition=self.definition, data={"what": "A desk"}, user=self.uma
        )
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        return self.open(self.wendy, f"/app/tickets/mytask/{task.pk}/change/")

    def release(self, page: Page) -> None:
        page.wait_for_function(HELD)
        page.evaluate("() => window.release()")
        page.evaluate(SETTLED)

    def page_with(self, script: str, body: str) -> Page:
        """A page of nothing but one script, and what it looks after."""
        page = self.open_window(self.uma)
        make_up(page, script, body)
        return page

    # --- forms

    def test_a_question_stays_that_the_newest_answers_ask(self) -> None:
        page = self.form()
        page.get_by_label("What do you need?").fill("A desk")
        amount = page.get_by_label("Amount")
        amount.fill("2000")
        expect(page.get_by_label("Why so much?")).to_be_visible()
        with page.expect_response("**/visible/**"):
            page.get_by_label("Why so much?").fill("It is large")
        page.evaluate(SETTLED)
        page.evaluate("() => hold('/visible/')")
        amount.fill("2")
        page.wait_for_function(HELD)
        # A moment before the server is asked again.
        page.evaluate(WATCHED)
        page.evaluate(SETTLED)
        page.evaluate(SETTLED)
        self.assertFalse(page.evaluate("() => window.wasSwitchedOff"))
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        data = Ticket.objects.get().data
        self.assertEqual((data["amount"], data["why"]), (2500, "It is large"))

    def test_logging_out_on_the_page_itself_forgets_what_was_typed(self) -> None:
        page = self.form()
        page.get_by_label("What do you need?").fill("A desk")
        page.wait_for_function("() => JSON.stringify(sessionStorage).includes('A desk')")
        page.evaluate("document.getElementById('logout-form').requestSubmit()")
        page.wait_for_url(lambda address: "/app/" not in address)
        self.assertNotIn("A desk", page.evaluate("JSON.stringify(sessionStorage)"))

    def test_a_form_that_comes_back_can_be_sent(self) -> None:
        page = self.form()
        button = page.locator(".tk-actions button").first
        page.evaluate(
            """() => {
                const form = document.querySelector("form[data-once]");
                form.addEventListener("submit", (event) => event.preventDefault());
                form.noValidate = true;
                form.requestSubmit();
            }"""
        )
        expect(button).to_have_attribute("aria-disabled", "true")
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        expect(button).not_to_have_attribute("aria-disabled", "true")

    def test_a_layout_shows_what_was_typed_while_it_was_loading(self) -> None:
        rows = TicketDefinition.objects.filter(pk=self.definition.pk)
        rows.update(edit_layout=SHOWN)
        forget_definitions()
        page = self.open_window(self.uma)
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/layouts/frame", hold)
        page.goto(f"/app/tickets/myticket/add/?definition={self.definition.pk}")
        frame = page.locator("iframe.tf-layout-frame")
        expect(frame).to_have_count(1)
        what = page.get_by_label("What do you need?")
        what.fill("A desk")
        what.blur()
        # What it asks the server then is answered before the frame is there.
        page.evaluate(SETTLED)
        page.evaluate(SETTLED)
        held[0].continue_()
        expect(page.frame_locator("iframe.tf-layout-frame").locator("b")).to_have_text(
            "What: A desk"
        )

    def test_what_was_typed_last_into_a_layout_is_sent_with_the_form(self) -> None:
        rows = TicketDefinition.objects.filter(pk=self.definition.pk)
        rows.update(edit_layout=TYPED)
        forget_definitions()
        page = self.form(LATE_WORDS)
        what = page.frame_locator("iframe.tf-layout-frame").get_by_label("What")
        what.press_sequentially("A des")
        expect(page.locator("[name$=what]")).to_have_value("A des")
        page.evaluate("() => { window.isHolding = true; }")
        what.press("k")
        page.wait_for_function("() => window.hasHeld")
        page.get_by_role("button", name="Submit").evaluate(SEND_BUSY)
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.assertEqual(Ticket.objects.get().data, {"what": "A desk"})

    def test_an_earlier_answer_about_people_does_not_come_over_a_later_one(self) -> None:
        page = self.page_with("person/people.js", '<input data-people="/people/">')
        page.add_init_script(LATE_TEXTS)
        page.route("**/people/**", self.say_who)
        page.goto("/made-up/")
        page.locator("input").press_sequentially("a")
        page.wait_for_function(HELD)
        page.locator("input").press_sequentially("b")
        option = page.locator("datalist option")
        expect(option).to_have_attribute("value", "ab@example.com")
        self.release(page)
        expect(option).to_have_attribute("value", "ab@example.com")

    def say_who(self, route: Route) -> None:
        typed = route.request.url.rpartition("q=")[2]
        person = {"email": f"{typed}@example.com", "name": typed}
        route.fulfill(json={"people": [person]})

    def test_progress_goes_on_after_the_server_was_away(self) -> None:
        page = self.page_with("pages/progress.js", '<div data-progress-url="/state/">Running</div>')
        answers = [503, 200]
        page.route(
            "**/state/",
            lambda route: route.fulfill(
                status=answers.pop(0), json={"html": "It is done", "over": True}
            ),
        )
        page.clock.install()
        page.goto("/made-up/")
        for _each in range(6):
            page.clock.run_for(3_000)
            page.wait_for_load_state("networkidle")
        expect(page.locator("div")).to_have_text("It is done")

    # --- messages

    def test_nobody_is_offered_in_a_text_that_was_left(self) -> None:
        page = self.conversation()
        text = page.get_by_label("Write a message")
        page.evaluate("() => hold('/names/')")
        text.press_sequentially("@")
        page.wait_for_function(HELD)
        text.blur()
        self.release(page)
        offered = page.get_by_role("listbox", name="@", include_hidden=True)
        expect(offered).to_be_hidden()
        text.press_sequentially("t")
        expect(offered.get_by_role("option")).to_have_text(["Terry Tate"])

    def test_the_people_of_another_kind_of_message_are_not_offered(self) -> None:
        page = self.conversation()
        text = page.get_by_label("Write a message")
        page.evaluate("() => hold('/names/')")
        text.press_sequentially("@")
        page.wait_for_function(HELD)
        page.get_by_label("The team only").check()
        text.focus()
        self.release(page)
        offered = page.get_by_role("listbox", name="@", include_hidden=True)
        expect(offered).to_be_hidden()

    def test_names_are_asked_for_again_after_the_server_was_away(self) -> None:
        page = self.conversation()
        text = page.get_by_label("Write a message")
        page.route("**/names/**", lambda route: route.abort())
        with page.expect_event("requestfailed"):
            text.press_sequentially("@")
        self.errors.clear()
        page.unroute("**/names/**")
        text.press_sequentially("t")
        offered = page.get_by_role("listbox", name="@").get_by_role("option")
        expect(offered).to_have_text(["Terry Tate"])

    def test_canned_replies_that_are_still_loading_are_not_said_to_be_none(self) -> None:
        CannedReply.objects.create(name="Thanks", text="Thank you.")
        page = self.conversation()
        page.evaluate("() => hold('/replies/')")
        button = page.get_by_role("button", name="Insert a canned reply")
        button.click()
        page.wait_for_function(HELD)
        search = page.get_by_role("combobox", name="Search canned replies")
        search.press_sequentially("th")
        panel = page.locator(".tk-replies-panel")
        expect(panel).not_to_contain_text("There is no canned reply yet")
        button.click()
        button.click()  # closed and opened again, it does not ask twice
        self.release(page)
        expect(panel.get_by_role("option")).to_have_count(1)
        self.assertEqual(page.evaluate("answered['/replies/']"), 1)

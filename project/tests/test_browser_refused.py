"""Where the server refuses what scripts ask, they leave it alone for a while, and then go on."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from project.tests.browser import BrowserTestCase
from project.tests.late_answers import make_up
from tenants.models import User
from tickets.models import CannedReply, Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.models import TaskInstance

HOUR = 3_600_000  # milliseconds
# How often each address was asked for.
COUNTED = """
window.asked = {};
const ask = window.fetch;
window.fetch = (address, options) => {
  const { pathname } = new URL(String(address), location.href);
  window.asked[pathname] = (window.asked[pathname] ?? 0) + 1;
  return ask(address, options);
};
"""
TIMES = """(end) => {
  const found = Object.entries(window.asked).find(([path]) => path.endsWith(end));
  return found ? found[1] : 0;
}"""
LEFT_ALONE = """(end) => {
  const path = Object.keys(window.asked).find((each) => each.endsWith(end));
  return path !== undefined && asking.pause(path) > 0;
}"""


class RefusedTests(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        User.objects.filter(pk=self.walt.pk).update(is_available=False)
        self.definition = make_type()

    def window(self, user: User) -> Page:
        page = self.open_window(user)
        page.add_init_script(COUNTED)
        page.clock.install()
        return page

    def refuse(self, page: Page, end: str, *, status: int = 429) -> None:
        """An hour long, as far as the answer says it."""
        headers = {"Retry-After": "3600"} if status == 429 else {}
        page.route(f"**{end}**", lambda route: route.fulfill(status=status, headers=headers))

    def wait_until_refused(self, page: Page, end: str) -> None:
        page.wait_for_function(LEFT_ALONE, arg=end)

    def ensure_left_alone(self, page: Page, end: str, times: int = 1) -> None:
        page.clock.run_for(60_000)
        self.assertEqual(page.evaluate(TIMES, end), times)

    def conversation(self) -> Page:
        ticket: Ticket = submit_ticket(
            definition=self.definition, data={"what": "A desk"}, user=self.uma
        )
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        page = self.window(self.wendy)
        page.goto(f"/app/tickets/mytask/{task.pk}/change/")
        return page

    def test_names_that_are_mentioned(self) -> None:
        page = self.conversation()
        self.refuse(page, "/names/")
        text = page.get_by_label("Write a message")
        text.press_sequentially("@")
        self.wait_until_refused(page, "/names/")
        text.press_sequentially("tate")
        self.ensure_left_alone(page, "/names/")
        page.unroute_all()
        page.clock.fast_forward(HOUR)
        offered = page.get_by_role("listbox", name="@").get_by_role("option")
        expect(offered).to_have_text(["Terry Tate"])

    def test_canned_replies(self) -> None:
        CannedReply.objects.create(name="Thanks", text="Thank you.")
        page = self.conversation()
        self.refuse(page, "/replies/")
        button = page.get_by_role("button", name="Insert a canned reply")
        button.click()
        self.wait_until_refused(page, "/replies/")
        for _each in range(2):
            button.click()
            button.click()
        self.ensure_left_alone(page, "/replies/")
        button.click()
        page.unroute_all()
        page.clock.fast_forward(HOUR)
        button.click()
        expect(page.locator(".tk-replies-panel").get_by_role("option")).to_have_count(1)

    def test_questions_that_are_shown_for_some_answers(self) -> None:
        page = self.window(self.uma)
        page.goto(f"/app/tickets/myticket/add/?definition={self.definition.pk}")
        self.refuse(page, "/visible/")
        page.get_by_label("Amount").fill("2000")
        self.wait_until_refused(page, "/visible/")
        times = page.evaluate(TIMES, "/visible/")
        page.get_by_label("What do you need?").press_sequentially("A desk")
        self.ensure_left_alone(page, "/visible/", times)
        expect(page.get_by_label("Why so much?")).to_be_hidden()
        page.unroute_all()
        page.clock.fast_forward(HOUR)
        expect(page.get_by_label("Why so much?")).to_be_visible()

    def test_people_to_choose_from(self) -> None:
        page = self.window(self.uma)
        make_up(page, "person/people.js", '<input data-people="/people/">')
        self.refuse(page, "/people/")
        page.goto("/made-up/")
        page.locator("input").press_sequentially("a")
        self.wait_until_refused(page, "/people/")
        page.locator("input").press_sequentially("bc")
        self.ensure_left_alone(page, "/people/")
        page.unroute("**/people/**")
        page.route("**/people/**", self.say_who)
        page.clock.fast_forward(HOUR)
        expect(page.locator("datalist option")).to_have_attribute("value", "abc@example.com")

    def say_who(self, route: Route) -> None:
        typed = route.request.url.rpartition("q=")[2]
        route.fulfill(json={"people": [{"email": f"{typed}@example.com", "name": typed}]})

    def test_how_far_something_is(self) -> None:
        page = self.window(self.uma)
        make_up(page, "pages/progress.js", '<div data-progress-url="/state/">Running</div>')
        self.refuse(page, "/state/")
        page.goto("/made-up/")
        page.clock.run_for(2_000)
        self.wait_until_refused(page, "/state/")
        self.ensure_left_alone(page, "/state/")
        page.unroute("**/state/**")
        page.route("**/state/**", lambda route: route.fulfill(json={"html": "Done", "over": True}))
        page.clock.fast_forward(HOUR)
        expect(page.locator("div")).to_have_text("Done")

    def bell(self) -> Page:
        page = self.window(self.uma)
        body = '<a id="tf-bell" data-ask="/bell/"><b class="tf-bell-count"></b></a>'
        make_up(page, "notices/bell.js", body)
        return page

    def ring(self, page: Page) -> None:
        """What it asks now is answered."""
        page.unroute("**/bell/**")
        answer = {"count": 2, "shown": "2", "text": "2 unread"}
        page.route("**/bell/**", lambda route: route.fulfill(json=answer))

    def test_the_bell(self) -> None:
        page = self.bell()
        self.refuse(page, "/bell/")
        page.goto("/made-up/")
        page.clock.run_for(40_000)
        self.wait_until_refused(page, "/bell/")
        self.ensure_left_alone(page, "/bell/")
        self.ring(page)
        page.clock.fast_forward(HOUR)
        page.clock.run_for(10_000)
        expect(page.locator("#tf-bell")).to_have_attribute("aria-label", "2 unread")

    def test_whoever_is_logged_out_is_asked_for_no_more_until_they_look_again(self) -> None:
        page = self.bell()
        self.refuse(page, "/bell/", status=401)
        page.goto("/made-up/")
        page.clock.run_for(40_000)
        self.wait_until_refused(page, "/bell/")
        self.ensure_left_alone(page, "/bell/")
        page.clock.fast_forward(HOUR)
        self.ensure_left_alone(page, "/bell/")
        self.ring(page)  # they have logged in in another tab, and come back
        page.evaluate("dispatchEvent(new Event('focus'))")
        page.clock.run_for(10_000)
        expect(page.locator("#tf-bell")).to_have_attribute("aria-label", "2 unread")

    def test_who_is_refused_again_and_again_asks_less_and_less(self) -> None:
        page = self.bell()
        page.goto("/made-up/")
        pauses = page.evaluate(
            """() => Array.from({ length: 9 }, () => {
                asking.note("/x/", new Response("", { status: 503 }));
                return Math.round(asking.pause("/x/") / 1000);
            })"""
        )
        self.assertEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60])
        wish = """(wish) => {
            asking.note("/y/", new Response("", { status: 503, headers: { "Retry-After": wish } }));
            return Math.round(asking.pause("/y/") / 1000);
        }"""
        self.assertEqual(page.evaluate(wish, "120"), 120)
        self.assertEqual(page.evaluate(wish, "999999"), 3600)
        self.assertEqual(page.evaluate(wish, "soon"), 4)  # the third time in turn
        page.evaluate("asking.note('/y/', new Response(''))")
        self.assertEqual(page.evaluate("asking.pause('/y/')"), 0)
        self.assertEqual(page.evaluate("asking.headers('/x/')"), {"X-Poll": "1"})

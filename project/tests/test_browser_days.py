"""A day of each role, by real clicks; that of the requester by keyboard alone.

The short form takes all roles through the life of one ticket. In a long run each role has a day of
its own besides: every screen of its sidebar, what the first row of each list leads to, and every
page that those offer.

Whatever page is opened: an answer of 500 or more fails the test, as does an error in the console,
where the browser also reports what the content security policy forbids.
"""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Response, expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tenants.testing_tools.examples import long_run_only
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.models import CompanyRole

MOST_TABS = 150  # until whatever is looked for has the focus
FIRST_ROW = "#result_list tbody th a, #result_list tbody td a, .tk-card"
# Links of a page that lead on, and neither out, nor to files, nor change anything.
LINKS = "#tf-content a[href^='/app/'], #tf-content a[href^='?']"
LEFT_OUT = re.compile(r"/(export|download|files|history|logout|leave|enter)\b|[?&](csv|format)=")
MOST_LINKS = 40  # of a role, beyond its lists


class DayTestCase(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.workflow = import_fixture("vacation", by=self.carla)
        CompanyRole.objects.get(name="Vacation Approver").members.add(self.wendy)
        User.objects.filter(pk=self.walt.pk).update(is_available=False)

    def open_window(self, user: User | None = None) -> Page:
        page = super().open_window(user)
        page.on("response", self.note_answer)
        return page

    def note_answer(self, response: Response) -> None:
        if response.status >= 500:
            self.errors.append(f"{response.status} at {response.url}")

    def begin(self, user: User) -> Page:
        page = self.open_window(user)
        page.goto("/app/")
        return page

    def sidebar(self, page: Page, title: str) -> None:
        link = page.locator("#nav-sidebar").get_by_role("link", name=title)
        self.follow_link(link.first)

    def press(self, page: Page, name: str) -> None:
        self.follow_link(page.get_by_role("button", name=name, exact=True).first)

    def submit_vacation(self) -> Ticket:
        return submit_ticket(
            definition=self.workflow.ticket_definitions.get(),
            data={"location": "Spain", "season": "Summer"},
            user=self.uma,
            title="Two weeks of sun",
        )


class Keyboard:
    """Somebody who has no mouse: what they want to use they reach by Tab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, wanted: Locator) -> None:
        """Raises AssertionError where Tab does not lead there, or nothing shows that it did."""
        for _each in range(MOST_TABS):
            if wanted.evaluate("each => each === document.activeElement"):
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"By keyboard nobody comes to {wanted}.")
        shown = wanted.evaluate(SHOWS_FOCUS)
        if not shown:
            raise AssertionError(f"Nothing shows that {wanted} has the focus.")

    def follow(self, wanted: Locator) -> None:
        self.reach(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, wanted: Locator, text: str) -> None:
        self.reach(wanted)
        self.page.keyboard.insert_text(text)

    def tick(self, wanted: Locator) -> None:
        """A box, or one of several of which one is chosen: Tab leads to the first of these."""
        wanted.evaluate("each => { each.dataset.wanted = '1'; }")
        name, kind = wanted.get_attribute("name"), wanted.get_attribute("type")
        first = self.page.locator(f"input[name='{name}']").first
        self.reach(first if kind == "radio" else wanted)
        if kind == "radio":
            while not self.page.evaluate("document.activeElement.dataset.wanted === '1'"):
                self.page.keyboard.press("ArrowDown")
        if not wanted.is_checked():
            self.page.keyboard.press("Space")
        expect(wanted).to_be_checked()


# Whether an element looks different for having the focus: an outline, a shadow or a border.
SHOWS_FOCUS = """(each) => {
    const looks = (of) => {
        const style = getComputedStyle(of);
        return [style.outlineStyle === "none" ? "" : style.outlineWidth + style.outlineColor,
                style.boxShadow, style.borderColor, style.backgroundColor, style.textDecoration];
    };
    const all = [each, each.parentElement, ...(each.labels || [])];
    const before = JSON.stringify(all.map(looks));
    each.blur();
    const after = JSON.stringify(all.map(looks));
    each.focus({focusVisible: true});
    return before !== after;
}"""


class ShortDayTests(DayTestCase):
    """The life of a ticket, with everybody in it."""

    SECONDS_EACH = 30.0

    def test_everybody_has_their_part(self) -> None:
        self.user_submits_by_keyboard()
        self.worker_asks()
        self.user_answers_by_keyboard()
        self.worker_completes()
        self.ticket_admin_finds_it()
        self.creator_changes_the_workflow()
        self.admin_adds_somebody()
        self.superuser_visits()

    def user_submits_by_keyboard(self) -> None:
        page = self.begin(self.uma)
        keys = Keyboard(page)
        # The first thing that Tab comes to is the way past the menu.
        page.keyboard.press("Tab")
        self.assertEqual(
            page.evaluate("document.activeElement.getAttribute('href')"), "#tf-content"
        )
        keys.follow(page.locator("#nav-sidebar").get_by_role("link", name="Submit a ticket"))
        keys.follow(page.get_by_role("link", name="Vacation").first)
        keys.write(page.get_by_label("Title"), "Two weeks of sun")
        keys.tick(page.get_by_label("Spain"))
        keys.tick(page.get_by_label("Summer"))
        keys.follow(page.get_by_role("button", name="Submit", exact=True))
        expect(page.locator("body")).to_contain_text("Your ticket was submitted.")
        self.check(page)

    def worker_asks(self) -> None:
        page = self.begin(self.wendy)
        self.follow_link(page.get_by_role("link", name="Approve the vacation").first)
        self.check(page)
        page.get_by_label("Write a message").fill("For how long?")
        page.get_by_label("The task waits until").check()
        self.press(page, "Send")
        expect(page.locator("#conversation")).to_contain_text("For how long?")
        self.check(page)

    def user_answers_by_keyboard(self) -> None:
        page = self.begin(self.uma)
        keys = Keyboard(page)
        keys.follow(page.locator("#tf-bell"))
        keys.follow(page.locator(".tf-notice-unread a").first)
        keys.write(page.get_by_label("Write a message"), "Two weeks.")
        keys.follow(page.get_by_role("button", name="Send", exact=True))
        expect(page.locator("#conversation")).to_contain_text("Two weeks.")
        self.check(page)

    def worker_completes(self) -> None:
        page = self.begin(self.wendy)
        self.sidebar(page, "My tasks")
        self.follow_link(page.get_by_role("link", name="Approve the vacation").first)
        expect(page.locator("#conversation")).to_contain_text("Two weeks.")
        page.get_by_role("radio", name="Approved").check()
        page.get_by_label("Explanation").fill("Have fun.")
        self.press(page, "Complete")
        expect(page.locator("body")).to_contain_text("is done. Thank you.")
        self.check(page)

    def ticket_admin_finds_it(self) -> None:
        page = self.begin(self.terry)
        page.keyboard.press("Control+k")
        page.locator("#search-input-command").press_sequentially("two weeks")
        self.follow_link(page.locator("#command-results-list a").first)
        expect(page.locator("body")).to_contain_text("Two weeks of sun")
        self.check(page)
        self.sidebar(page, "Report")
        self.check(page)

    def creator_changes_the_workflow(self) -> None:
        page = self.begin(self.carla)
        self.sidebar(page, "Workflows")
        self.follow_link(page.get_by_role("link", name="Vacation").first)
        self.follow_link(page.get_by_role("button", name=re.compile("Edit$")).first)
        expect(page.get_by_role("tab").first).to_be_visible()
        self.check(page)

    def admin_adds_somebody(self) -> None:
        page = self.begin(self.alice)
        self.follow_link(page.get_by_role("link", name="Add a person"))
        page.get_by_label("First name").fill("Nora")
        page.get_by_label("Last name").fill("New")
        page.get_by_label("E-mail").fill("nora@acme.example")
        page.locator("input[name=password1]").fill("a long walk in the rain")
        page.locator("input[name=password2]").fill("a long walk in the rain")
        page.get_by_label(re.compile("Task worker")).check()
        self.press(page, "Save")
        expect(page.locator("body")).to_contain_text("Nora New")
        self.check(page)

    def superuser_visits(self) -> None:
        page = self.begin(self.root)
        self.follow_link(page.get_by_role("link", name="Enter Acme"))
        page.get_by_label("Reason").fill("They asked for help.")
        self.press(page, "Enter")
        self.check(page)
        self.sidebar(page, "All tickets")
        expect(page.locator("#result_list")).to_contain_text("Two weeks of sun")
        page.get_by_role("button", name=re.compile("^Leave")).first.click()
        expect(page.get_by_role("link", name="Enter Acme")).to_be_visible()
        self.check(page)


@long_run_only
class WholeDayTests(DayTestCase):
    """Each role sees all that it has."""

    SECONDS_EACH = 120.0

    def setUp(self) -> None:
        super().setUp()
        self.submit_vacation()

    def test_user(self) -> None:
        self.spend_the_day(self.uma)

    def test_task_worker(self) -> None:
        self.spend_the_day(self.wendy)

    def test_ticket_admin(self) -> None:
        self.spend_the_day(self.terry)

    def test_workflow_creator(self) -> None:
        self.spend_the_day(self.carla)

    def test_company_admin(self) -> None:
        self.spend_the_day(self.alice)

    def test_superuser(self) -> None:
        self.spend_the_day(self.root)

    def spend_the_day(self, user: User) -> None:
        page = self.begin(user)
        self.check(page)
        titles = page.locator("#nav-sidebar a[href^='/app/']")
        sidebar = list(dict.fromkeys(str(a.get_attribute("href")) for a in titles.all()))
        self.assertGreater(len(sidebar), 1)
        seen, ahead = set(sidebar), []
        for address in sidebar:
            self.follow_link(page.locator(f"#nav-sidebar a[href='{address}']").first)
            self.check(page)
            if page.locator(FIRST_ROW).count():
                self.follow_link(page.locator(FIRST_ROW).first)
                self.check(page)
                seen.add(page.url.removeprefix(self.address))
            ahead += self.links_of(page)
        for address in [each for each in dict.fromkeys(ahead) if each not in seen][:MOST_LINKS]:
            page.goto(address)
            self.check(page)

    def links_of(self, page: Page) -> list[str]:
        found = page.locator(LINKS).evaluate_all("all => all.map((each) => each.href)")
        own = [str(each).removeprefix(self.address).partition("#")[0] for each in found]
        return [each for each in own if not LEFT_OUT.search(each)]

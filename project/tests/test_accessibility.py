"""What a screen reader needs, on every page that the sidebars and their lists lead to."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from playwright.sync_api import Page, expect

from project.tests.axe import problems
from project.tests.browser import BrowserTestCase
from tenants.models import User
from tenants.testing_tools.examples import is_long_run
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import import_fixture
from workflows.authoring.editing.create_workflow import edit_workflow
from workflows.models import CompanyRole

# What is missing on a page, in words; an empty list where nothing is.
FINDINGS = r"""() => {
    const found = [];
    const shown = (each) => each.checkVisibility() && !each.closest("[aria-hidden=true]");
    const text = (each) => (each ? each.textContent.trim() : "");
    const name = (each) =>
        each.getAttribute("aria-label") || each.getAttribute("title")
        || (each.getAttribute("aria-labelledby") || "").split(/\s+/)
            .map((id) => text(document.getElementById(id))).join("")
        || Array.from(each.labels || []).map(text).join("");
    const excerpt = (each) => each.outerHTML.replace(/\s+/g, " ").slice(0, 160);
    document.querySelectorAll("input:not([type=hidden]), select, textarea").forEach((each) => {
        if (shown(each) && !name(each)) { found.push(`no label: ${excerpt(each)}`); }
    });
    document.querySelectorAll("a[href], button").forEach((each) => {
        const image = each.querySelector("img[alt]:not([alt='']), svg[aria-label]");
        if (shown(each) && !name(each) && !text(each) && !image) {
            found.push(`no name: ${excerpt(each)}`);
        }
    });
    document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label], [aria-labelledby])")
        .forEach((each) => { if (shown(each)) { found.push(`no text: ${excerpt(each)}`); } });
    const headings = Array.from(document.querySelectorAll("h1")).filter(shown);
    if (headings.length !== 1) { found.push(`${headings.length} headings of the first level`); }
    const ids = Array.from(document.querySelectorAll("[id]")).map((each) => each.id);
    new Set(ids.filter((id, at) => ids.indexOf(id) !== at)).forEach((id) => {
        found.push(`the id ${id} is there twice`);
    });
    if (!document.documentElement.lang) { found.push("no language"); }
    if (!document.title.replace("TicketFlower", "").trim()) { found.push("no title"); }
    return found;
}"""
FIRST_ROW = "#result_list tbody th a, #result_list tbody td a"


class AccessibilityTests(BrowserTestCase):
    # Those that somebody has looked at already: another role has little else there.
    looked_at: ClassVar[set[str]] = set()

    def setUp(self) -> None:
        super().setUp()
        workflow = import_fixture("vacation", by=self.carla)
        CompanyRole.objects.get(name="Vacation Approver").members.add(self.wendy)
        submit_ticket(
            definition=workflow.ticket_definitions.get(),
            data={"location": "Spain", "season": "Summer"},
            user=self.uma,
        )
        self.assertEqual(Ticket.objects.count(), 1)

    def test_pages_of_visitors(self) -> None:
        page = self.open_window()
        self.assert_accessible(page, ["/", "/sign-up/", "/app/login/"])

    def test_pages_of_users(self) -> None:
        self.assert_own_pages_accessible(self.uma, "/app/tickets/myticket/submit/")

    def test_pages_of_task_workers(self) -> None:
        self.assert_own_pages_accessible(self.wendy)

    def test_pages_of_ticket_admins(self) -> None:
        self.assert_own_pages_accessible(self.terry)

    def test_pages_of_workflow_creators(self) -> None:
        self.assert_own_pages_accessible(
            self.carla,
            "/app/workflows/workflowdefinition/import/?example=it_help",
            "/app/workflows/taskdefinition/upload/",
            "/app/workflows/taskdefinition/download/",
        )

    def test_pages_of_company_admins(self) -> None:
        self.assert_own_pages_accessible(
            self.alice, "/app/tenants/user/add/", "/app/workflows/companyrole/add/"
        )

    def test_pages_of_superusers(self) -> None:
        self.assert_own_pages_accessible(self.root)

    def test_the_command_palette(self) -> None:
        page = self.open_window(self.uma)
        page.goto("/app/")
        page.get_by_role("button", name="Search").click()
        box = page.get_by_role("searchbox", name="Search for screens, tickets, tasks and workflows")
        expect(box).to_be_visible()
        self.assertEqual(page.evaluate(FINDINGS), [])
        box.press_sequentially("submit a")
        expect(page.locator("#command-results-list a")).to_have_count(1)

    def test_the_editor(self) -> None:
        """Its forms come later, from the server and from django-jsonform."""
        draft = edit_workflow(workflow=import_fixture("invoice", by=self.carla), user=self.carla)
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        page.get_by_role("button", name="Add a link").click()
        closed = page.locator("#ed-panel .ed-item-toggle[aria-expanded=false]")
        for tab in page.get_by_role("tab").all():
            with self.subTest(tab=tab.get_attribute("data-tab")):
                tab.click()
                while closed.count():
                    closed.first.press("Enter")
                page.locator("#ed-panel details").evaluate_all(
                    "all => all.forEach((each) => { each.open = true; })"
                )
                expect(page.locator("#ed-panel .ed-preview-form:empty")).to_have_count(0)
                for part in page.locator("#ed-panel .ed-part").all():
                    expect(part).not_to_contain_text("The form is being drawn")
                self.assertEqual(page.evaluate(FINDINGS), [])
                self.check(page)

    # --- what they share

    def assert_own_pages_accessible(self, user: User, *more: str) -> None:
        """The pages of the sidebar, and of each list the first row's."""
        page = self.open_window(user)
        page.goto("/app/")
        links = page.locator("#nav-sidebar-inner a[href^='/app/']")
        sidebar = {str(link.get_attribute("href")) for link in links.all()}
        self.assertGreater(len(sidebar), 1)
        rows: list[str] = []
        for address in sorted(self.new(sidebar | set(more))):
            self.assert_accessible(page, [address])
            for first in (page.locator(FIRST_ROW), page.locator(".tk-card")):
                rows += [str(first.first.get_attribute("href"))] if first.count() else []
        self.assert_accessible(page, sorted(self.new(set(rows))))

    def new(self, addresses: set[str]) -> set[str]:
        """Those to look at, each once; in a long run each role looks at all of its own."""
        new = addresses if is_long_run() else addresses - self.looked_at
        self.looked_at.update(new)
        return new

    def assert_accessible(self, page: Page, addresses: list[str]) -> None:
        for address in addresses:
            with self.subTest(address=address):
                page.goto(address)
                self.assertEqual(page.evaluate(FINDINGS), [])
                self.assertEqual(problems(page), [])
                self.assertEqual(page.locator("html").get_attribute("lang"), settings.LANGUAGE_CODE)
                self.check(page)

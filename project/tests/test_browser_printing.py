"""What comes out of the printer: Chromium's print layout, after its `beforeprint` event."""

from __future__ import annotations

from typing import ClassVar

from playwright.sync_api import Page, expect

from project.tests.browser import WIDE, BrowserTestCase
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import Json, JsonObject
from workflows.models import CompanyRole, WorkflowDefinition

# Where people see a task, a label or an end that is cut off by its row.
CUT_OFF = """() => Array.from(document.querySelectorAll(".flow-row")).flatMap((row) => {
    const frame = row.querySelector("svg").getBoundingClientRect();
    return Array.from(row.querySelectorAll(".flow-task, .flow-label, .flow-start, .flow-end"))
        .map((each) => each.getBoundingClientRect())
        .filter((box) => box.bottom > frame.top + 1 && box.top < frame.bottom - 1)
        .filter((box) => box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        .map((box) => `${frame.top}-${frame.bottom}: ${box.top}-${box.bottom}`);
})"""
TASKS = 30


def long_process() -> JsonObject:
    """Thirty tasks one after the other, with transitions back and out."""
    tasks: list[Json] = []
    transitions: list[Json] = [{"from": "start", "to": "t1"}]
    for number in range(1, TASKS + 1):
        key, following = f"t{number}", f"t{number + 1}" if number < TASKS else "end"
        question: JsonObject = {"name": "ok", "label": "Is it right?", "type": "boolean"}
        tasks.append(
            {
                "key": key,
                "title": f"Step {number}: check the goods and their papers",
                "candidate_role": "Approver",
                "fields": [{**question, "required": True}],
            }
        )
        if number % 5 == 0 and number < TASKS:
            transitions.append(
                {
                    "from": key,
                    "to": "end" if number % 10 else f"t{number - 3}",
                    "label": "refused" if number % 10 else "again",
                    "condition": {"==": [{"var": f"tasks.{key}.ok"}, False]},
                    "priority": 1,
                }
            )
        transitions.append({"from": key, "to": following, "priority": 2})
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "long",
            "title": "A long delivery",
            "fields": [{"name": "what", "label": "What?", "type": "text", "required": True}],
        },
        "tasks": tasks,
        "transitions": transitions,
        "ticket_types": [{"key": "delivery", "title": "Delivery"}],
        "company_roles": [{"name": "Approver"}],
    }


class PrintingTests(BrowserTestCase):
    PAPER: ClassVar[int] = 718  # A4 without its margins, in CSS pixels

    workflow: WorkflowDefinition
    ticket: Ticket

    def setUp(self) -> None:
        super().setUp()
        draft = import_bundle(document=long_process(), user=self.carla)
        self.workflow = publish_workflow(workflow=draft, user=self.carla)
        CompanyRole.objects.get(name="Approver").members.add(self.wendy)
        self.ticket = submit_ticket(
            definition=self.workflow.ticket_definitions.get(), data={"what": "Tea"}, user=self.uma
        )

    def test_the_page_of_a_workflow(self) -> None:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{self.workflow.pk}/change/")
        self.print(page)
        expect(page.get_by_role("heading", name="A long delivery", exact=True)).to_be_visible()
        self.assert_only_what_is_read(page)
        self.assertGreater(page.locator(".flow-row").count(), TASKS / 2)
        self.assertEqual(page.evaluate(CUT_OFF), [])
        for row in page.locator(".flow-row").all():
            expect(row).to_be_visible()
        expect(page.locator(".flow-graph > .flow")).to_be_hidden()
        self.back_on_screen(page)

    def test_a_ticket_and_a_task(self) -> None:
        for person, address in (
            (self.uma, f"/app/tickets/myticket/{self.ticket.pk}/change/"),
            (self.terry, f"/app/tickets/ticket/{self.ticket.pk}/change/"),
            (self.wendy, "/app/tickets/mytask/"),
        ):
            with self.subTest(address):
                page = self.open_window(person)
                page.goto(address)
                if person == self.wendy:
                    page.get_by_role("link", name="Step 1").click()
                self.print(page)
                expect(page.locator("#content").get_by_text("Tea", exact=True)).to_be_visible()
                self.assert_only_what_is_read(page)
                self.back_on_screen(page)

    def test_a_list(self) -> None:
        page = self.open_window(self.terry)
        page.goto("/app/tickets/ticket/")
        self.print(page)
        expect(page.locator("#result_list").get_by_text("Delivery").first).to_be_visible()
        expect(page.get_by_text("Filters", exact=True).first).to_be_hidden()
        expect(page.locator("#toolbar")).to_be_hidden()
        self.assert_only_what_is_read(page)

    def print(self, page: Page) -> None:
        """Somebody who reads in the dark prints: page.pdf() says beforeprint, too."""
        page.evaluate("localStorage.setItem('adminTheme', JSON.stringify('dark'))")
        page.reload()
        expect(page.locator("html")).to_contain_class("dark")
        page.emulate_media(media="print")
        page.set_viewport_size({"width": self.PAPER, "height": 1000})
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    def assert_only_what_is_read(self, page: Page) -> None:
        for covered in (
            "#nav-sidebar",
            "#main button",
            ".page-buttons",
            ".tk-actions",
            ".repairs-card",
        ):
            for each in page.locator(covered).all():
                expect(each).to_be_hidden()
        colours = page.evaluate(
            "['html', 'body', '#main'].map(each => "
            "getComputedStyle(document.querySelector(each)).backgroundColor)"
        )
        self.assertEqual(set(colours), {"rgb(255, 255, 255)"})
        expect(page.locator("html")).not_to_contain_class("dark")
        for picture in page.locator(".flow:visible").all():
            box = picture.bounding_box()
            assert box is not None
            self.assertGreaterEqual(box["x"], 0)
            self.assertLessEqual(box["x"] + box["width"], self.PAPER)
        self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), self.PAPER)

    def back_on_screen(self, page: Page) -> None:
        page.emulate_media(media="screen")
        page.set_viewport_size(WIDE)
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        expect(page.locator("html")).to_contain_class("dark")
        expect(page.locator(".flow-row")).to_have_count(0)
        expect(page.locator(".flow-graph > .flow").first).to_be_visible()
        self.check(page)

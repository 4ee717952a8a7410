"""Numbers in the editor: as people write them, and asked for where two may be meant."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from project.tests.browser import PHONE, BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.editing.save_draft import save_draft
from workflows.engine.values.number_text import NumberTextError, parse_number, write_number
from workflows.models import WorkflowDefinition

AMOUNT = {"name": "amount", "label": "Amount", "type": "number", "required": True}
TEXTS = [
    *(
        "12",
        "-12",
        "0",
        "007",
        "+5",
        "-0",
        "1.5",
        "1,5",
        "1.50",
        "1.000",
        "1.1250",
        "1.125",
        "0.125",
    ),
    *("1234.567", "12345.678", "999.999", "-1.500", "1e5", "1e+21", "1e-7", "1e21", ".5", "5."),
    *("9007199254740993", "123456789012345678901", "0x10", "Infinity", "NaN", "1 000", "\u22125"),
]
NUMBERS = [
    0,
    1,
    -7,
    1.5,
    1.125,
    -12.345,
    999.999,
    1234.567,
    0.125,
    0.1 + 0.2,
    1e-7,
    1e21,
    2**53 - 1,
]


class NumberTests(BrowserTestCase):
    def draft(self) -> WorkflowDefinition:
        draft = create_workflow(title="Buying", user=self.carla)
        document: dict[str, Any] = export_bundle(workflow=draft)
        document["workflow"]["fields"] = [{**AMOUNT, "default": 1.125}]
        return save_draft(
            workflow=draft,
            document=document,
            user=self.carla,
            expected_updated_at=draft.updated_at,
        )

    def edit(self, draft: WorkflowDefinition) -> Page:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        return page

    def question(self, page: Page) -> Locator:
        page.get_by_role("tab", name="Ticket form").click()
        return self.open_first(page)

    def open_first(self, page: Page) -> Locator:
        """The first entry of the list that is shown, opened."""
        entry = page.locator("#ed-panel .ed-item").first
        if "ed-open" not in (entry.get_attribute("class") or ""):
            entry.locator(".ed-item-toggle").first.click()
        return entry

    def save(self, page: Page) -> None:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def spec_of(self, draft: WorkflowDefinition) -> dict[str, Any]:
        draft.refresh_from_db()
        spec: dict[str, Any] = draft.fields[0]
        return spec

    def test_a_number_that_may_be_two_is_asked_for_and_not_saved(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        question = self.question(page)
        smallest = question.get_by_label("Smallest number")
        largest = question.get_by_label("Largest number")
        expect(question.get_by_label("Answer that is there beforehand")).to_have_value("1.1250")
        smallest.fill("0,5")
        largest.fill("1.000")
        sentence = "“1.000” could mean two numbers. Write 1000 or 1.0."
        expect(question).to_contain_text(sentence)
        expect(largest).to_have_attribute("aria-invalid", "true")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-notice")).to_contain_text(f"Nothing was saved. {sentence}")
        expect(largest).to_be_focused()
        self.assertNotIn("max", self.spec_of(draft))
        # It is kept while another tab is looked at, and while the page is loaded again.
        page.get_by_role("tab", name="Transitions").click()
        expect(self.question(page).get_by_label("Largest number")).to_have_value("1.000")
        self.assertEqual(page.evaluate(FINDINGS), [])
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark")
        self.check(page)
        page.reload()
        largest = self.question(page).get_by_label("Largest number")
        expect(largest).to_have_value("1.000")
        largest.fill("1 000")
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        self.save(page)
        spec = self.spec_of(draft)
        self.assertEqual((spec["min"], spec["max"], spec["default"]), (0.5, 1000, 1.125))

    def test_conditions(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        page.get_by_role("tab", name="Transitions").click()
        transition = page.locator(".ed-transition").first
        transition.get_by_role("button", name="Only if…").click()
        transition.get_by_label("What is looked at").select_option(label="Amount")
        transition.get_by_label("How it is compared").select_option(label="is more than")
        value = transition.get_by_label("What it is compared with")
        value.fill("2.500")
        expect(transition.locator(".ed-test")).to_contain_text("Write 2500 or 2.5.")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-notice")).to_contain_text("“2.500” could mean two numbers.")
        value.fill("2.500,75")
        expect(transition.locator(".ed-sentence")).to_have_text("If Amount is more than 2500.75")
        self.save(page)
        condition = draft.transitions.get(from_task=None).condition
        self.assertEqual(condition, {">": [{"var": "ticket.amount"}, 2500.75]})

    def test_answers_that_are_already_set(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        page.get_by_role("tab", name="Ticket types").click()
        amount = page.locator(".ed-part[data-name=presets]").get_by_label("Amount")
        self.open_first(page)
        amount.fill("12.345")
        part = page.locator(".ed-part[data-name=presets]")
        expect(part).to_contain_text("Write 12345 or 12.3450.")
        amount.fill("1\u00a0234,5")
        expect(part.locator(".ed-errors").first).to_be_hidden()
        self.save(page)
        self.assertEqual(draft.ticket_definitions.get().presets, {"amount": 1234.5})
        page.reload()
        page.get_by_role("tab", name="Ticket types").click()
        self.open_first(page)
        expect(amount).to_have_value("1234.5")

    def test_what_is_taken_at_once_is_what_the_server_reads(self) -> None:
        page = self.edit(self.draft())
        read = page.evaluate(_READ, {"texts": TEXTS, "numbers": NUMBERS})
        for text, (number, whole) in zip(TEXTS, read["read"], strict=True):
            with self.subTest(text):
                for found, is_whole in ((number, False), (whole, True)):
                    if found is not None:
                        self.assertEqual(found, parse_number(text, whole=is_whole))
        at_once = [text for text, (number, _) in zip(TEXTS, read["read"], strict=True) if number]
        self.assertIn("1.1250", at_once)
        for number, shown in zip(NUMBERS, read["shown"], strict=True):
            self.assertEqual(parse_number(shown), number)
            try:
                parse_number(str(number))
            except NumberTextError:
                self.assertEqual(shown, write_number(number))


_READ = """async ({ texts, numbers }) => {
  const main = document.querySelector("script[type=module][src*='editing/main']").src;
  const { readNumber, showNumber } = await import(main.replace("/main.js", "/numbers.js"));
  const value = (text, isWhole) => readNumber(text, isWhole).value ?? null;
  return {
    read: texts.map((text) => [value(text, false), value(text, true)]),
    shown: numbers.map(showNumber),
  };
}"""

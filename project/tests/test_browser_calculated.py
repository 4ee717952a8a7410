"""What is calculated follows what is typed; the editor writes formulas and checks."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from project.tests.browser import BrowserTestCase
from tickets.models import Ticket
from tickets.submitting.tests.test_calculated_answers import FIELDS, SAID
from tickets.tests.screens import make_type
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.editing.create_workflow import create_workflow


class CalculatedTests(BrowserTestCase):
    def test_it_follows_what_is_typed(self) -> None:
        definition = make_type("purchase_lines", fields=FIELDS)
        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/add/?definition={definition.pk}")
        self.fill_row(page, 0, "10", "99.99")
        total = page.locator('output[name="answers-total"]')
        expect(total).to_have_text("999.9")
        page.get_by_role("button", name="Add a row").click()
        expect(page.locator('output[name="answers-lines-1-sum"]')).to_have_text("–")  # noqa: RUF001
        self.fill_row(page, 1, "1", "100.1")
        expect(page.locator('output[name="answers-lines-1-sum"]')).to_have_text("100.1")
        expect(page.locator('[data-field="why"] [data-required-when]')).to_be_visible()
        page.get_by_label("Quotes").fill("2")
        page.get_by_label("Why?").fill("Toner")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator('[data-field="quotes"] .tk-errors')).to_have_text(SAID)
        page.get_by_label("Quotes").fill("3")
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url("**/change/**")
        self.assertEqual(Ticket.objects.get().data["total"], 1100)

    def fill_row(self, page: Page, number: int, quantity: str, price: str) -> None:
        page.locator(f'[name="answers-lines-{number}-quantity"]').fill(quantity)
        page.locator(f'[name="answers-lines-{number}-price"]').fill(price)

    def test_the_editor_writes_them(self) -> None:
        draft = create_workflow(title="Loan", user=self.carla)
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/#form")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
        first = self.add_question(page, "Amount", "number")
        first.get_by_role("button", name="Add a check").click()
        first.get_by_label("What to do where it is not").fill("Ask for less.")
        first.get_by_role("button", name="Say what must be true…").click()
        first.get_by_role("button", name="Write as text").click()
        first.get_by_label("The condition as text").fill("amount <= 1000")
        second = self.add_question(page, "Twice", "number")
        second.get_by_label("The answer is calculated, and nobody types it").check()
        second.get_by_label("The formula").fill("amount (or 0) * 2")
        self.save(page)
        draft.refresh_from_db()
        document: Any = export_bundle(workflow=draft)
        fields = {each["name"]: each for each in document["workflow"]["fields"]}
        rule = {"<=": [{"var": "amount"}, 1000]}
        self.assertEqual(
            fields["amount"]["checks"], [{"condition": rule, "message": "Ask for less."}]
        )
        self.assertEqual(fields["twice"]["computed"], {"*": [{"var": ["amount", 0]}, 2]})

    def add_question(self, page: Page, label: str, kind: str) -> Locator:
        page.get_by_role("button", name="Add a question").first.click()
        question = page.locator(".ed-item.ed-open").last
        question.get_by_label("Question", exact=True).fill(label)
        question.get_by_label("Type of the answer").select_option(kind)
        return page.locator(".ed-item.ed-open").last

    def save(self, page: Page) -> None:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")

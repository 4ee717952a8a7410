"""Test cases in the editor: written, run while somebody types, and saved."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from project.tests.browser import BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from tickets.testing import import_fixture
from workflows.authoring.editing.create_workflow import edit_workflow
from workflows.models import WorkflowDefinition


class TestCaseTests(BrowserTestCase):
    def draft(self) -> WorkflowDefinition:
        return edit_workflow(workflow=import_fixture("invoice", by=self.carla), user=self.carla)

    def edit(self, draft: WorkflowDefinition, at: str = "tests") -> Page:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/#{at}")
        expect(page.locator("#ed-problem-count")).not_to_have_text("Checking…")
        return page

    def save(self, page: Page) -> None:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#ed-state")).to_have_text("Saved")

    def case(self, page: Page, name: str) -> Locator:
        return page.locator("#ed-panel > .ed-stack > .ed-list > .ed-item").filter(has_text=name)

    def chips(self, page: Page) -> Locator:
        return page.locator("#ed-panel > .ed-stack > .ed-list > .ed-item > .ed-item-head .ed-chip")

    def test_a_case_is_written_without_json(self) -> None:
        draft = self.draft()
        page = self.edit(draft)
        expect(self.chips(page)).to_have_text(["passes"] * 4)
        page.get_by_role("button", name="Add a test case").click()
        case = page.locator(".ed-item.ed-open").first
        expect(case.get_by_label("Name", exact=True)).to_be_focused()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type("A dear invoice")
        expect(case.get_by_label("Amount in EUR")).to_have_accessible_description(
            re.compile("an answer is required")
        )
        case.get_by_label("Creditor").fill("Lathes Ltd")
        case.get_by_label("Amount in EUR").fill("5000")
        case.get_by_label("Invoice number").fill("I-9")
        case.get_by_label("Travel Expenses").check()
        case.get_by_label("Invoice document").fill("scan.pdf")
        case.get_by_role("button", name="Answer “Approve the invoice”").click()
        first = case.get_by_role("region", name="1. Approve the invoice")
        first.get_by_label("Yes").check()
        case.get_by_role("button", name="Answer “Prepare the bank transfer”").click()
        second = case.get_by_role("region", name="2. Prepare the bank transfer")
        second.get_by_label("Transfer reference").fill("TR-1")
        case.get_by_role("button", name="Answer “Archive the invoice”").click()
        third = case.get_by_role("region", name="3. Archive the invoice")
        third.get_by_label("What else it says, as JSON").fill('{"archived": true}')
        expect(case).to_contain_text(
            "It went: Approve the invoice → Prepare the bank transfer → "
            "Archive the invoice; the end “invoice processed”"
        )
        expect(page.locator("#ed-problem-count")).to_have_text("1 problem to fix")
        self.assertEqual(page.evaluate(FINDINGS), [])
        case.get_by_role("button", name="Expect this result").click()
        expect(page.locator("#ed-problem-count")).to_have_text("No problems")
        expect(self.chips(page)).to_have_text(["passes"] * 5)
        self.assertEqual(page.evaluate(FINDINGS), [])
        self.check(page)
        self.save(page)
        draft.refresh_from_db()
        made: dict[str, Any] = draft.test_cases[-1]
        self.assertEqual(made["name"], "A dear invoice")
        self.assertEqual(made["ticket"]["amount"], 5000)
        self.assertEqual(made["ticket"]["invoice_document"]["filename"], "scan.pdf")
        self.assertEqual(
            made["answers"],
            [
                {"task": "approve_invoice", "output": {"approved": True}},
                {"task": "prepare_bank_transfer", "output": {"transfer_reference": "TR-1"}},
                {"task": "archive_invoice", "output": {"archived": True}},
            ],
        )
        self.assertEqual(
            made["expect"],
            {
                "path": ["approve_invoice", "prepare_bank_transfer", "archive_invoice"],
                "end": "invoice processed",
                "outcome": "good",
            },
        )
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/tests/")
        expect(page.get_by_role("status")).to_contain_text("All 5 test cases pass.")
        self.check(page)

    def test_a_case_is_changed_and_deleted(self) -> None:
        draft = self.draft()
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/tests/")
        page.get_by_role("link", name="Edit", exact=True).nth(2).click()
        case = self.case(page, "Neither approved nor clarified")
        case.get_by_label("Name", exact=True).fill("Not clarified")
        case = self.case(page, "Not clarified")
        # The expected path and end by hand: wrong, and right again.
        case.get_by_label("Step 2", exact=True).select_option(label="Archive the invoice")
        expect(case.get_by_role("status")).to_contain_text(
            "goes to “Clarify the invoice”, not to “Archive the invoice”"
        )
        expect(self.chips(page).nth(2)).to_have_text("does not pass")
        problem = page.locator("#ed-problem-list").get_by_role("button")
        expect(problem).to_contain_text("Not clarified")
        page.get_by_role("tab", name="Transitions").click()
        problem.click()
        expect(page.get_by_role("tab", name="Test cases")).to_have_attribute(
            "aria-selected", "true"
        )
        case.get_by_label("Step 2", exact=True).select_option(label="Clarify the invoice")
        expect(case.get_by_role("status")).to_have_text(re.compile("It passes."))
        case.get_by_label("At which end").select_option(label="invoice processed")
        expect(case.get_by_role("status")).to_contain_text("it ends as “invoice not processed”")
        case.get_by_label("At which end").select_option(label="any end")
        case.get_by_label("With which outcome").select_option(value="good")
        expect(case.get_by_role("status")).to_contain_text("the outcome is bad, not good")
        case.get_by_role("button", name="Remove step 2").click()
        expect(case.get_by_role("status")).to_contain_text("goes to “Clarify the invoice”")
        case.get_by_role("button", name="Expect this result").click()
        # An answer that is taken away: the ticket waits.
        case.get_by_role("button", name="Remove “2. Clarify the invoice”").click()
        expect(case.get_by_role("status")).to_contain_text("There is no answer for")
        case.get_by_label("How it ends").select_option(label="it waits at the last task")
        expect(case.get_by_role("status")).to_have_text(re.compile("It passes."))
        page.get_by_role("button", name="Remove “Approved, paid and archived”").click()
        expect(self.chips(page)).to_have_text(["passes"] * 3)
        self.check(page)
        self.save(page)
        draft.refresh_from_db()
        names = [each["name"] for each in draft.test_cases]
        self.assertEqual(
            names,
            [
                "Clarified and then approved",
                "Not clarified",
                "The accounting system does not take it",
            ],
        )
        self.assertEqual(
            draft.test_cases[1]["expect"],
            {"path": ["approve_invoice", "invoice_clarification"], "status": "WAITING"},
        )

    def test_a_change_elsewhere_that_breaks_a_case_is_told_at_once(self) -> None:
        draft = self.draft()
        page = self.edit(draft, "transitions")
        card = page.locator(".ed-card").filter(has_text="After “Clarify the invoice”")
        target = card.get_by_label("To", exact=True).first
        target.select_option(label="Prepare the bank transfer")
        problems = page.locator("#ed-problem-list")
        expect(problems).to_contain_text(
            "the ticket goes to “Prepare the bank transfer”, not to “Approve the invoice”"
        )
        expect(page.locator("#ed-problem-count")).to_have_text("1 problem to fix")
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("alert")).to_contain_text("cannot be published")
        self.assertTrue(WorkflowDefinition.objects.get(pk=draft.pk).is_draft)
        self.check(page)

    def test_a_call_that_fails(self) -> None:
        draft = self.draft()
        page = self.edit(draft, "at=tests%5B3%5D")
        case = self.case(page, "The accounting system does not take it")
        call = case.get_by_role("region", name="3. Archive the invoice")
        expect(call.get_by_label("Why it fails")).to_have_value(
            "The accounting system cannot be reached."
        )
        call.get_by_label("What comes of it").select_option(label="it answers")
        expect(case.get_by_role("status").last).to_contain_text("reaches the end")
        call.get_by_label("What comes of it").select_option(label="the call fails for good")
        expect(case.get_by_role("status").last).to_contain_text("It passes.")
        self.check(page)

    def test_questions_that_are_not_asked_are_not_shown(self) -> None:
        published = import_fixture("it_help", by=self.carla)
        page = self.edit(edit_workflow(workflow=published, user=self.carla))
        page.get_by_role("button", name="Add a test case").click()
        case = page.locator(".ed-item.ed-open").first
        program = case.get_by_label("Which program?")
        expect(program).to_be_hidden()
        case.get_by_label("A program").check()
        expect(program).to_be_visible()
        program.fill("Mail")
        case.get_by_role("radio").first.check()
        # What was answered is still there, with what is wrong about it.
        expect(program).to_have_value("Mail")
        expect(program).to_have_attribute("aria-invalid", "true")
        program.fill("")
        page.keyboard.press("Tab")
        expect(program).to_be_hidden()
        self.check(page)

"""A question for a person, by clicking: made in the editor, answered with a search."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from project.tests.browser import BrowserTestCase
from project.tests.test_accessibility import FINDINGS
from tenants.models import User
from tenants.testing import email_of
from tickets.models import Ticket
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import CompanyRole, TicketDefinition, WorkflowDefinition


class PersonTests(BrowserTestCase):
    def test_it_is_asked_for_and_answered(self) -> None:
        CompanyRole.objects.create(name="Approvers").members.add(self.walt, self.wendy)
        draft = create_workflow(title="Buying", user=self.carla)
        self.ask_for_a_person(draft)
        draft.refresh_from_db()
        self.assertEqual(draft.fields[1]["role"], CompanyRole.objects.get().pk)
        publish_workflow(workflow=draft, user=self.carla)

        User.objects.bulk_create(
            User(email=f"p{number}@acme.example", first_name=f"P{number}", company=self.acme)
            for number in range(60)
        )
        definition = TicketDefinition.objects.get(is_active=True)
        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/add/?definition={definition.pk}")
        self.assertEqual(page.evaluate(FINDINGS), [])
        page.get_by_label("What is it about?").fill("A desk")
        approver = page.get_by_label("Who approves?")
        expect(approver.locator("option")).to_have_count(3)
        approver.select_option(label=f"Walt Wood ({email_of('walt')})")
        other = page.get_by_label("Anybody else?")
        other.press_sequentially("wal")
        expect(page.locator("datalist option")).to_have_attribute("value", email_of("walt"))
        self.check(page)
        other.fill("Walt Woof")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Nobody who can be chosen here")
        expect(page.get_by_label("Anybody else?")).to_have_value("Walt Woof")
        page.get_by_label("Anybody else?").fill("Wendy Wells")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("body")).to_contain_text("Your ticket was submitted")
        expect(page.locator("body")).to_contain_text("Wendy Wells")
        self.check(page)
        ticket = Ticket.objects.get()
        self.assertEqual(ticket.data["who_approves"]["email"], email_of("walt"))

    def ask_for_a_person(self, draft: WorkflowDefinition) -> None:
        page = self.open_window(self.carla)
        page.goto(f"/app/workflows/workflowdefinition/{draft.pk}/edit/")
        page.get_by_role("tab", name="Ticket form").click()
        self.add_question(page, "Who approves?", role="Approvers")
        self.add_question(page, "Anybody else?")
        page.get_by_text("Preview of the form").click()
        expect(page.locator(".ed-preview-form")).to_contain_text("Walt Wood")
        self.check(page)
        page.get_by_role("tab", name="Transitions").click()
        start = page.locator(".ed-card").filter(has_text="From the start")
        start.get_by_role("button", name="Add a transition").click()
        transition = start.locator(".ed-transition").first
        transition.get_by_label("To", exact=True).select_option(label="End")
        transition.get_by_label("What is looked at").select_option(
            label="Who approves?: e-mail address"
        )
        transition.get_by_label("How it is compared").select_option(label="is")
        transition.get_by_label("What it is compared with").fill(email_of("wendy"))
        sentence = f"If Who approves?: e-mail address is “{email_of('wendy')}”"
        expect(transition.locator(".ed-sentence")).to_contain_text(sentence.split(" is ")[0])
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        self.check(page)

    def add_question(self, page: Page, label: str, role: str = "") -> None:
        page.get_by_role("button", name="Add a question").click()
        question = page.locator(".ed-item.ed-open").last
        question.get_by_label("Question", exact=True).fill(label)
        question.get_by_label("Type of the answer").select_option(label="Person")
        if role:
            question.get_by_label("Of the company role").select_option(label=role)
            question.get_by_label("An answer is required").check()
        question.locator(".ed-item-toggle").first.click()

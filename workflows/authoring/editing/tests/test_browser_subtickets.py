"""A step that starts a ticket of another type, made in the editor by clicking."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import expect

from project.tests.browser import BrowserTestCase
from tickets.testing import import_fixture
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.models import TaskDefinition


class SubticketTests(BrowserTestCase):
    def test_a_sub_ticket_from_nothing(self) -> None:
        import_fixture("vacation", self.carla)
        workflow = create_workflow(title="Onboarding", user=self.carla)
        page = self.open_window(self.carla)
        page.goto(reverse("admin:workflows_workflowdefinition_edit", args=(workflow.pk,)))
        page.get_by_role("tab", name="Tasks").click()
        page.get_by_role("button", name="Add a task", exact=True).click()
        task = page.locator(".ed-item.ed-open").first
        task.get_by_label("Title").first.fill("Ask for leave")
        task.get_by_label("How it is done").select_option(
            label="A ticket of another type, which is started and waited for"
        )
        step = page.locator("#task-ask_for_leave")
        step.get_by_label("Ticket type that is started").select_option(index=1)
        expect(step).to_contain_text("Its form asks for")
        step.get_by_label("The ticket waits here until the other one has ended").uncheck()
        # What its form needs and is not given is told.
        expect(page.locator("#ed-problem-list")).to_contain_text("needs an answer to")
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        kept = TaskDefinition.objects.get(workflow=workflow, key="ask_for_leave")
        self.assertTrue(kept.ticket_type)
        self.assertIs(kept.wait_for_end, False)

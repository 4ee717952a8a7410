"""An approval in the browser: made in the editor, voted on, and read on the ticket."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import Page, expect

from project.tests.browser import BrowserTestCase
from tenants.models import User
from tenants.roles import SystemRole
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.editing.create_workflow import create_workflow
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import CompanyRole, TaskInstance, TicketDefinition


class ApprovalTests(BrowserTestCase):
    def vote_page(self, person: User) -> Page:
        task = TaskInstance.objects.get(
            workflow_instance__ticket=self.ticket, assigned_to=person, status="OPEN"
        )
        page = self.open_window(person)
        page.goto(f"/app/tickets/mytask/{task.pk}/change/")
        return page

    def test_two_of_three(self) -> None:
        self.give_role(self.terry, SystemRole.TASK_WORKER)
        managers = CompanyRole.objects.create(name="Managers")
        managers.members.set([self.terry, self.walt, self.wendy])
        workflow = create_workflow(title="Purchase", user=self.carla)
        page = self.open_window(self.carla)
        page.goto(reverse("admin:workflows_workflowdefinition_edit", args=(workflow.pk,)))
        page.get_by_role("tab", name="Tasks").click()
        task = page.locator("#task-handle")
        task.locator(".ed-item-head button").first.click()
        task.get_by_label("How it is done").select_option(
            label="One or several people approve or refuse"
        )
        task.get_by_label("Which company role").select_option(label="Managers")
        task.get_by_label("How many must approve").select_option(label="2 of them")
        expect(page.locator("#ed-picture")).to_contain_text("2 must approve")
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        publish_workflow(workflow=workflow, user=self.carla)
        definition = TicketDefinition.objects.get(workflow=workflow)
        self.ticket: Ticket = submit_ticket(
            definition=definition, data={"request": "A desk"}, user=self.uma
        )

        page = self.vote_page(self.terry)
        page.get_by_role("radio", name="Refuse").check()
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_label("Why do you refuse?")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Why do you refuse?").fill("Too dear.")
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_role("radio", name="Refuse")).to_have_count(0)
        page = self.vote_page(self.wendy)
        page.get_by_role("radio", name="Approve").check()
        page.get_by_label("Comment").fill("We need it.")
        self.check(page)
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_role("radio", name="Refuse")).to_have_count(0)

        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/{self.ticket.pk}/change/")
        lines = page.locator(".branch-line")
        expect(lines).to_have_count(3)
        expect(lines.nth(0)).to_contain_text("Refused")
        expect(lines.nth(2)).to_contain_text("Approved")
        self.check(page)
        page = self.vote_page(self.walt)
        page.get_by_role("radio", name="Approve").check()
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_role("radio", name="Refuse")).to_have_count(0)
        page = self.open_window(self.uma)
        page.goto(f"/app/tickets/myticket/{self.ticket.pk}/change/")
        expect(page.get_by_text("Too dear.")).to_be_visible()
        self.check(page)
        self.ticket.refresh_from_db()
        self.assertEqual(self.ticket.status, "COMPLETED")

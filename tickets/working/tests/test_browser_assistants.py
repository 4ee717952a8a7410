"""A task for an assistant in the browser: made in the editor, offered, suggested, and sent."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from project.tests.browser import BrowserTestCase
from tenants.mcp.tests.assistant import Assistant
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.answer_offer import answer_offer
from tickets.working.tests.assisted_case import BOT, invoices
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition
from workflows.people.service_accounts import add_account


class AssistantTests(BrowserTestCase):
    def test_from_the_editor_to_the_answer(self) -> None:
        account = add_account(
            name=BOT, roles=[], company_roles=[], by=self.alice, now=timezone.now()
        )
        Assistant(account)
        document = invoices(None, assign_to={"who": "person", "email": self.wendy.email})
        workflow = import_bundle(document=document, user=self.carla)
        page = self.open_window(self.carla)
        page.goto(reverse("admin:workflows_workflowdefinition_edit", args=(workflow.pk,)))
        page.get_by_role("tab", name="Tasks").click()
        task = page.locator("#task-read")
        task.locator(".ed-item-head button").first.click()
        task.get_by_label("Offered first to the assistant").select_option(label=BOT)
        task.get_by_label("For how many minutes").fill("30")
        expect(page.locator("#ed-picture")).to_contain_text("first the assistant Invoice bot")
        self.check(page)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#ed-state")).to_have_text("Saved")
        kept = WorkflowDefinition.objects.get(pk=workflow.pk).tasks.get(key="read")
        self.assertEqual(kept.assistant, {"account": BOT, "minutes": 30})
        publish_workflow(workflow=kept.workflow, user=self.carla)

        definition = TicketDefinition.objects.get(key="invoice", is_active=True)
        ticket = submit_ticket(definition=definition, data={"note": "March"}, user=self.uma)
        row = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        page = self.open_window(self.wendy)
        page.goto("/app/tickets/mytask/")
        expect(page.get_by_text("An assistant is at it, until")).to_be_visible()
        self.check(page)
        address = f"/app/tickets/mytask/{row.pk}/change/"
        page.goto(address)
        expect(page.get_by_role("button", name="Take it from the assistant")).to_be_visible()
        self.check(page)
        answer_offer(task=row, account=account, output={"total": 4711}, now=timezone.now())
        page.goto(address)
        expect(page.get_by_text("Suggested by the assistant Invoice bot.")).to_be_visible()
        expect(page.get_by_label("Total")).to_have_value("4711")
        self.check(page)
        page.get_by_label("Total").fill("4712")
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_text("is done. Thank you.")).to_be_visible()
        row.refresh_from_db()
        self.assertEqual(row.output_data, {"total": 4712})
